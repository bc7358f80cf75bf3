"""`simrack unpark`: tell a running gateway that a person has seen to a parked channel."""

from __future__ import annotations

from urllib.parse import quote

import click

from gateway.cli.api import Api, access


@click.command(short_help="Try a parked channel again now.")
@click.argument("channel")
@access
def unpark(channel: str, url: str, key_file: str | None) -> None:
    """Try the parked CHANNEL again now: a person has seen to its modem. Needs a key with the scope admin.

    A parked channel also comes back when it is plugged in again.
    """
    Api(url, key_file).post(f"/v1/channels/{quote(channel, safe='')}/unpark", {})
    click.echo(f"{channel} is tried again; simrack channels shows how it does", err=True)
