"""`simrack check`: is a configuration file sound? Starts nothing, opens no port and writes nothing."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import options
from gateway.cli.exits import NO

if TYPE_CHECKING:
    from gateway.settings import PoolSettings, Settings


@click.command(short_help="Check a configuration file.")
@click.argument("file", envvar="SIMRACK_CONFIG", default="/etc/simrack/simrack.toml")
def check(file: str) -> int:
    """Check a configuration FILE: names the key, the fault and the remedy of everything that is wrong, one a line.

    What may only follow from another fault is left out until that one is mended.
    Without FILE it is the one that SIMRACK_CONFIG names, else /etc/simrack/simrack.toml.
    Looks at the place of the database of a sound file too, as the user who calls it: call it as the user that runs simrack.
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
        f"{file} is sound: {_hardware(settings)}, {options.counted(len(settings.pools), 'pool')}, "
        f"listens on {settings.http.listen}, keeps its data in {settings.store.path}"
    )
    for box in settings.dinstars:
        click.echo(f"box {box.name} ({box.url}): {', '.join(box.channels)}")
    for pool in settings.pools:
        click.echo(f"pool {pool.name} ({pool.strategy}): {_tiers(settings, pool)}")
    return 0


def _hardware(settings: Settings) -> str:
    modems = options.counted(len(settings.modems), "modem")
    boxes = len(settings.dinstars)
    return f"{modems}, {boxes} Dinstar box{'' if boxes == 1 else 'es'}" if boxes else modems


def _tiers(settings: Settings, pool: PoolSettings) -> str:
    """The channels a pool comes down to; where their order counts, those of one entry behind those of another."""
    from gateway.settings.dial import tiers

    found = tiers(pool.channels, settings.channel_names, {one.name: one.channels for one in settings.pools})
    return ("; then " if "failover" in pool.strategy else ", ").join(", ".join(tier) for tier in found if tier)


def _notes(settings: Settings, file: str) -> list[str]:
    """What does not stop the start, but a technician should know."""
    from gateway.settings import secret_files

    notes = [
        f"warning: {where}: {secret} can be read by every user of this machine; try: chmod o-rwx {secret}"
        for where, secret in secret_files(file)
        if secret.stat().st_mode & stat.S_IROTH
    ]
    notes += [
        f"warning: dinstar[{n}].auth: basic over http sends the password readable; try: https, or auth = \"digest\""
        for n, box in enumerate(settings.dinstars, 1)
        if box.auth == "basic" and box.url.startswith("http://")
    ]
    notes += [
        f"note: modem[{n}].port: {modem.port} is not there now; it is used as soon as it is plugged in"
        for n, modem in enumerate(settings.modems, 1)
        if modem.port.startswith("/") and not Path(modem.port).exists()
    ]
    pool = settings.doors.dinstar_pool
    if pool and pool not in {one.name for one in settings.pools}:
        notes.append(f"note: doors.dinstar_pool: {pool!r} is no pool of this file; is it one of `simrack pools`?")
    if not settings.channel_names:
        notes.append("note: no [[modem]] and no [[dinstar]] is configured: texts are accepted and wait")
    return notes + _idle_entries(settings)


def _idle_entries(settings: Settings) -> list[str]:
    from gateway.settings.dial import tiers

    entries = {pool.name: pool.channels for pool in settings.pools}
    return [
        f"note: pool[{n}].channels: {entry!r} adds nothing, the entries before it name its channels"
        for n, pool in enumerate(settings.pools, 1)
        for entry, tier in zip(pool.channels, tiers(pool.channels, settings.channel_names, entries), strict=True)
        if not tier
    ]
