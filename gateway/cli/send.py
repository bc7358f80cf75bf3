"""`simrack send`: hand one text to a running gateway."""

from __future__ import annotations

import json
from typing import Any

import click

from gateway.cli import options
from gateway.cli.api import Api, access
from gateway.cli.exits import NO


@click.command(short_help="Send a text through a running gateway.")
@click.argument("to")
@click.argument("text")
@click.option("--from", "from_", metavar="NUMBER", help="Send from this own number.")
@click.option("--channel", metavar="NAME", help="Send over this channel only; a dial string, as box1.0-3, names several.")
@click.option("--pool", metavar="NAME", help="Send over a channel of this pool; of these, over --channel if it is given too.")
@click.option("--campaign", metavar="NAME", help="What the text belongs to; routes may ask for it.")
@click.option("--extension", metavar="EXTENSION", help="Who sends, at the PBX; a key may have rules for its extensions.")
@click.option("--flash", is_flag=True, help="Show it at once, do not store it.")
@click.option(
    "--preview",
    is_flag=True,
    help="Send nothing; count the characters and parts, and say whether it would be accepted. Exit code 1 if not.",
)
@options.as_json
@access
def send(to: str, text: str, preview: bool, as_json: bool, url: str, key_file: str | None, **wishes: object) -> int:
    """Send TEXT to the number TO and print the id of the message. A TEXT of - is read from standard input,
    without the line end behind it.

    Done means accepted and on disk; `simrack messages show ID` tells what became of it.
    """
    api, content = Api(url, key_file), dict[str, object](to=to, text=options.text_of(text))
    names = {"from_": "from"}
    content.update({names.get(name, name): value for name, value in wishes.items() if value})
    if preview:
        shown = api.post("/v1/messages/preview", content)
        click.echo(json.dumps(shown) if as_json else _foreseen(shown))
        return 0 if shown["fits"] else NO
    message = api.post("/v1/messages", content)
    for warning in message.get("warnings", []):
        click.echo(f"warning: the text {warning}", err=True)
    click.echo(json.dumps(message) if as_json else message["id"])
    return 0


def _foreseen(shown: dict[str, Any]) -> str:
    parts = options.counted(shown["parts"], "part")
    count = f"{shown['characters']} of {shown['longest']} characters"
    lines = [f"{count}, {shown['encoding']}, {parts}, {shown['remaining']} left in it"]
    lines += [f"the text {warning}" for warning in shown["warnings"]]
    lines += [f"the sender would be {shown['sender']['name']!r} where names are allowed"] if "sender" in shown else []
    return "\n".join([*lines, f"refused: {shown['refusal']['detail']}" if shown["refusal"] else _way(shown)])


def _way(shown: dict[str, Any]) -> str:
    by = f"over the channel {shown['channel']}" if shown["channel"] else "over any channel that may"
    pool = f", of the pool {shown['pool']}" if shown["pool"] else ""
    route = f" as the route {shown['route']} says" if shown["route"] else ""
    return f"it would go to {shown['to']}, {by}{pool}{route}"
