"""Commands that every list of ordered rules of a running gateway has: move, remove, reset. Knows no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import click

from gateway.cli import options
from gateway.cli.api import Api, access

Command = TypeVar("Command", bound=Callable[..., Any])


def given(wishes: dict[str, Any]) -> dict[str, object]:
    """As the API spells it, and only what was given."""
    wishes = {field.rstrip("_"): list(value) if isinstance(value, tuple) else value for field, value in wishes.items()}
    return {field: value for field, value in wishes.items() if value is not None and value != []}


def path_of(place: str, name: str) -> str:
    return f"/v1/{place}/{quote(name, safe='')}"


def state(shown: dict[str, Any]) -> str:
    return "on" if shown["enabled"] else "off"


def add_common(group: click.Group, place: str, noun: str, after_reset: str) -> None:
    """`place` is where the API has them; `after_reset` says what holds when none is left."""

    @group.command(
        "move",
        short_help=f"Move a {noun} to another position.",
        help=f"Move the {noun} NAME to POSITION, counted from 1; the others keep their order.",
    )
    @click.argument("name")
    @click.argument("position", type=click.IntRange(1))
    @access
    def move(name: str, position: int, url: str, key_file: str | None) -> None:
        moved = Api(url, key_file).post(f"{path_of(place, name)}/move", {"position": position})
        click.echo(f"{name} is {noun} {moved['position']}", err=True)

    @group.command("remove", help=f"Remove the {noun} NAME.")
    @click.argument("name")
    @access
    def remove(name: str, url: str, key_file: str | None) -> None:
        Api(url, key_file).delete(path_of(place, name))
        click.echo(f"{name} is removed", err=True)

    @group.command("reset", short_help=f"Remove every {noun}.", help=f"Remove every {noun}: {after_reset}")
    @click.confirmation_option(prompt=f"Remove every {noun}?", help="Do not ask.")
    @access
    def reset(url: str, key_file: str | None) -> None:
        removed = Api(url, key_file).post(f"/v1/{place}/reset", {})["removed"]
        click.echo(f"{options.counted(removed, noun)} removed", err=True)
