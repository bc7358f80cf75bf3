"""How far back reports are asked for, by the clock of the box, and which ones were heard before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from gateway.dinstar.timing import Timing
from gateway.dinstar.wire import TIME, DeliverStatus, moment

# The Date header may be UTC while the box writes its local time.
_ZONES = timedelta(hours=26)


class Window:
    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._newest: datetime | None = None  # of the reports that were seen
        self._clock: datetime | None = None  # of the box, as its newest answer showed it
        self._heard: set[DeliverStatus] = set()

    def clock_shows(self, date: datetime | None) -> None:
        self._clock = date or self._clock
        if date is not None and self._newest is not None and self._newest - date > _ZONES:
            self._newest = None  # the clock was set back

    @property
    def after(self) -> str:
        """Empty: everything."""
        if self._newest is not None:
            return (self._newest - timedelta(seconds=self._timing.overlap)).strftime(TIME)
        if self._clock is not None:
            return (self._clock - timedelta(seconds=self._timing.first_window)).strftime(TIME)
        return ""

    def fresh(self, rows: Sequence[DeliverStatus]) -> list[DeliverStatus]:
        return [row for row in rows if row not in self._heard]

    def heard(self, ours: Iterable[DeliverStatus], rows: Sequence[DeliverStatus]) -> None:
        """`rows` were read, and `ours` of them were understood; others may be understood next time."""
        times = [time for time in (moment(row.time) for row in rows) if time is not None]
        self._newest = max([*times, *([self._newest] if self._newest else [])], default=None)
        after = self.after
        self._heard = {row for row in self._heard | set(ours) if row.time >= after}
