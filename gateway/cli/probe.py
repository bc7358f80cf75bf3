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
    from gateway.modem import finder

    found = [asdict(one) for one in asyncio.run(finder.find(ports))]
    if as_json:
        click.echo(json.dumps(found))
    elif found:
        head = tuple(found[0])
        options.print_table(head, [tuple("" if one[name] is None else str(one[name]) for name in head) for one in found])
    else:
        click.echo("no serial port was found; plug a modem in, or name the port", err=True)
    return 0 if any(one["family"] for one in found) else NO
