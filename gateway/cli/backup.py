"""`simrack backup`: a consistent copy of the database, while the gateway runs."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import click

from gateway.cli import options
from gateway.cli.exits import Failure


@click.command(short_help="Copy the database, while the gateway works.")
@click.argument("file")
@options.config
def backup(file: str, config: str) -> None:
    """Copy the database to FILE, which must not exist yet. The gateway may go on working."""
    source, target = Path(options.settings_of(config).store.path), Path(file)
    options.require_access(source)
    if not source.is_file():
        raise Failure(f"there is no database {source} yet; it is made when the gateway first runs")
    try:
        # The copy holds the secrets of webhooks: nobody else may read it, not even while it is written.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as fault:
        raise Failure(f"cannot write {target}: {fault.strerror}; choose another name or folder") from fault
    from gateway.store import database

    with ExitStack() as undo:
        undo.callback(target.unlink)
        database.backup(source, target)
        undo.pop_all()
    click.echo(f"{target}: {target.stat().st_size} octets", err=True)
