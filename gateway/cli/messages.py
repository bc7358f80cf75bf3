"""`simrack messages`: find texts, see what became of one, call one back, and settle one whose outcome nobody knows."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import click

from gateway.cli import options
from gateway.cli.api import Api, access

STATUSES = (
    *("queued", "sending", "sent", "delivered", "undelivered", "unknown"),
    *("failed", "expired", "cancelled", "blocked", "received"),
)
_SHOWN = ("channel", "created_at", "send_at", "expires_at", "sent_at", "delivered_at", "client_ref")
_TO_SETTLE = "simrack messages settle ID resend|failed"


@click.group(invoke_without_command=True, short_help="Find texts, see what became of one, cancel it, settle what is held.")
@click.option("--status", type=click.Choice(STATUSES), metavar="STATUS", help=f"Only these: {', '.join(STATUSES)}.")
@click.option("--direction", type=click.Choice(["in", "out"]), help="Only texts that came in, or that go out.")
@click.option("--to", metavar="NUMBER", help="Only texts to this number.")
@click.option("--from", "from_", metavar="SENDER", help="Only texts of this sender.")
@click.option("--channel", metavar="NAME", help="Only texts over this channel.")
@click.option("--most", type=click.IntRange(1, 100), default=20, show_default=True, metavar="N", help="So many, newest first.")
@options.as_json
@access
@click.pass_context
def messages(ctx: click.Context, most: int, as_json: bool, url: str, key_file: str | None, **wishes: str | None) -> None:
    """List the last texts, newest first. The commands below show one, cancel one, or settle one.

    A text that is unknown may have gone or not: with on_unknown = hold it waits for a report or a person, else it is sent again.
    """
    if ctx.invoked_subcommand is not None:
        return
    asked = {name.rstrip("_"): value for name, value in wishes.items() if value}
    page = Api(url, key_file).get(f"/v1/messages?{urlencode({**asked, 'limit': most})}")
    found = page["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    head = ("id", "accepted", "status", "from", "to", "channel", "text")
    rows = [(one["id"], one["created_at"], _status(one), one["from"], one["to"], one["channel"] or "") for one in found]
    options.print_table(head, [(*row, options.short(one["text"])) for row, one in zip(rows, found, strict=True)])
    if any(_is_held(one) for one in found):
        click.echo(f"what is held waits for a report or for you: {_TO_SETTLE}", err=True)
    if page["has_more"]:
        click.echo(f"there are more than these {len(found)}; --most or the other options choose", err=True)


@messages.command(short_help="Show what became of a text.")
@click.argument("message_id", metavar="ID")
@options.as_json
@access
def show(message_id: str, as_json: bool, url: str, key_file: str | None) -> None:
    """Show what became of the text ID: its state, and every attempt to send it."""
    found = Api(url, key_file).get(f"/v1/messages/{quote(message_id, safe='')}")
    if as_json:
        click.echo(json.dumps(found))
        return
    shown = {"text": options.short(found["text"], 200), "from": found["from"], "to": found["to"]}
    click.echo(f"{found['id']} is {_status(found)}")
    for name, value in (*shown.items(), *((name, found.get(name)) for name in _SHOWN)):
        if value:
            click.echo(f"  {name}: {value}")
    if error := found["error"]:
        click.echo(f"  {error['code']}: {error['reason']}{'; ' + error['advice'] if error['advice'] else ''}")
    if found["attempts"]:
        head = ("attempted_at", "part", "channel", "sim", "outcome", "why this channel", "reason of a refusal")
        options.print_table(head, [_attempt(one) for one in found["attempts"]])
    if _is_held(found):
        click.echo(f"it waits for a report or for you: {_TO_SETTLE.replace('ID', found['id'])}", err=True)


@messages.command(short_help="Cancel a text that has not left.")
@click.argument("message_id", metavar="ID")
@access
def cancel(message_id: str, url: str, key_file: str | None) -> None:
    """Cancel the text ID, which has not left. Exit code 1 if it has, or is leaving.

    Needs a key with the scope send; for the texts of other keys, with admin.
    """
    cancelled = Api(url, key_file).delete(f"/v1/messages/{quote(message_id, safe='')}")
    click.echo(f"{message_id} is {cancelled['status']}", err=True)


@messages.command(short_help="Decide about a text whose outcome is unknown.")
@click.argument("message_id", metavar="ID")
@click.argument("decision", type=click.Choice(["resend", "failed"]))
@access
def settle(message_id: str, decision: str, url: str, key_file: str | None) -> None:
    """Decide about the text ID whose outcome is unknown: send it again, or call it failed. Ask the recipient first.

    `simrack messages --status unknown` lists such texts. Needs a key with the scope send; of the texts of other keys, with admin.
    """
    settled = Api(url, key_file).post(f"/v1/messages/{quote(message_id, safe='')}/settle", {"decision": decision})
    click.echo(f"{message_id} is {settled['status']}", err=True)


def _is_held(shown: dict[str, Any]) -> bool:
    return shown["status"] == "unknown" and shown.get("on_unknown") == "hold"


def _status(shown: dict[str, Any]) -> str:
    return f"{shown['status']}, held" if _is_held(shown) else str(shown["status"])


def _attempt(one: dict[str, Any]) -> tuple[str, ...]:
    reason = " ".join(word for word in (one["code"], one["reason"]) if word)
    return one["started_at"], str(one["part"]), one["channel"], one["sim"], one["outcome"], one["why"], reason
