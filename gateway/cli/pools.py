"""`simrack pools`: the pools of a running gateway as they are now; they are changed, made and reset."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import options
from gateway.cli.api import Api, access
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
