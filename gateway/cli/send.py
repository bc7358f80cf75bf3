"""`simrack send`: hand one text to a running gateway."""

from __future__ import annotations

import json
from typing import Any

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
@click.option("--preview", is_flag=True, help="Send nothing; count the characters and parts, and say whether the key may send it.")
@options.as_json
@access
def send(to: str, text: str, preview: bool, as_json: bool, url: str, key_file: str | None, **wishes: object) -> None:
    """Send TEXT to the number TO and print the id of the message. A TEXT of - is read from standard input,
    without the line end behind it.

    Done means accepted and on disk; `simrack messages show ID` tells what became of it.
    """
    api, content = Api(url, key_file), dict[str, object](to=to, text=options.text_of(text))
    if preview:
        sender = {"from": wishes["from_"]} if wishes["from_"] else {}
        shown = api.post("/v1/messages/preview", {"text": content["text"], **sender})
        click.echo(json.dumps(shown) if as_json else _counted(shown))
        return
    names = {"from_": "from"}
    content.update({names.get(name, name): value for name, value in wishes.items() if value})
    message = api.post("/v1/messages", content)
    for warning in message.get("warnings", []):
        click.echo(f"warning: the text {warning}", err=True)
    click.echo(json.dumps(message) if as_json else message["id"])


def _counted(shown: dict[str, Any]) -> str:
    parts = options.counted(shown["parts"], "part")
    count = f"{shown['characters']} of {shown['longest']} characters"
    lines = [f"{count}, {shown['encoding']}, {parts}, {shown['remaining']} left in it"]
    lines += [f"the text {warning}" for warning in shown["warnings"]]
    lines += [f"the sender would be {shown['sender']['name']!r} where names are allowed"] if "sender" in shown else []
    return "\n".join(lines if shown["fits"] else [*lines, "the key may not send it"])
