"""`simrack check`: is a configuration file sound? Starts nothing, opens no port and writes nothing."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import options
from gateway.cli.exits import NO

if TYPE_CHECKING:
    from gateway.settings import Settings


@click.command(short_help="Check a configuration file.")
@click.argument("file", default="/etc/simrack/simrack.toml")
def check(file: str) -> int:
    """Check a configuration FILE: names the key, the fault and the remedy of everything that is wrong, one a line.

    Looks at the place of the database too, as the user who calls it: call it as the user that runs simrack.
    Exit code 0 if the gateway would start with it, 1 if not.
    """
    from gateway.errors import BadSetting
    from gateway.settings import examine
    from gateway.store.look import look

    settings, faults = examine(file)
    if settings is not None:
        try:
            look(Path(settings.store.path))
        except BadSetting as unfit:
            faults.append(unfit)
    for fault in faults:
        click.echo(f"simrack: {options.located(file, fault)}", err=True)
    if settings is None or faults:
        return NO
    for note in _notes(settings, file):
        click.echo(note, err=True)
    click.echo(
        f"{file} is sound: {options.counted(len(settings.modems), 'modem')}, {options.counted(len(settings.pools), 'pool')}, "
        f"listens on {settings.http.listen}, keeps its data in {settings.store.path}"
    )
    return 0


def _notes(settings: Settings, file: str) -> list[str]:
    """What does not stop the start, but a technician should know."""
    from gateway.settings import secret_files

    notes = [
        f"warning: {where}: {secret} can be read by every user of this machine; try: chmod o-rwx {secret}"
        for where, secret in secret_files(file)
        if secret.stat().st_mode & stat.S_IROTH
    ]
    notes += [
        f"note: modem[{n}].port: {modem.port} is not there now; it is used as soon as it is plugged in"
        for n, modem in enumerate(settings.modems, 1)
        if modem.port.startswith("/") and not Path(modem.port).exists()
    ]
    if not settings.modems:
        notes.append("note: no [[modem]] is configured: texts are accepted and wait")
    return notes
