"""Which channel goes next. Pure: names in, an order out."""

from __future__ import annotations

from collections.abc import Sequence


def in_turn(channels: Sequence[str], last: str | None) -> list[str]:
    """`channels` in their own order, beginning behind the one that was served last: 0-1-2-3-0."""
    if last is None or last not in channels:
        return list(channels)
    start = channels.index(last) + 1
    return [*channels[start:], *channels[:start]]
