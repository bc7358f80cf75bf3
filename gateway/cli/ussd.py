"""`simrack ussd`: dial a service code over a channel of a running gateway."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from gateway.cli import options
from gateway.cli.api import Api, access


@click.command(short_help="Dial a service code, such as *100#.")
@click.argument("channel")
@click.argument("code")
@options.as_json
@access
def ussd(channel: str, code: str, as_json: bool, url: str, key_file: str | None) -> None:
    """Dial CODE over CHANNEL and print the network's answer. Put CODE in quotes: the shell has its own use for * and #.

    When the network waits for an answer, as a menu does, dial that answer as the next CODE. Needs a key with the scope admin.
    """
    reply = Api(url, key_file).post(f"/v1/channels/{quote(channel, safe='')}/ussd", {"code": code})
    if as_json:
        click.echo(json.dumps(reply))
        return
    click.echo(reply["text"])
    if reply["open"]:
        click.echo("The network waits for an answer.", err=True)
