"""`simrack channels`: how the channels of a running gateway do, and whether they may take texts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import limit_words, options
from gateway.cli.api import Api, access
from gateway.cli.exits import NO

_names = click.argument("names", metavar="[CHANNEL]...", nargs=-1)
_every = click.option("--all", "every", is_flag=True, help="All channels at once: one pause over all of them.")
_reason = click.option("--reason", default="", metavar="TEXT", help="Why, for whoever looks later.")


@click.group(invoke_without_command=True)
@options.as_json
@access
@click.pass_context
def channels(ctx: click.Context, as_json: bool, url: str, key_file: str | None) -> None:
    """List the channels: how each does, and whether it may take texts. The commands below change that.

    The score is 0 to 100, for people: what takes points away is told with --json. Sent and left are of today (UTC).
    """
    if ctx.invoked_subcommand is not None:
        return
    found = Api(url, key_file).get("/v1/channels")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    head = ("channel", "state", "traffic", "until", "score", "sent", "left", "number", "pools", "reason")
    options.print_table(head, [_row(one) for one in found])


@channels.command()
@_names
@_every
@_reason
@access
def pause(names: tuple[str, ...], every: bool, reason: str, url: str, key_file: str | None) -> None:
    """Let channels take nothing more; what is on the air may end. It holds until they are resumed, over restarts too."""
    _ask("pause", names, every, reason, Api(url, key_file))


@channels.command()
@_names
@_every
@_reason
@access
def drain(names: tuple[str, ...], every: bool, reason: str, url: str, key_file: str | None) -> None:
    """Let channels send what is bound to them, and pause then. With --all they go on taking what is bound to them."""
    _ask("drain", names, every, reason, Api(url, key_file))


@channels.command()
@_names
@_every
@_reason
@access
def resume(names: tuple[str, ...], every: bool, reason: str, url: str, key_file: str | None) -> None:
    """Let channels take texts again: ends a pause, a rest and a block.

    With --all only the pause or drain of all ends; a channel that is paused for itself stays so.
    """
    _ask("resume", names, every, reason, Api(url, key_file))


@channels.command(short_help="Say whether a channel may send, and why not.")
@click.argument("name", metavar="CHANNEL")
@click.option("--to", metavar="NUMBER", help="To this recipient; somebody new without it.")
@click.option("--parts", type=click.IntRange(1, 255), help="A text of so many parts.")
@options.as_json
@access
def explain(name: str, as_json: bool, url: str, key_file: str | None, **wishes: Any) -> int:
    """Say whether CHANNEL may send a text of a pool now, which limits of its SIM say no until when, and what lowers its score.

    Exit code 1 if it may not.
    """
    found = Api(url, key_file).get(f"/v1/channels/{quote(name, safe='')}/explain?{options.query(wishes)}")
    if as_json:
        click.echo(json.dumps(found))
        return 0 if found["may_send"] else NO
    until = f" until {limit_words.moment(found['until'])}" if found["until"] else ""
    click.echo(f"{name} is {found['standing']}{until}: {found['reason']}")
    limit_words.print_refusals(found["refusals"])
    health = found["health"]
    click.echo("; ".join([f"its score is {health['score']}", *health["reasons"]]))
    click.echo(f"it belongs to {', '.join(found['pools']) or 'no pool'}")
    return 0 if found["may_send"] else NO


def _ask(wish: str, names: tuple[str, ...], every: bool, reason: str, api: Api) -> None:
    if bool(names) == every:
        raise click.UsageError("name the channels, or give --all alone.")
    content = {"reason": reason} if reason else {}
    if every:
        shown = api.post(f"/v1/traffic/{wish}", content)["data"]
    else:
        shown = [api.post(f"/v1/channels/{quote(name, safe='')}/{wish}", content) for name in names]
    for one in shown:
        why = one["traffic"]["reason"]
        click.echo(f"{one['name']} is {one['traffic']['state']}{f': {why}' if why else ''}")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    traffic, health = one["traffic"], one["health"]
    return (
        one["name"],
        one["state"],
        traffic["state"],
        traffic["until"] or "",
        str(health["score"]),
        str(health["sent"]),
        "" if one["left_today"] is None else str(one["left_today"]),
        one["number"],
        ",".join(one["pools"]),
        traffic["reason"] or one["reason"],
    )
