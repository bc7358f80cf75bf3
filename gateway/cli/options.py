"""Options that several commands share, and what they open. Knows no command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
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
    from gateway.settings import load

    return load(config)


@contextmanager
def store_of(config: str) -> Iterator[Store]:
    """The database, whether a gateway serves it just now or not."""
    from gateway.clock import SystemClock
    from gateway.store import Store

    store = Store.open(settings_of(config).store, SystemClock(), serving=False)
    try:
        yield store
    finally:
        store.close()


def split_commas(_ctx: click.Context, _parameter: click.Parameter, values: Any) -> tuple[str, ...]:
    """Options that may be repeated, or hold several words between commas."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def balance(shown: dict[str, Any]) -> str:
    """The balance of a channel or a SIM, as the API shows it."""
    read = shown["balance"]
    if read is None or read["amount"] is None:
        return "" if read is None else "unreadable"
    return f"{read['amount']:.2f}{' LOW' if read['low'] else ''}"


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
