"""What is wrong with tables together while some of them are wrong by themselves: one look at a file tells all that is certain.

Of a wrong table its record holds what could be read. What may only follow from the rest of it is left out here: it is told, if it
is still so, once that is mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.errors import BadSetting
from gateway.settings.checks import contradictions
from gateway.settings.whole import Settings

# Judged by their own value, whatever else is wrong with their table.
_BY_ITSELF = ("name", "port", "channels", "tariff")


def wrong_besides(settings: Settings, faults: Sequence[BadSetting]) -> Iterator[BadSetting]:
    """The contradictions of a file with these faults. Every table has its name, and so every channel has."""
    told = {fault.field for fault in faults}
    wrong = {field.partition(".")[0] for field in told}
    kinds = {table.partition("[")[0] for table in wrong}
    for fault in contradictions(settings):
        table, _, key = fault.field.partition(".")
        by_itself = table not in wrong or key in _BY_ITSELF
        if fault.field not in told and by_itself and not _may_follow(table, key, kinds):
            yield fault


def _may_follow(table: str, key: str, wrong: set[str]) -> bool:
    """May this be wrong only because tables of these kinds are?"""
    if table == "smpp":
        return "http" in wrong  # where that listens
    if table.startswith("pool["):
        channels_of_others = key.startswith("weights") and "pool" in wrong
        prices = key == "strategy" and not wrong.isdisjoint(("modem", "dinstar", "tariff"))
        return channels_of_others or prices
    return False
