"""Takes in what SMPP clients submit: many in one commit, each with an answer of its own; segments wait on disk for the others.

Every text goes through `core.sending` as all do. All methods are called from one thread, which may block on the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gateway.clock import Clock
from gateway.core.identifiers import new_id
from gateway.core.sending import Sending
from gateway.errors import Conflict, NotFound, SimrackError, StorageFull
from gateway.records import Concat, Key, Message, SendRequest, SmppWish
from gateway.store import Database, Store, smpp
from gateway.store.outbox import NewMessage
from gateway.store.smpp import Segment

log = logging.getLogger("simrack.smpp")

# Segments that wait for others, of all clients together, and for how long since the last of them came.
MOST_SEGMENTS = 10_000
SEGMENTS_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Submission:
    """One submit_sm. `request` has no text yet: `octets` hold it, and `read` makes text of them or raises BadValue.

    `line` tells to which long texts a segment may belong: only segments of one line are ever joined.
    """

    key: Key
    request: SendRequest
    octets: bytes
    read: Callable[[bytes], str]
    wish: SmppWish | None = None
    concat: Concat | None = None
    line: str = ""


@dataclass(slots=True, eq=False)
class _Group:
    place: tuple[int, str]
    message: str
    total: int
    touched: float  # monotonic: when the newest segment came, or was read after a start
    by_number: dict[int, Segment] = field(default_factory=dict)

    def takes(self, number: int, octets: bytes) -> bool:
        """A segment that came before is only taken again, not another one in its place: that belongs to the next text."""
        return number not in self.by_number or self.by_number[number].octets == octets


@dataclass(slots=True)
class _Plan:
    """What one commit will hold."""

    news: list[NewMessage] = field(default_factory=list)
    writes: list[Callable[[Database], None]] = field(default_factory=list)

    def write(self, db: Database) -> None:
        for one in self.writes:
            one(db)


class Submitting:
    def __init__(self, store: Store, sending: Sending, clock: Clock) -> None:
        self._store = store
        self._sending = sending
        self._clock = clock
        # A view of the rows, read when first asked for and after a commit that failed.
        self._groups: dict[tuple[int, str], list[_Group]] | None = None

    def take(self, submissions: Sequence[Submission]) -> list[str | SimrackError]:
        """For each the id of its message, once that is on disk, or why it was refused. Raises StorageFull."""
        now, plan = self._clock.now(), _Plan()
        keys = {key.id: self._now(key) for key in {one.key.id: one.key for one in submissions}.values()}
        answers: list[str | SimrackError] = []
        for submission in submissions:
            try:
                key = keys[submission.key.id]
                if key is None or key.revoked_at is not None:
                    raise Conflict(f"the key {submission.key.name!r} is revoked")
                self._sending.keep_pace(key, 1, 0.0)  # its own rule; what [smpp] says was kept when it came
                taken = self._whole if submission.concat is None else self._part
                answers.append(taken(replace(submission, key=key), now, plan))
            except SimrackError as fault:
                answers.append(fault)
        if plan.writes or plan.news:
            seen, self._groups = self._groups, None  # if the commit fails, the rows are read anew
            self._sending.queue(plan.news, now, also=plan.write)
            self._groups = seen
        return answers

    def give_up(self) -> int:
        """Forget segments whose others did not come in time; how many texts that were."""
        now, before = self._clock.now(), self._clock.monotonic() - SEGMENTS_WAIT_S
        stale = [group for groups in self._view().values() for group in groups if group.touched <= before]
        for group in stale:
            self._store.writer.run(partial(smpp.give_up, segment=_one_of(group), now=now))
            log.warning("%d of %d segments of %s came; it is given up", len(group.by_number), group.total, group.message)
            self._forget(group)
        return len(stale)

    def find(self, message: str, key: Key) -> Message | None:
        """A message that this key sent; None while segments of it are missing. Raises NotFound."""
        found = self._store.read(lambda db: smpp.owned(db, message, key.id))
        if found is None and not any(group.message == message for group in self._groups_of(key)):
            raise NotFound(f"{key.name} sent no message {message}")
        return found

    def cancel(self, message: str, key: Key) -> None:
        """Raises NotFound, or Conflict when it has left or is not whole yet."""
        if self.find(message, key) is None:
            raise Conflict(f"segments of {message} are missing still")
        self._sending.cancel(message, key)

    def _now(self, key: Key) -> Key | None:
        """As it is by now: revoked, or under other rules than when its client bound."""
        return self._store.keys.get(key.name)

    def _whole(self, submission: Submission, now: float, plan: _Plan) -> str:
        request = replace(submission.request, text=submission.read(submission.octets))
        new = self._sending.check(request, submission.key, now)
        self._add(new, submission.key, submission.wish, now, plan)
        return new.public_id

    def _part(self, submission: Submission, now: float, plan: _Plan) -> str:
        concat = submission.concat
        assert concat is not None
        # What is wrong with the whole is wrong with its first segment, and is said there.
        self._sending.check(replace(submission.request, text=submission.read(submission.octets)), submission.key, now)
        group = self._group_of(submission, concat, now)
        segment = Segment(
            group.message, concat.number, concat.total, submission.key.id, submission.line, submission.octets, submission.wish, now
        )
        together = {**group.by_number, concat.number: segment}
        if len(together) < concat.total:
            group.by_number, group.touched = together, self._clock.monotonic()
            plan.writes.append(lambda db: smpp.keep(db, segment))
            return group.message
        octets = b"".join(together[number].octets for number in sorted(together))
        wish = _one_wish(together.values())
        request = replace(submission.request, text=submission.read(octets), report=wish is not None)
        new = replace(self._sending.check(request, submission.key, now), public_id=group.message)
        plan.writes.append(lambda db: smpp.drop(db, group.message))
        self._add(new, submission.key, wish, now, plan)
        self._forget(group)
        return group.message

    def _add(self, new: NewMessage, key: Key, wish: SmppWish | None, now: float, plan: _Plan) -> None:
        plan.news.append(new)
        if wish is not None:
            plan.writes.append(lambda db: smpp.wish(db, new.public_id, key.id, wish, now))

    def _group_of(self, submission: Submission, concat: Concat, now: float) -> _Group:
        place = (submission.key.id, submission.line)
        for group in reversed(self._view().get(place, [])):
            if group.takes(concat.number, submission.octets):
                return group
        if sum(len(one.by_number) for groups in self._view().values() for one in groups) >= MOST_SEGMENTS:
            raise StorageFull(f"{MOST_SEGMENTS} segments wait for others; texts that are never whole are given up in a while")
        group = _Group(place, new_id("msg", now), concat.total, self._clock.monotonic())
        self._view().setdefault(place, []).append(group)
        return group

    def _groups_of(self, key: Key) -> list[_Group]:
        return [group for (key_id, _), groups in self._view().items() if key_id == key.id for group in groups]

    def _forget(self, group: _Group) -> None:
        groups = self._view()[group.place]
        groups.remove(group)
        if not groups:
            del self._view()[group.place]

    def _view(self) -> dict[tuple[int, str], list[_Group]]:
        if self._groups is None:
            found: dict[str, _Group] = {}
            for segment in self._store.read(smpp.segments):
                place = (segment.key_id, segment.line)
                new = _Group(place, segment.message, segment.total, self._clock.monotonic())
                group = found.setdefault(segment.message, new)
                group.by_number[segment.number] = segment
            self._groups = {}
            for group in found.values():
                self._groups.setdefault(group.place, []).append(group)
        return self._groups


def _one_of(group: _Group) -> Segment:
    return replace(next(iter(group.by_number.values())), wish=_one_wish(group.by_number.values()))


def _one_wish(segments: Iterable[Segment]) -> SmppWish | None:
    """Clients ask for a receipt with every segment, or with one of them."""
    wishes = [segment.wish for segment in segments if segment.wish is not None]
    return wishes[0] if wishes else None
