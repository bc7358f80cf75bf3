"""`simrack sims`: the SIM cards a running gateway has seen, and where each is."""

from __future__ import annotations

import json

import click

from gateway.cli import options
from gateway.cli.api import Api, access


@click.command()
@options.as_json
@access
def sims(as_json: bool, url: str, key_file: str | None) -> None:
    """List the SIM cards that were ever seen. An empty channel means that another SIM is there now."""
    found = Api(url, key_file).get("/v1/sims")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    head = ("sim", "channel", "number", "imei", "balance", "first seen", "last seen")
    rows = [
        (one["id"], one["channel"], one["number"], one["imei"], options.balance(one), one["first_seen"], one["last_seen"])
        for one in found
    ]
    options.print_table(head, rows)
