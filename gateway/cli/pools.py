"""`simrack pools`: the pools of a running gateway as they are now; they are changed, made and reset."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import limit_words, options
from gateway.cli.api import Api, access
from gateway.cli.exits import NO
from gateway.patterns import SYNTAX


def _weights(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for value in values:
        name, _, weight = value.rpartition("=")
        try:
            found[name] = float(weight)
        except ValueError:
            name = ""
        if not name:
            raise click.BadParameter(f"{value!r} is no weight; write it as p0=3.")
    return found


@click.group(invoke_without_command=True)
@options.as_json
@access
@click.pass_context
def pools(ctx: click.Context, as_json: bool, url: str, key_file: str | None) -> None:
    """List the pools, with the channels of each and how they stand. The commands below change them."""
    if ctx.invoked_subcommand is not None:
        return
    found = Api(url, key_file).get("/v1/pools")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    head = ("pool", "strategy", "entries", "channels", "accept", "origin")
    options.print_table(head, [_row(one) for one in found])


@pools.command("set", short_help="Change a pool, or make one.")
@click.argument("name")
@click.option("--channel", "channels", multiple=True, metavar="ENTRY", help="A channel, p0-3, or pool:NAME; once for each tier.")
@click.option("--strategy", metavar="WORDS", help="sticky, then cheapest or failover, then rotate, least-used or weighted.")
@click.option("--weight", "weights", multiple=True, callback=_weights, metavar="CHANNEL=N", help="For weighted.")
@click.option("--accept", metavar="PATTERN", help=f"A regular expression for the recipients it takes; '' takes all. {SYNTAX}.")
@click.option("--hint", metavar="TEXT", help="Said to whom a recipient was refused.")
@access
def set_(name: str, url: str, key_file: str | None, **given: Any) -> None:
    """Change the pool NAME, or make it: what is not given stays as it is. It holds until `simrack pools reset NAME`."""
    changes = {key: list(value) if key == "channels" else value for key, value in given.items() if value not in (None, (), {})}
    options.require_some(changes)
    _say(Api(url, key_file).put(f"/v1/pools/{quote(name, safe='')}", changes))


@pools.command(short_help="Back to the configuration.")
@click.argument("name")
@access
def reset(name: str, url: str, key_file: str | None) -> None:
    """Undo what was changed of the pool NAME. One that does not stand in the configuration is removed."""
    api, path = Api(url, key_file), f"/v1/pools/{quote(name, safe='')}"
    api.delete(path)
    kept = any(pool["name"] == name for pool in api.get("/v1/pools")["data"])
    click.echo(f"{name} is as in the configuration" if kept else f"{name} is removed", err=True)


@pools.command(short_help="Say who would have the next text.")
@click.argument("name")
@click.option("--to", metavar="NUMBER", help="To this recipient; somebody new without it.")
@click.option("--parts", type=click.IntRange(1, 255), help="A text of so many parts.")
@click.option("--key", metavar="NAME", help="As if the client with this key sent it: its limits count too.")
@options.as_json
@access
def explain(name: str, as_json: bool, url: str, key_file: str | None, **wishes: Any) -> int:
    """Say which channel of the pool NAME would have the next text, and why not each other one. Exit code 1 if none may."""
    found = Api(url, key_file).get(f"/v1/pools/{quote(name, safe='')}/explain?{options.query(wishes)}")
    if as_json:
        click.echo(json.dumps(found))
        return 0 if found["next"] else NO
    if found["next"]:
        click.echo(f"{found['next']} would have the next text of {name} ({found['strategy']})")
    else:
        until = f" before {limit_words.moment(found['until'])}" if found["until"] else ""
        click.echo(f"refused: {found['refusal']}" if found["refusal"] else f"no channel of {name} would have a text{until}")
    limit_words.print_refusals(found["refusals"])
    rows = [(one["channel"], one["standing"], limit_words.moment(one["until"]), one["reason"]) for one in found["channels"]]
    options.print_table(("channel", "standing", "until", "reason"), rows)
    return 0 if found["next"] else NO


def _say(pool: dict[str, Any]) -> None:
    tiers = " | ".join(",".join(tier) for tier in pool["tiers"] if tier)
    click.echo(f"{pool['name']} is {pool['origin']}: {pool['strategy']} over {tiers}")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    members = " ".join(_member(member) for member in one["members"])
    return one["name"], one["strategy"], " ".join(one["channels"]), members, one["accept"], one["origin"]


def _member(member: dict[str, Any]) -> str:
    """A channel that serves is named alone; another one with what keeps it from it."""
    kept = member["state"] if member["state"] != "ready" else member["traffic"]["state"]
    return member["name"] if kept == "open" else f"{member['name']}({kept})"
