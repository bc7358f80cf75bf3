"""What is wrong with pools: entries that name no channel, circles, weights of strangers, channels without a price."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gateway.errors import BadSetting, BadValue
from gateway.settings.dial import expand
from gateway.settings.hardware import PoolSettings
from gateway.settings.spelling import nearest
from gateway.settings.strategy import words
from gateway.settings.whole import Settings


def wrong_pools(settings: Settings) -> Iterator[BadSetting]:
    entries = {pool.name: pool.channels for pool in settings.pools}
    for n, pool in enumerate(settings.pools, 1):
        if re.fullmatch(r"[0-9]+(-[0-9]+)?", pool.name):
            yield BadSetting(f"pool[{n}].name", f"{pool.name!r} could be positions of channels", "let it hold a letter")
        channels: list[str] = []
        faults = list(_wrong_entries(f"pool[{n}].channels", pool, settings, entries, channels))
        yield from faults
        if not faults:
            yield from _wrong_weights(f"pool[{n}].weights", pool, channels)
            yield from _unpriced(f"pool[{n}].strategy", pool, settings, channels)


def _wrong_entries(
    where: str, pool: PoolSettings, settings: Settings, entries: Mapping[str, tuple[str, ...]], channels: list[str]
) -> Iterator[BadSetting]:
    """Puts what the entries name into `channels`."""
    for place, entry in enumerate(pool.channels):
        if entry in pool.channels[:place]:
            yield BadSetting(where, f"{entry!r} is used twice", "name each channel once")
            continue
        try:
            channels += expand(entry, settings.channel_names, entries)
        except BadValue as fault:
            named = "" if repr(entry) in fault.reason else f"in {entry!r}: "
            yield BadSetting(where, f"{named}{fault.reason}", fault.remedy)


def _wrong_weights(where: str, pool: PoolSettings, channels: list[str]) -> Iterator[BadSetting]:
    for channel in pool.weights:
        if channel not in channels:
            yield BadSetting(f"{where}.{channel}", f"{channel!r} is not a channel of this pool", nearest(channel, channels))


def _unpriced(where: str, pool: PoolSettings, settings: Settings, channels: list[str]) -> Iterator[BadSetting]:
    if "cheapest" not in words(pool.strategy):
        return
    for channel in dict.fromkeys(channels):
        if settings.tariff_of(channel) is None:
            reason = f"'cheapest' needs prices, and {channel!r} has no tariff"
            yield BadSetting(where, reason, "give it a tariff, or take another strategy")
