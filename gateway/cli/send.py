"""`simrack send`: hand one text to a running gateway."""

from __future__ import annotations

import json

import click

from gateway.cli import options
from gateway.cli.api import Api, access


@click.command(short_help="Send a text through a running gateway.")
@click.argument("to")
@click.argument("text")
@click.option("--from", "from_", metavar="NUMBER", help="Send from this own number.")
@click.option("--channel", metavar="NAME", help="Send over this channel only; a dial string, as box1.0-3, names several.")
@click.option("--pool", metavar="NAME", help="Send over a channel of this pool.")
@click.option("--campaign", metavar="NAME", help="What the text belongs to; routes may ask for it.")
@click.option("--extension", metavar="EXTENSION", help="Who sends, at the PBX; a key may have rules for its extensions.")
@click.option("--flash", is_flag=True, help="Show it at once, do not store it.")
@options.as_json
@access
def send(to: str, text: str, as_json: bool, url: str, key_file: str | None, **wishes: object) -> None:
    """Send TEXT to the number TO and print the id of the message. A TEXT of - is read from standard input,
    without the line end behind it.

    Done means accepted and on disk; `GET /v1/messages/ID` tells what became of it.
    """
    content: dict[str, object] = {"to": to, "text": options.text_of(text)}
    names = {"from_": "from"}
    content.update({names.get(name, name): value for name, value in wishes.items() if value})
    message = Api(url, key_file).post("/v1/messages", content)
    click.echo(json.dumps(message) if as_json else message["id"])
