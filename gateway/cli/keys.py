"""`simrack key`: make, list and revoke API keys and say what they may send, with the gateway running or stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

import click

from gateway.cli import options
from gateway.cli.exits import Failure

if TYPE_CHECKING:
    from gateway.core.keys import Keys
    from gateway.records import Key


def _scopes(ctx: click.Context, parameter: click.Parameter, values: Any) -> tuple[str, ...]:
    from gateway.core.keys import SCOPES

    chosen = options.split_commas(ctx, parameter, values)
    for scope in chosen:
        if scope not in SCOPES:
            raise click.BadParameter(f"{scope!r} is not a scope; choose from {', '.join(SCOPES)}.")
    return chosen


def _longest(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> int | str | None:
    if value is None or value == "default":
        return value
    if not value.isascii() or not value.isdigit() or len(value) > 6:
        raise click.BadParameter(f"{value!r} is no number of characters, nor default.")
    return int(value)


def _per_second(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> float | str | None:
    if value is None or value == "default":
        return value
    try:
        return float(value)
    except ValueError as fault:
        raise click.BadParameter(f"{value!r} is no number of texts, nor default.") from fault


def _extensions(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, list[str]] | None:
    if not values or values == ("none",):
        return {} if values else None
    found = {}
    for value in values:
        extension, equals, senders = value.partition("=")
        if not equals:
            raise click.BadParameter(f"{value!r} is not EXTENSION=NUMBER,… .")
        found[extension.strip()] = [one.strip() for one in senders.split(",") if one.strip()]
    return found


@click.group()
def key() -> None:
    """Make, list and revoke API keys, and say what they may send."""


@key.command(short_help="Make a key and print it.")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    callback=_scopes,
    metavar="send,read,admin",
    help="What the key may do; admin may do everything.",
)
@click.option(
    "--from-file",
    "file",
    type=click.File("r", encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="Take this key (at least 32 characters; - for standard input) instead of making one.",
)
@click.option("--smpp", is_flag=True, help="Give it a password for SMPP too, printed on a line of its own.")
@click.option("--dinstar", is_flag=True, help="Give it a password for the Dinstar door too, printed on a line of its own.")
@options.config
def add(name: str, scopes: tuple[str, ...], file: TextIO | None, smpp: bool, dinstar: bool, config: str) -> None:
    """Make a key called NAME and print it, alone, on standard output. It is not shown again.

    A key taken from a file is not printed. Passwords follow, that for SMPP first.
    """
    from gateway.clock import SystemClock
    from gateway.core.keys import Keys, require_smpp_name
    from gateway.errors import BadValue

    if smpp:
        require_smpp_name(name)

    given = None if file is None else file.read().strip()
    with options.store_of(config) as store:
        try:
            made, token = Keys(store, SystemClock()).add(name, scopes, given)
        except BadValue as fault:
            if file is None or fault.field != "token":
                raise
            raise Failure(f"--from-file {getattr(file, 'name', '<stdin>')}: the key {fault.reason} ({fault.remedy})") from fault
        keys = Keys(store, SystemClock())
        passwords = [give(name)[1] for give, wanted in ((keys.add_smpp, smpp), (keys.add_dinstar, dinstar)) if wanted]
    if given is None:
        click.echo(token)
    for password in passwords:
        click.echo(password)
    click.echo(f"the key {made.name!r} may {', '.join(sorted(made.scopes))}", err=True)


@key.command(short_help="Give a key a new password for SMPP.")
@click.argument("name")
@options.config
def smpp(name: str, config: str) -> None:
    """Give the key called NAME a new password for SMPP and print it. It is not shown again; the one before ends."""
    _give_password(config, lambda keys: keys.add_smpp(name), f"the key {name!r} binds with system_id {name!r} and this password")


@key.command(short_help="Give a key a new password for the Dinstar door.")
@click.argument("name")
@options.config
def dinstar(name: str, config: str) -> None:
    """Give the key called NAME a new password for the Dinstar door and print it. It is not shown again; the one before ends."""
    told = f"the key {name!r} enters the Dinstar door with user {name!r} and this password"
    _give_password(config, lambda keys: keys.add_dinstar(name), told)


def _give_password(config: str, give: Callable[[Keys], tuple[Key, str]], told: str) -> None:
    from gateway.clock import SystemClock
    from gateway.core.keys import Keys

    with options.store_of(config) as store:
        _, password = give(Keys(store, SystemClock()))
    click.echo(password)
    click.echo(told, err=True)


@key.command("list")
@options.as_json
@options.config
def list_(as_json: bool, config: str) -> None:
    """List the keys, revoked ones too."""
    from gateway.clock import isoformat
    from gateway.core.keys.rules import rules_json

    with options.store_of(config) as store:
        keys = store.keys.all()
    rows = [
        (one.name, ",".join(sorted(one.scopes)), isoformat(one.created_at), isoformat(one.revoked_at) if one.revoked_at else "")
        for one in keys
    ]
    head = ("name", "scopes", "created_at", "revoked_at")
    if as_json:
        shown = [dict(zip(head, row, strict=True)) for row in rows]
        click.echo(json.dumps([{**one, "rules": rules_json(key.rules)} for one, key in zip(shown, keys, strict=True)]))
    else:
        rules = [_in_words(rules_json(one.rules)) for one in keys]
        options.print_table((*head, "rules"), [(*row, words) for row, words in zip(rows, rules, strict=True)])


@key.command(short_help="Say what a key may send.")
@click.argument("name")
@click.option("--longest", metavar="N|default", callback=_longest, help="Characters of a text.")
@click.option("--links", type=click.Choice(["allow", "warn", "refuse", "default"]), help="What becomes of texts that hold a link.")
@click.option("--per-second", metavar="N|default", callback=_per_second, help="Texts it may give in a second; 0 is no bound.")
@click.option(
    "--from",
    "from_",
    multiple=True,
    callback=options.split_commas,
    metavar="NUMBER,…|all",
    help="Own numbers, channels, dial strings and pools it may send from.",
)
@click.option(
    "--extension",
    "extensions",
    multiple=True,
    callback=_extensions,
    metavar="101=NUMBER,…|none",
    help="What an extension may send from; nothing behind = is whatever the key may, * is any other extension and none.",
)
@options.as_json
@options.config
def rules(
    name: str, from_: tuple[str, ...], extensions: dict[str, list[str]] | None, as_json: bool, config: str, **wishes: Any
) -> None:
    """Change what the key called NAME may send, and print its rules. A running gateway keeps to them from the next text on.

    What is not given stays as it is; default is what the configuration says. The numbers, or the extensions, that
    are given are all there are from then on. Once a key has extensions, each text must name one of them.
    """
    from gateway.clock import SystemClock
    from gateway.core.keys import AT_THE_BOX, Keys
    from gateway.core.keys.rules import rules_json
    from gateway.errors import BadValue

    changes = {wish: None if value == "default" else value for wish, value in wishes.items() if value is not None}
    if from_:
        changes["from"] = [] if from_ == ("all",) else list(from_)
    if extensions is not None:
        changes["extensions"] = extensions
    with options.store_of(config) as store:
        try:
            found = (
                Keys(store, SystemClock()).change_rules(name, changes, AT_THE_BOX, options.settings_of(config))
                if changes
                else store.keys.require(name)
            )
        except BadValue as fault:
            raise Failure(f"{_typed(fault.field)}: {fault.reason}" + (f" ({fault.remedy})" if fault.remedy else "")) from fault
    shown = rules_json(found.rules)
    click.echo(json.dumps(shown) if as_json else _in_words(shown) or "as the configuration says")


def _typed(field: str) -> str:
    """The option that a field of the rules was given by."""
    name, *place = field.split("/")
    return f"--extension {place[0]}" if name == "extensions" and place else f"--{name.replace('_', '-')}"


def _in_words(rules: dict[str, Any]) -> str:
    """What differs from the configuration, on one line."""
    found = [f"{name}={rules[name]}" for name in ("longest", "links") if rules[name] is not None]
    found += [] if rules["per_second"] is None else [f"per-second={rules['per_second']:g}"]
    found += [f"from={','.join(rules['from'])}"] if rules["from"] else []
    return " ".join([*found, *(f"{extension}={','.join(senders)}" for extension, senders in rules["extensions"].items())])


@key.command()
@click.argument("name")
@options.config
def revoke(name: str, config: str) -> None:
    """Revoke the key called NAME. A running gateway refuses it from now on.

    The name stays taken: the key stands in the list, with the date, for good. Give the next key another name.
    """
    from gateway.clock import SystemClock
    from gateway.core.keys import Keys

    with options.store_of(config) as store:
        Keys(store, SystemClock()).revoke(name)
    click.echo(f"the key {name!r} is revoked", err=True)
