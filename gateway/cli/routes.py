"""`simrack routes`: which texts go to which pool, or nowhere, in order; `simrack route NUMBER` explains what a text would meet."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from gateway.cli import options, ordered
from gateway.cli.api import Api, access
from gateway.cli.exits import NO
from gateway.cli.ordered import given, path_of, state
from gateway.patterns import SYNTAX

Command = TypeVar("Command", bound=Callable[..., Any])

# The conditions of a route: its field, and how the option that makes it is described.
_CONDITIONS = {
    "country": ("CC", "Recipients of this country: two letters."),
    "operator": ("NAME", "Numbers first given out by this operator; a ported number keeps the old name."),
    "to_pattern": ("REGEX", f"A pattern for the whole recipient, as +49… or as dialled in the country. {SYNTAX}."),
    "from": ("NUMBER", "Texts that ask to leave from this number."),
    "key": ("NAME", "Texts of the client with this key."),
    "campaign": ("NAME", "Texts of this campaign."),
    "hours": ("HOURS", 'Only then: "Mon-Fri 08:00-20:00, Sat 09:00-12:00".'),
    "zone": ("ZONE", "The time zone of the hours, as Europe/Berlin; UTC without it."),
}
_REMOVABLE = ("to_prefix", *_CONDITIONS, "priority_min", "priority_max")


def _wishes(command: Command) -> Command:
    """The options that say what a route does."""
    command = click.option("--refuse", metavar="WORDS", help="Refuse such texts, whatever they name, and say this.")(command)
    command = click.option("--pool", metavar="NAME", help="Send such texts over this pool.")(command)
    for end, words in (("max", "lower"), ("min", "higher")):
        told = f"Texts of this priority or a {words} one."
        command = click.option(f"--priority-{end}", type=click.IntRange(-10, 10), metavar="N", help=told)(command)
    for field, (metavar, words) in reversed(_CONDITIONS.items()):
        option = "--" + field.replace("_", "-")
        command = click.option(option, f"{field}_" if field == "from" else field, metavar=metavar, help=words)(command)
    return click.option(
        "--to-prefix",
        multiple=True,
        callback=options.split_commas,
        metavar="PREFIX",
        help="Recipients that begin so: +49, +4917. May be repeated: one of them.",
    )(command)


@click.group(invoke_without_command=True, short_help="Which texts go to which pool: routes, in order.")
@click.pass_context
def routes(context: click.Context) -> None:
    """List, make, change, move and remove the routes of a running gateway. The first that matches a text decides.

    Without a command it lists them.
    """
    options.list_by_default(context, list_)


@routes.command("list")
@options.as_json
@access
def list_(as_json: bool, url: str, key_file: str | None) -> None:
    """List the routes in the order in which they are tried."""
    found = Api(url, key_file).get("/v1/routes")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = [(str(one["position"]), one["name"], state(one), _conditions(one), _action(one)) for one in found]
    options.print_table(("", "route", "state", "conditions", "action"), rows)


@routes.command(short_help="Make a route.")
@click.argument("name")
@click.option("--position", type=click.IntRange(1), help="Counted from 1; without it, behind the others.")
@click.option("--disabled", is_flag=True, help="Make it without using it yet.")
@_wishes
@access
def add(name: str, position: int | None, disabled: bool, url: str, key_file: str | None, **wishes: Any) -> None:
    """Make the route NAME: texts that meet all its conditions go over a pool, or are refused. Without conditions it takes
    every text that no earlier route has taken."""
    content = {"name": name, "enabled": not disabled, **given({"position": position, **wishes})}
    made = Api(url, key_file).post("/v1/routes", content)
    click.echo(f"{name} is route {made['position']}", err=True)


@routes.command(short_help="Change what a route says.")
@click.argument("name")
@click.option("--enable/--disable", "enabled", default=None, help="Use it, or pass it over.")
@click.option("--without", multiple=True, type=click.Choice([one.replace("_", "-") for one in _REMOVABLE]), help="End a condition.")
@_wishes
@access
def change(
    name: str, enabled: bool | None, without: tuple[str, ...], url: str, key_file: str | None, **wishes: Any
) -> None:
    """Change what is given of the route NAME; everything else stays."""
    changes = given({"enabled": enabled, **wishes})
    options.require_some([*changes, *without])
    api = Api(url, key_file)
    content = {field: value for field, value in api.get(path_of("routes", name)).items() if field not in ("name", "position")}
    if "pool" in changes or "refuse" in changes:
        content.update(pool=None, refuse=None)
    for field in (one.replace("-", "_") for one in without):
        content[field] = {"to_prefix": [], "zone": "UTC"}.get(field)
    api.put(path_of("routes", name), {**content, **changes})
    click.echo(f"{name} is changed", err=True)


ordered.add_common(routes, "routes", "route", "texts go over any channel again.")


@click.command(short_help="Explain where a text would go.")
@click.argument("number")
@click.option("--from", "from_", metavar="NUMBER", help="As if the text asked to leave from this number.")
@click.option("--key", metavar="NAME", help="As if the client with this key sent it; without it, the key of this call.")
@click.option("--priority", type=click.IntRange(-10, 10), help="As if it had this priority.")
@click.option("--campaign", metavar="NAME", help="As if it belonged to this campaign.")
@click.option("--at", metavar="TIME", help="As if it were to leave then: 2026-11-21T20:03:00+01:00. Now without it.")
@options.as_json
@access
def route(number: str, as_json: bool, url: str, key_file: str | None, **wishes: Any) -> int:
    """Explain where a text to NUMBER would go now: the routes in their order, and why each does not match, or does.

    Exit code 1 if the text would be refused.
    """
    found = Api(url, key_file).post("/v1/routes/explain", {"to": number, **given(wishes)})
    if as_json:
        click.echo(json.dumps(found))
    else:
        _tell(found)
    return 0 if found["refusal"] is None else NO


def _tell(found: dict[str, Any]) -> None:
    of = ", ".join(one for one in (found["country"], found["operator"]) if one)
    click.echo(f"{found['to']}{f' ({of})' if of else ''}, for the key {found['key']}, at {found['at']}")
    for look in found["looked_at"]:
        click.echo(f"  {look['position']} {look['route']}: {'matches' if look['matched'] else 'no'}, {look['why']}")
    if found["refusal"] is not None:
        click.echo(f"refused: {found['refusal']}")
        return
    by = f"by the route {found['route']}" if found["route"] else "for no route matches"
    click.echo(f"goes over {'the pool ' + found['pool'] if found['pool'] else 'any channel'}, {by}")
    if found["channels"]:
        rows = [(one["channel"], one["standing"], one["reason"]) for one in found["channels"]]
        options.print_table(("channel", "standing", "reason"), rows)


def _action(shown: dict[str, Any]) -> str:
    return f"pool {shown['pool']}" if shown["pool"] else f"refuse: {shown['refuse']}"


def _conditions(shown: dict[str, Any]) -> str:
    made = [f"to {' or '.join(shown['to_prefix'])}"] if shown["to_prefix"] else []
    made += [f"{field} {shown[field]}" for field in _CONDITIONS if field not in ("hours", "zone") and shown[field]]
    if shown["hours"]:
        made.append(f"{shown['hours']} ({shown['zone']})")
    least, most = shown["priority_min"], shown["priority_max"]
    if least is not None or most is not None:
        made.append(f"priority {-10 if least is None else least} to {10 if most is None else most}")
    return "; ".join(made) or "every text"
