"""Options that several commands share, and what they open. Knows no command."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from gateway.cli.exits import CONFIGURATION, Failure

if TYPE_CHECKING:
    from gateway.errors import BadSetting
    from gateway.settings import Settings
    from gateway.store import Store

config = click.option(
    "--config",
    "config",
    envvar="SIMRACK_CONFIG",
    default="/etc/simrack/simrack.toml",
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The configuration file.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def settings_of(config: str) -> Settings:
    """Ends the command with the first fault of the file, and how many more there are."""
    from gateway.settings import examine

    settings, faults = examine(config)
    if settings is not None:
        return settings
    more = f"; {len(faults) - 1} more: simrack check {config}" if len(faults) > 1 else ""
    raise Failure(located(config, faults[0]) + more, CONFIGURATION)


def located(config: str, fault: BadSetting) -> str:
    """The fault, with the name of the file where it does not name it itself."""
    return str(fault) if fault.field == config else f"{config}: {fault}"


@contextmanager
def naming(config: str) -> Iterator[None]:
    """A setting that turns out wrong in here is told with the name of its file."""
    from gateway.errors import BadSetting

    try:
        yield
    except BadSetting as fault:
        raise Failure(located(config, fault), CONFIGURATION) from fault


@contextmanager
def store_of(config: str) -> Iterator[Store]:
    """The database, whether a gateway serves it just now or not."""
    from gateway.clock import SystemClock
    from gateway.store import Store

    settings = settings_of(config).store
    require_access(Path(settings.path))
    with naming(config):
        store = Store.open(settings, SystemClock(), serving=False)
    try:
        yield store
    finally:
        store.close()


def require_access(database: Path) -> None:
    """Ends the command when the database belongs to another user, and says how to become that user."""
    for place in (database, database.parent):
        if os.path.exists(place) and not os.access(place, os.R_OK | os.W_OK):
            try:
                owner = place.owner()
            except KeyError:  # a user without a name
                owner = f"#{place.stat().st_uid}"
            command = click.get_current_context().command_path
            raise Failure(f"{place} belongs to the user {owner}, and you may not write to it; try: sudo -u {owner} {command} …")


def list_by_default(group: click.Context, list_: click.Command) -> None:
    """What a group does that is called without a command."""
    if group.invoked_subcommand is None:
        with list_.make_context("list", [], parent=group) as plain:
            list_.invoke(plain)


def require_some(given: Collection[object], beside: Collection[str] = ("url", "key_file")) -> None:
    """Ends a command that is to change something and was told nothing; `beside` are parameters that change nothing."""
    if not given:
        command = click.get_current_context().command
        names = [one.opts[0] for one in command.params if isinstance(one, click.Option) and one.name not in beside]
        raise click.UsageError(f"nothing is to be changed; give {', '.join(names[:-1])} or {names[-1]}.")


def query(wishes: Mapping[str, object]) -> str:
    """What was given, as the query of an address."""
    return urlencode({name: value for name, value in wishes.items() if value is not None})


def text_of(argument: str) -> str:
    """A text as it is given; - is standard input, without the line end that `echo` and editors put behind it."""
    return sys.stdin.read().removesuffix("\n") if argument == "-" else argument


def short(text: str, most: int = 60) -> str:
    """On one line, and nothing in it that a terminal would obey."""
    line = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in " ".join(text.split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def split_commas(_ctx: click.Context, _parameter: click.Parameter, values: Any) -> tuple[str, ...]:
    """Options that may be repeated, or hold several words between commas."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def balance(shown: dict[str, Any]) -> str:
    """The balance of a channel or a SIM, as the API shows it."""
    read = shown["balance"]
    if read is None or read["amount"] is None:
        return "" if read is None else "unreadable"
    return f"{read['amount']:.2f}{' LOW' if read['low'] else ''}"


def print_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
