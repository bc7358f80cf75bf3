"""`simrack check`: is a configuration file sound? Starts nothing and opens no port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import options
from gateway.cli.exits import NO, Failure

if TYPE_CHECKING:
    from gateway.settings import Settings


@click.command(short_help="Check a configuration file.")
@click.argument("file", default="/etc/simrack/simrack.toml")
def check(file: str) -> None:
    """Check a configuration FILE: names the key, the fault and the remedy.

    Exit code 0 if the gateway would start with it, 1 if not.
    """
    from gateway.errors import BadSetting

    try:
        settings = options.settings_of(file)
    except BadSetting as fault:
        raise Failure(f"{file}: {fault}", NO) from fault
    for note in _notes(settings):
        click.echo(f"note: {note}", err=True)
    click.echo(
        f"{file} is sound: {len(settings.modems)} modems, {len(settings.pools)} pools, "
        f"listens on {settings.http.listen}, keeps its data in {settings.store.path}"
    )


def _notes(settings: Settings) -> list[str]:
    """What does not stop the start, but a technician should know."""
    notes = [
        f"modem[{n}].port: {modem.port} is not there now; it is used as soon as it is plugged in"
        for n, modem in enumerate(settings.modems, 1)
        if modem.port.startswith("/") and not Path(modem.port).exists()
    ]
    if not settings.modems:
        notes.append("no [[modem]] is configured: texts are accepted and wait")
    return notes
