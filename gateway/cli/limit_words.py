"""How the command line says limits, moments and forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import click


def limit(shown: dict[str, Any]) -> str:
    """What a limit allows, without whom."""
    counted = shown["counted"]
    zone = f" ({shown['zone']})" if shown["zone"] else ""
    if counted == "gap":
        low, high = shown["gap_s"]
        return f"gap {low:g} s" if low == high else f"gap {low:g}-{high:g} s"
    if counted == "hours":
        return f"hours {shown['hours']}{zone}"
    if counted == "warmup":
        return f"warm-up {shown['first']} texts, x{shown['factor']:g} a day for {shown['days']} days{zone}"
    if counted == "share":
        return f"share {shown['factor']:g}"
    begins = f" from day {shown['reset_day']}" if (shown["reset_day"] or 1) != 1 else ""
    per = "an hour" if shown["per"] == "hour" else f"a {shown['per']}"
    return f"{shown['most']} {counted} {per}{begins}{'' if shown['per'] == 'minute' else zone}"


def moment(written: str | None, now: datetime | None = None) -> str:
    """By the clock of this machine: the hour, with the day if it is another, with the date if it is beyond a week."""
    if written is None:
        return ""
    local = datetime.fromisoformat(written).astimezone()
    now = datetime.now().astimezone() if now is None else now
    hour = f"{local:%H:%M}"
    if local.date() == now.date():
        return hour
    return f"{local:%A} {hour}" if timedelta(0) < local - now < timedelta(days=6) else f"{local:%A %Y-%m-%d} {hour}"


def print_refusals(shown: Sequence[Mapping[str, Any]]) -> None:
    """The limits that say no."""
    for one in shown:
        until = f"until {moment(one['until'])}" if one["until"] else "for ever"
        click.echo(f"  {one['channel'] or one['subject']}: limit {one['limit']['id']} says no {until}: {one['reason']}")


def forecast(found: dict[str, Any], now: datetime | None = None) -> str:
    """As a sentence."""
    sims = [one for one in found["channels"] if one["texts"]]
    texts = "1 text" if found["count"] == 1 else f"{found['count']:,} texts"
    over = f"on {len(sims)} SIM{'' if len(sims) == 1 else 's'}"
    behind = f", behind {found['waiting']:,} that wait already" if found["waiting"] else ""
    if found["until"] is None:
        done = sum(one["texts"] for one in found["channels"])
        return f"{texts} will never all leave, or take longer than 400 days: {done:,} by then {over}{behind}"
    return f"{texts} will take until {moment(found['until'], now)} {over}{behind}"
