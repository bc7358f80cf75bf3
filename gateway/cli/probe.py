"""`simrack probe`: which ports hold which modem. Asks modems for their names; sends nothing and enters no PIN."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import click

from gateway.cli import options
from gateway.cli.exits import NO


@click.command(short_help="Which ports hold which modem.")
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@options.as_json
def probe(ports: tuple[str, ...], as_json: bool) -> int:
    """Ask each PORT, or else every serial port of this machine, which modem it holds.

    Exit code 1 if none holds a modem.
    """
    from gateway.modem.finder import Found
    from gateway.modem.finder import probe as ask

    found = asyncio.run(ask(ports or None))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
    elif found:
        head = ("port", "found", "modem", "family", "imei", "stable name", "note")
        options.print_table(
            head,
            [
                (one.device, one.found, f"{one.manufacturer} {one.model}".strip(), one.family, one.imei, one.stable, one.note)
                for one in found
            ],
        )
    else:
        click.echo("no serial port was found; plug a modem in, or name the port", err=True)
    return 0 if any(one.found is Found.MODEM for one in found) else NO
