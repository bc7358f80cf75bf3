"""`simrack status`: channels, queue and health of a running gateway in one look."""

from __future__ import annotations

import json
from typing import Any

import click

from gateway.cli import options
from gateway.cli.api import Api, access
from gateway.cli.exits import NO


@click.command()
@options.as_json
@access
def status(as_json: bool, url: str, key_file: str | None) -> int:
    """Show channels, queue and health. Exit code 1 if the gateway cannot do its work."""
    found = Api(url, key_file).get("/v1/status")
    if as_json:
        click.echo(json.dumps(found))
        return 0 if found["ready"] else NO
    click.echo("ready" if found["ready"] else "NOT ready")
    for check in found["checks"]:
        click.echo(f"  {check['name']}: {check['state']}, {check['detail']}")
    click.echo("queue: " + ", ".join(f"{count} {name}" for name, count in found["queue"].items()))
    if found["queue"].get("unknown"):
        click.echo("  what is unknown: simrack messages --status unknown")
    head = ("channel", "state", "traffic", "number", "operator", "signal", "balance", "reason")
    rows = [_row(one) for one in found["channels"]]
    if rows:
        options.print_table(head, rows)
    return 0 if found["ready"] else NO


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    traffic = one["traffic"]
    air = (one["number"], one["operator"], _dbm(one["signal_dbm"]), options.balance(one))
    return one["name"], one["state"], traffic["state"], *air, traffic["reason"] or one["reason"]


def _dbm(signal: int | None) -> str:
    return "" if signal is None else f"{signal} dBm"
