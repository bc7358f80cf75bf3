"""`simrack audit`: who changed what of a running gateway."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import click

from gateway.cli import limit_words as words
from gateway.cli import options
from gateway.cli.api import Api, access

_OF_A_LIMIT = ("counted", "per", "most", "zone", "reset_day", "gap_s", "hours", "first", "factor", "days")


@click.command(short_help="List who changed what.")
@click.argument("kind", required=False)
@click.option("--most", type=click.IntRange(1, 100), default=50, show_default=True, metavar="N", help="So many, newest first.")
@options.as_json
@access
def audit(kind: str | None, most: int, as_json: bool, url: str, key_file: str | None) -> None:
    """List who changed what, newest first; with KIND of one kind of thing alone: channel, connect, inbound, key,
    limit, message, pool, route or webhook.

    Who is the name of a key, or the command that did it on this machine.
    """
    query = urlencode({"limit": most, **({"about": kind} if kind else {})})
    found = Api(url, key_file).get(f"/v1/audit?{query}")["data"]
    if as_json:
        click.echo(json.dumps(found))
    else:
        show_audit(found)


def show_audit(entries: Sequence[dict[str, Any]]) -> None:
    rows = [(one["at"], one["who"], one["what"], one["subject"], _plain(one["before"]), _plain(one["after"])) for one in entries]
    options.print_table(("at", "who", "what", "subject", "before", "after"), rows)


def _plain(fields: dict[str, Any] | None) -> str:
    """Without what says nothing."""
    if fields is None:
        return ""
    if "counted" in fields:
        return words.limit({**dict.fromkeys(_OF_A_LIMIT), **fields})
    return ", ".join(f"{name} {_word(value)}" for name, value in fields.items() if value not in (None, "", [], {}))


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return json.dumps(value) if isinstance(value, bool | dict) else str(value)
