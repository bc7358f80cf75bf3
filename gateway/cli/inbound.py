"""`simrack inbound`: whom incoming texts are for, in order; why; what nobody was told of, and handing it on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from gateway.cli import options, ordered
from gateway.cli.api import Api, access
from gateway.cli.exits import NO, Failure
from gateway.cli.ordered import given, path_of, state
from gateway.patterns import SYNTAX

Command = TypeVar("Command", bound=Callable[..., Any])

# What a rule may hold several of: its field, its option, and how that is described.
_LISTS = {
    "to": ("--to", "NUMBER", "Texts to this own number."),
    "channels": ("--channel", "NAME", "Texts over this channel."),
    "from": ("--from", "SENDER", "Texts of this sender: a number, a prefix as +4915*, a name as 'Bank*'."),
    "keywords": ("--keyword", "WORD", "Texts whose first word this is; case does not count."),
    "webhooks": ("--webhook", "ID", "Tell this webhook and no other. May be repeated: each."),
}
_WORDS = {
    "pool": ("--pool", "NAME", "Texts over a channel of this pool."),
    "pattern": ("--pattern", "REGEX", f"Texts in which this is found; case does not count. {SYNTAX}."),
    "extension": ("--extension", "LABEL", "The person or group it is for."),
}
_CONDITIONS = ("to", "channels", "pool", "from", "keywords", "pattern")
_AT_ONCE = 1000


def _wishes(command: Command) -> Command:
    """The options that say what a rule does."""
    command = click.option(
        "--follow-days", type=click.IntRange(1, 90), help="An answer is for the extension that wrote last within so many days."
    )(command)
    for field, (option, metavar, words) in reversed(_WORDS.items()):
        command = click.option(option, field, metavar=metavar, help=words)(command)
    for field, (option, metavar, words) in reversed(_LISTS.items()):
        repeated = "" if "repeated" in words else " May be repeated: one of them."
        command = click.option(
            option, f"{field}_", multiple=True, callback=options.split_commas, metavar=metavar, help=words + repeated
        )(command)
    return command


@click.group(invoke_without_command=True, short_help="Whom incoming texts are for: rules, in order.")
@click.pass_context
def inbound(context: click.Context) -> None:
    """Say whom incoming texts are for: rules of a running gateway, of which the first that matches a text decides.

    Without a command it lists them.
    """
    options.list_by_default(context, list_)


@inbound.command("list")
@options.as_json
@access
def list_(as_json: bool, url: str, key_file: str | None) -> None:
    """List the rules in the order in which they are tried."""
    found = Api(url, key_file).get("/v1/inbound")["data"]
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = [(str(one["position"]), one["name"], state(one), _conditions(one), _result(one)) for one in found]
    options.print_table(("", "rule", "state", "conditions", "for"), rows)


@inbound.command(short_help="Make a rule.")
@click.argument("name")
@click.option("--position", type=click.IntRange(1), help="Counted from 1; without it, behind the others.")
@click.option("--disabled", is_flag=True, help="Make it without using it yet.")
@_wishes
@access
def add(name: str, position: int | None, disabled: bool, url: str, key_file: str | None, **wishes: Any) -> None:
    """Make the rule NAME: texts that meet all its conditions are told to its webhooks, or to those that subscribed if it names
    none, and carry its extension. Without conditions it takes every text that no earlier rule has taken."""
    content = {"name": name, "enabled": not disabled, **given({"position": position, **wishes})}
    made = Api(url, key_file).post("/v1/inbound", content)
    click.echo(f"{name} is rule {made['position']}", err=True)


@inbound.command(short_help="Change what a rule says.")
@click.argument("name")
@click.option("--enable/--disable", "enabled", default=None, help="Use it, or pass it over.")
@click.option(
    "--without", multiple=True, type=click.Choice([*_CONDITIONS, "webhooks", "extension", "follow-days"]), help="Take this out."
)
@_wishes
@access
def change(name: str, enabled: bool | None, without: tuple[str, ...], url: str, key_file: str | None, **wishes: Any) -> None:
    """Change what is given of the rule NAME; everything else stays."""
    changes = given({"enabled": enabled, **wishes})
    options.require_some([*changes, *without])
    api = Api(url, key_file)
    content = {field: value for field, value in api.get(path_of("inbound", name)).items() if field not in ("name", "position")}
    content.update({field.replace("-", "_"): [] if field in _LISTS else None for field in without})
    api.put(path_of("inbound", name), {**content, **changes})
    click.echo(f"{name} is changed", err=True)


ordered.add_common(inbound, "inbound", "rule", "every webhook that subscribed hears every text again.")


@inbound.command(short_help="Explain whom a text would be for.")
@click.argument("text", default="")
@click.option("--to", metavar="NUMBER", help="As if it came to this own number.")
@click.option("--channel", metavar="NAME", help="As if it came over this channel.")
@click.option("--from", "from_", metavar="SENDER", help="As if this number, or name, had sent it.")
@options.as_json
@access
def explain(text: str, as_json: bool, url: str, key_file: str | None, **wishes: Any) -> int:
    """Explain whom TEXT would be for if it came in now: the rules in their order, and why each does not match, or does.

    Exit code 1 if nobody would be told.
    """
    found = Api(url, key_file).post("/v1/inbound/explain", {"text": text, **given(wishes)})
    if as_json:
        click.echo(json.dumps(found))
    else:
        _tell(found)
    return 0 if found["claimed"] else NO


@inbound.command(short_help="List the texts that nobody was told of.")
@options.as_json
@access
def unclaimed(as_json: bool, url: str, key_file: str | None) -> None:
    """List the incoming texts that nobody was told of: no rule took them, or nobody hears what the rule named. Oldest first."""
    found = list(_unclaimed(Api(url, key_file)))[::-1]
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = [(one["id"], one["created_at"], one["to"], one["from"], options.short(one["text"])) for one in found]
    options.print_table(("id", "received", "to", "from", "text"), rows)


@inbound.command(short_help="Hand texts on again.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All texts that nobody was told of.")
@click.option("--webhook", metavar="ID", help="Tell this webhook; without it, whom the rules name as they are now.")
@access
def replay(ids: tuple[str, ...], everything: bool, webhook: str | None, url: str, key_file: str | None) -> int:
    """Hand the incoming texts ID on, once: to a webhook, or to whom the rules name as they are now.

    Exit code 1 if the rules give some of them to nobody.
    """
    if bool(ids) == everything:
        raise click.UsageError("Name the texts to hand on, or say --all.")
    api = Api(url, key_file)
    chosen = [one["id"] for one in _unclaimed(api)][::-1] if everything else list(ids)
    handed, nobody = 0, []
    for start in range(0, len(chosen), _AT_ONCE):
        found = api.post("/v1/inbound/replay", {"ids": chosen[start : start + _AT_ONCE], "webhook": webhook})
        handed, nobody = handed + found["replayed"], nobody + found["nobody"]
    click.echo(f"{options.counted(handed, 'text')} handed on", err=True)
    if nobody:
        raise Failure(f"no rule tells anybody of {options.counted(len(nobody), 'text')}: {', '.join(nobody[:5])}")
    return 0


def _unclaimed(api: Api) -> Iterator[dict[str, Any]]:
    """Newest first."""
    cursor = ""
    while True:
        page = api.get(f"/v1/messages?claimed=false&limit=100{cursor}")
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def _tell(found: dict[str, Any]) -> None:
    over = f", over {found['channel']}" if found["channel"] else ""
    click.echo(f"to {found['to'] or 'a number that is not known'}{over}, from {found['from'] or 'nobody'}")
    for look in found["looked_at"]:
        click.echo(f"  {look['position']} {look['rule']}: {'matches' if look['matched'] else 'no'}, {look['why']}")
    by = (
        f"by the rule {found['rule']}"
        if found["rule"]
        else "for no rule matches"
        if found["looked_at"]
        else "for there are no rules"
    )
    label = f"for the extension {found['extension']}, " if found["extension"] else ""
    click.echo(f"{label}told to {', '.join(found['webhooks']) or 'nobody: unclaimed'}, {by}")


def _result(shown: dict[str, Any]) -> str:
    label = [f"extension {shown['extension']}"] if shown["extension"] else []
    if shown["follow_days"]:
        label.insert(0, f"who wrote within {shown['follow_days']} d")
    return ", ".join([*label, *(shown["webhooks"] or ["those that subscribed"])])


def _conditions(shown: dict[str, Any]) -> str:
    made = []
    for field in _CONDITIONS:
        if shown[field]:
            word = {"channels": "channel", "keywords": "keyword"}.get(field, field)
            entries = shown[field] if isinstance(shown[field], list) else [shown[field]]
            made.append(f"{word} {' or '.join(entries)}")
    return "; ".join(made) or "every text"
