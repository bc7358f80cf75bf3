"""One webhook's line of forwards in memory: order within each conversation, pauses, and a bounded view of its rows.

Pure: the time is an argument (monotonic seconds), rows are handed in, what to do comes out. It posts and stores nothing.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.records import EventType, Forward
from gateway.store.webhooks import Target

# Rows held ready in memory for one webhook; the rest of a backlog stays in the database.
WINDOW = 600
# Rows of a backlog read at once: a few milliseconds of the loop's time.
GULP = 200
# Rows read at once for a conversation that has more than memory holds.
CHUNK = 50
# Events refused one after the other without any accepted: then it is the webhook that has a fault, not the events.
REFUSALS_IN_A_ROW = 5


@dataclass(slots=True, eq=False)
class Conversation:
    """The events of one conversation, oldest first. Only the first may be on its way."""

    name: str
    rows: deque[Forward] = field(default_factory=deque)
    upto: int = 0  # the newest row taken into memory
    asleep: bool = False  # the first row failed and waits; memory then holds only that one
    more: bool = False  # the database holds rows of it beyond `upto` that were passed over


class Line:
    def __init__(self, target: Target) -> None:
        self.target = target
        self.horizon = 0  # every row up to here was read, or passed over for a conversation with `more`
        self.more = False  # the database holds rows beyond the horizon, for which there was no room
        self.fresh = True  # it may hold rows that were not looked for yet
        self.heard = False  # it answered, whatever it said, when it was called last
        self.ending = False  # its disabling is on its way to the disk
        self.stopped = False  # nothing more is posted: the webhook said it is gone, or a person disabled it
        self.failing_since: float | None = None
        self.pauses = 0
        self._paused_until: float | None = None
        self._probe: Conversation | None = None
        self._refusals = 0
        self._on_the_way = 0
        self._held = 0  # rows of conversations that are awake
        self._conversations: dict[str, Conversation] = {}
        self._ready: deque[Conversation] = deque()
        self._hungry: list[Conversation] = []  # awake, nothing in memory, more in the database
        self._asleep: list[tuple[float, int, Conversation]] = []

    # Rows come in.

    @property
    def room(self) -> int:
        """How many rows to read now. A backlog is read in gulps, not row by row."""
        room = min(WINDOW - self._held, GULP)
        return 0 if room < GULP and self.more else max(0, room)

    @property
    def wants_rows(self) -> bool:
        return bool(self._hungry) or (self.more and self.room > 0)

    def take_in(self, rows: Sequence[Forward], sleep_until: Mapping[int, float]) -> None:
        """Rows beyond the horizon, in order. `sleep_until` names those that failed before and must wait."""
        for row in rows:
            self.horizon = row.id
            if self._paused_until is not None and _asked_for(row):
                self._paused_until = 0.0
            conversation = self._conversations.get(row.conversation)
            if conversation is None:
                self._begin(row, sleep_until.get(row.id))
            elif conversation.asleep or conversation.more:
                conversation.more = True
            else:
                self._append(conversation, row)

    def hungry(self) -> Conversation | None:
        """A conversation whose next rows must be read; answer with `feed`."""
        return self._hungry[-1] if self._hungry else None

    def feed(self, rows: Sequence[Forward]) -> None:
        """The next rows of the `hungry` conversation, at most CHUNK, up to the horizon."""
        conversation = self._hungry.pop()
        conversation.more = len(rows) == CHUNK
        for row in rows:
            self._append(conversation, row)
        if rows:
            self._ready.append(conversation)
        else:
            del self._conversations[conversation.name]

    # Rows go out.

    def take(self, now: float) -> Forward | None:
        """The next row to post, if any may be posted now. Its conversation waits until the result is told."""
        if not self.may_take(now):
            return None
        self._on_the_way += 1
        conversation = self._ready.popleft()
        if self._paused_until is not None:
            self._probe = conversation
        return conversation.rows[0]

    def done(self, row: Forward) -> None:
        """It was accepted, or it is dead: the next of its conversation may follow."""
        conversation = self._conversations[row.conversation]
        conversation.rows.popleft()
        self._held -= 1
        self._returned(conversation)
        if conversation.rows:
            self._ready.append(conversation)
        elif conversation.more:
            self._hungry.append(conversation)
        else:
            del self._conversations[conversation.name]

    def failed(self, row: Forward, until: float) -> None:
        """It will be tried again, not before `until`; what follows it in its conversation waits too."""
        conversation = self._conversations[row.conversation]
        conversation.rows[0] = replace(conversation.rows[0], tries=row.tries + 1)
        self._returned(conversation)
        self._sleep(conversation, until)

    def handed(self, row: Forward, mark: str) -> None:
        """A part of it was taken, and is not to be told again."""
        rows = self._conversations[row.conversation].rows
        rows[0] = replace(rows[0], handed=mark)

    def may_take(self, now: float) -> int:
        """How many rows `take` would give now."""
        if self.stopped or self.ending:
            return 0
        if self._paused_until is None:
            return len(self._ready)
        return int(bool(self._ready) and self._probe is None and now >= self._paused_until)

    def forget_rows(self) -> None:
        """Read everything anew. While something is on its way it must stay known, and so does the rest."""
        if self._on_the_way:
            return
        self.horizon = 0
        self.fresh = True
        self._held = 0
        self._conversations.clear()
        self._ready.clear()
        self._hungry.clear()
        self._asleep.clear()

    # The webhook's own state.

    @property
    def asleep(self) -> int:
        """How many conversations wait because their first row failed."""
        return len(self._asleep)

    @property
    def paused(self) -> bool:
        return self._paused_until is not None

    def flows(self) -> None:
        """It accepts: no pause any more."""
        self.failing_since = None
        self.pauses = 0
        self._refusals = 0
        self._paused_until = None

    def refused_again(self) -> bool:
        """An event was refused. True if so many were in a row that the webhook itself must be at fault."""
        self._refusals += 1
        return self._refusals >= REFUSALS_IN_A_ROW

    def is_probe(self, row: Forward) -> bool:
        return self._probe is not None and self._probe.name == row.conversation

    def pause(self, until: float, now: float) -> None:
        """Nothing is posted before `until`, then one row alone: the probe."""
        self._paused_until = until if self._paused_until is None else max(until, self._paused_until)
        if self.failing_since is None:
            self.failing_since = now

    def mended(self, target: Target) -> None:
        """A person changed it: whatever waited because of failures is tried now."""
        self.target = target
        self.flows()
        self._asleep = [(0.0, first, conversation) for _, first, conversation in self._asleep]
        heapq.heapify(self._asleep)

    def wake(self, now: float) -> None:
        while self._asleep and self._asleep[0][0] <= now:
            conversation = heapq.heappop(self._asleep)[2]
            conversation.asleep = False
            self._held += len(conversation.rows)
            self._ready.append(conversation)

    def next_change(self, now: float) -> float | None:
        """When, after `now`, something may be posted that may not be posted now."""
        if self.stopped:
            return None
        times = [self._asleep[0][0]] if self._asleep else []
        if self._paused_until is not None and self._ready:
            times.append(self._paused_until)
        return min((moment for moment in times if moment > now), default=None)

    def _begin(self, row: Forward, sleep_until: float | None) -> None:
        conversation = self._conversations[row.conversation] = Conversation(row.conversation)
        self._append(conversation, row)
        if sleep_until is not None:
            self._sleep(conversation, sleep_until)
        elif row.event_type is EventType.WEBHOOK_TEST:
            self._ready.appendleft(conversation)
        else:
            self._ready.append(conversation)

    def _returned(self, conversation: Conversation) -> None:
        self._on_the_way -= 1
        if self._probe is conversation:
            self._probe = None

    def _append(self, conversation: Conversation, row: Forward) -> None:
        conversation.rows.append(row)
        conversation.upto = row.id
        self._held += 1

    def _sleep(self, conversation: Conversation, until: float) -> None:
        """Only the first row stays in memory: a conversation that waits must not fill it."""
        self._held -= len(conversation.rows)
        first = conversation.rows[0]
        if len(conversation.rows) > 1:
            conversation.rows = deque([first])
            conversation.more = True
        conversation.upto = first.id
        conversation.asleep = True
        heapq.heappush(self._asleep, (until, first.id, conversation))


def _asked_for(row: Forward) -> bool:
    """A person tests or replays, and waits to see what happens: the pause ends, a probe is due."""
    return row.tries == 0 and (row.event_type is EventType.WEBHOOK_TEST or row.queued_at > row.created_at)
