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

    Says what each port belongs to and who else holds it, and prints what to write into the configuration.
    Exit code 1 if none holds a modem.
    """
    from gateway.modem import finder, holders, ttys

    found = asyncio.run(finder.probe(ports or None))
    use = [port for port in found if port.use]
    blocks = {port.device: finder.block(port, f"p{number}") for number, port in enumerate(use)}
    if as_json:
        click.echo(json.dumps([{**asdict(one), "config": blocks.get(one.device, "")} for one in found]))
        return 0 if use else NO
    if found:
        head = ("port", "found", "modem", "family", "imei", "usb", "chip", "driver", "place", "role", "stable name", "note")
        options.print_table(
            head,
            [
                (one.device, one.found, f"{one.manufacturer} {one.model}".strip(), one.family, one.imei, one.usb, one.chip,
                 one.driver, one.location, one.role or "", one.stable, one.note)
                for one in found
            ],
        )  # fmt: skip
    else:
        click.echo("no serial port was found; plug a modem in, or name the port", err=True)
    for words in () if ports else ttys.without_ttys():
        click.echo(words, err=True)
    for intruder in holders.running():
        click.echo(f"{intruder} is running and may take these ports: {holders.remedy(intruder)}", err=True)
    if blocks:
        click.echo("\n" + "\n".join(blocks.values()), nl=False)
    return 0 if use else NO
