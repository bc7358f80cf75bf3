"""Dispatch while the disk, the database or a channel fails in the worst moment: nothing may be lost, doubled or left lying."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.core import lanes
from gateway.core.dispatch import Dispatch
from gateway.core.fitness import Fitness
from gateway.errors import StorageFull
from gateway.records import (
    ChannelFacts,
    ChannelState,
    Encoding,
    Message,
    OnUnknown,
    Outcome,
    OutgoingPart,
    Part,
    Refused,
    Sent,
    Status,
    Unknown,
    Word,
)
from gateway.settings import SendingSettings, StoreSettings
from gateway.store import Database, Store, limits, outbox, unknowns
from gateway.store.air import Verdict
from gateway.store.outbox import NewMessage
from tests.core.stage import story

pytestmark = pytest.mark.slow

PATIENCE_S = 30.0
ELSEWHERE = Refused(Word.ELSEWHERE, "channel:not-ready", "not now")


class HandChannel:
    """A channel whose outcomes the test gives; `sent` is what it was asked to send."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.depth, self.whole = 1, False
        self.facts = ChannelFacts(name, ChannelState.READY)
        self.sent: list[str] = []
        self._outcomes: asyncio.Queue[Outcome | Exception] = asyncio.Queue()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        self.sent.append(part.part.text)
        outcome = await self._outcomes.get()
        if isinstance(outcome, Exception):
            raise outcome
        begun()
        return outcome

    def gives(self, *outcomes: Outcome | Exception) -> None:
        for outcome in outcomes:
            self._outcomes.put_nowait(outcome)


class NoLimits:
    book = limits.Book(())


class NoMarks:
    def mark(self, channel: str, attempt_id: int) -> None:
        pass


class Deck:
    """`async with Deck(folder, "p0", "p1") as deck`: a store and a dispatch that runs."""

    def __init__(self, folder: Path, *channels: str, sending: SendingSettings | None = None) -> None:
        self.clock = SystemClock()
        self.path = folder / "simrack.db"
        self.channels = {name: HandChannel(name) for name in channels}
        self._sending = sending or SendingSettings()
        self._ids = 0
        self._called = 0.0

    async def __aenter__(self) -> Deck:
        self.store = Store.open(StoreSettings(path=str(self.path), reserve_mb=0), self.clock, serving=True)
        await self.store.writer.arun(lambda db: db.execute_sql("PRAGMA busy_timeout = 10").fetchall())
        self._lanes = lanes.build(list(self.channels), (), {})
        self.fitness = Fitness(self.store, self.clock, list(self.channels), lambda: self.dispatch.wake(), lambda: None)
        self.dispatch = Dispatch(
            self.store, self._sending, lambda: self._lanes, self.fitness, NoLimits(), self.clock, NoMarks(),
            announce=lambda db, message: None, changed=self._changed, chance=random.Random(1),
        )  # fmt: skip
        for channel in self.channels.values():
            self.dispatch.add(channel)
        self._task = asyncio.create_task(self.dispatch.run())
        self._other = sqlite3.connect(self.path, isolation_level=None)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._other.close()
        self.store.close()

    def _changed(self, verdict: Verdict | None) -> None:
        self.dispatch.wake()

    async def add(self, *texts: str, to: str = "+491701234567", **given: object) -> list[str]:
        """Each text is one message; parts are separated by |."""
        news = []
        for text in texts:
            self._ids += 1
            parts = tuple(Part(part, Encoding.GSM7) for part in text.split("|"))
            news.append(NewMessage(f"msg_{self._ids}", to, "", text, Encoding.GSM7, parts, **given))  # type: ignore[arg-type]
        await self.store.writer.arun(lambda db: outbox.add(db, news, self.clock.now()))
        self.dispatch.wake()
        return [new.public_id for new in news]

    def lock(self) -> None:
        """Another program writes, and takes its time."""
        self._other.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        self._other.execute("ROLLBACK")

    async def fails_to_write(self) -> None:
        """Returns when whatever was to be written before has failed."""
        with pytest.raises(StorageFull):
            await self.store.writer.arun(lambda db: None)

    async def time_passes(self) -> None:
        """What the timetable does."""
        now = self.clock.now()

        def job(db: Database) -> None:
            outbox.call_due(db, self._called, now)
            unknowns.unpin(db, [name for name, channel in self.channels.items() if channel.facts.state is ChannelState.LOST], now)

        with suppress(StorageFull):
            await self.store.writer.arun(job)
            self._called = now
        self.dispatch.wake()

    def becomes(self, name: str, state: ChannelState) -> None:
        self.channels[name].facts = replace(self.channels[name].facts, state=state)
        self.dispatch.wake()

    def status(self, public_id: str) -> Status:
        message: Message | None = self.store.messages.get(public_id)
        assert message is not None
        return message.status

    async def until(self, happened: Callable[[], object], what: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        while not happened():
            assert loop.time() < deadline, f"not within {PATIENCE_S} s: {what}"
            await asyncio.sleep(0.005)

    async def settled(self, public_id: str, status: Status) -> None:
        await self.until(lambda: self.status(public_id) is status, f"{public_id} {status}")

    async def asked(self, name: str, count: int) -> None:
        channel = self.channels[name]
        await self.until(lambda: len(channel.sent) >= count, f"{count} texts at {name}")

    def claimed(self) -> int:
        def query(db: Database) -> int:
            return int(db.execute_sql("SELECT count(*) FROM attempts WHERE state = 'claimed'").fetchone()[0])

        return self.store.read(query)


@story
async def test_the_outcome_of_a_part_never_overtakes_that_of_the_part_before_it(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0", sending=SendingSettings(retry_first_s=0.01)) as deck:
        p0 = deck.channels["p0"]
        (long,) = await deck.add("one|two")
        await deck.until(lambda: deck.claimed() == 2, "the second part on deck")
        deck.lock()
        p0.gives(Sent(1))
        await deck.asked("p0", 2)
        await deck.fails_to_write()
        deck.unlock()
        p0.gives(Refused(Word.LATER, "cms:42", "congestion"), Sent(2))

        await deck.settled(long, Status.SENT)
        assert p0.sent == ["one", "two", "two"]


@story
async def test_a_message_is_sent_although_the_outcome_of_its_first_part_was_hard_to_write(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0") as deck:
        p0 = deck.channels["p0"]
        (long,) = await deck.add("one|two")
        await deck.until(lambda: deck.claimed() == 2, "the second part on deck")
        deck.lock()
        p0.gives(Sent(1))
        await deck.asked("p0", 2)
        await deck.fails_to_write()
        deck.unlock()
        p0.gives(Sent(2))

        await deck.settled(long, Status.SENT)


@story
async def test_a_text_on_deck_of_a_channel_that_falls_ill_while_the_database_is_locked_is_not_lost(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0") as deck:
        await deck.add("on the air", to="+491700000001")
        (waiting,) = await deck.add("on deck", to="+491700000002")
        await deck.until(lambda: deck.claimed() == 2, "a text on deck")
        deck.lock()
        deck.becomes("p0", ChannelState.LOST)
        await deck.until(lambda: deck.dispatch._berths["p0"].deck is None, "the first try to give it back")
        await deck.until(lambda: deck.dispatch._berths["p0"].deck is not None, "that try to fail")
        deck.unlock()

        await deck.settled(waiting, Status.QUEUED)
        deck.becomes("p0", ChannelState.READY)
        deck.channels["p0"].gives(Sent(1), Sent(2))
        await deck.settled(waiting, Status.SENT)


@story
async def test_a_channel_lost_between_two_parts_while_the_database_is_locked_gives_the_message_back(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0", "p1") as deck:
        p0, p1 = deck.channels.values()
        deck.becomes("p1", ChannelState.LOST)
        await deck.until(lambda: not deck.dispatch._wake.is_set(), "the channel to be known as lost")
        (long,) = await deck.add("one|two|three")
        await deck.until(lambda: deck.claimed() == 2, "the second part on deck")
        p0.gives(Sent(1))
        await deck.asked("p0", 2)
        deck.lock()
        deck.becomes("p0", ChannelState.LOST)
        p0.gives(Sent(2))
        await deck.until(lambda: deck.dispatch._berths["p0"].unwritten, "an outcome that waits")
        await deck.until(lambda: deck.dispatch._berths["p0"].deck is None, "the air to be free")
        deck.unlock()

        await deck.until(lambda: deck.status(long) is Status.QUEUED or len(p0.sent) == 3, "the message to be free")
        if deck.status(long) is Status.QUEUED:
            await deck.store.writer.arun(lambda db: unknowns.unpin(db, ["p0"], deck.clock.now()))
            deck.becomes("p1", ChannelState.READY)
            p1.gives(Sent(1), Sent(2), Sent(3))
        else:
            p0.gives(Sent(3))
        await deck.settled(long, Status.SENT)


@story
async def test_a_text_that_came_while_an_outcome_could_not_be_written_leaves_after_it(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0") as deck:
        p0 = deck.channels["p0"]
        (first,) = await deck.add("first")
        await deck.asked("p0", 1)
        deck.lock()
        p0.gives(Sent(1))
        await deck.until(lambda: not deck.dispatch._berths["p0"].sends, "the outcome")
        await deck.fails_to_write()
        deck.unlock()
        (second,) = await deck.add("second")  # to the same person: it stands behind the first

        await deck.settled(first, Status.SENT)
        p0.gives(Sent(2))
        await deck.settled(second, Status.SENT)


@story
async def test_a_send_that_ends_in_a_fault_of_ours_is_tried_again_and_the_channel_goes_on(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0", sending=SendingSettings(retry_first_s=0.01)) as deck:
        (first,) = await deck.add("poison")
        deck.channels["p0"].gives(ValueError("no idea"), Sent(1), Sent(2))
        await deck.settled(first, Status.QUEUED)
        (other,) = await deck.add("other", to="+491709999999")
        await deck.settled(other, Status.SENT)
        assert [attempt.outcome for attempt in deck.store.messages.attempts(first)] == ["refused"]


@story
async def test_an_outcome_that_the_store_refuses_for_good_does_not_hold_up_the_channel(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0") as deck:
        for n in range(3):
            await deck.add(f"text {n}", to=f"+49170000000{n}")
        await deck.asked("p0", 1)
        await deck.store.writer.arun(lambda db: db.execute_sql("UPDATE messages SET status = 'failed' WHERE status = 'sending'"))
        deck.channels["p0"].gives(Refused(Word.NEVER, "cms:1", "no such number"))
        deck.channels["p0"].gives(Refused(Word.NEVER, "cms:1", "no such number"))
        deck.channels["p0"].gives(Sent(1))
        await deck.asked("p0", 3)
        await deck.settled("msg_3", Status.SENT)


@story
async def test_a_text_refused_here_whose_other_channel_goes_away_leaves_here_after_all(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0", "p1") as deck:
        p0 = deck.channels["p0"]
        p0.gives(ELSEWHERE)
        (text,) = await deck.add("anywhere")
        await deck.asked("p1", 1)
        deck.channels["p1"].gives(Refused(Word.LATER, "cms:42", "congestion"))
        await deck.settled(text, Status.QUEUED)
        await deck.store.writer.arun(lambda db: db.execute_sql("UPDATE messages SET avoid = ',p0,'"))
        deck.becomes("p1", ChannelState.PARKED)
        await deck.store.writer.arun(lambda db: outbox.call_due(db, 0.0, deck.clock.now() + 3600))
        deck.dispatch.wake()

        await deck.asked("p0", 2)
        p0.gives(Sent(1))
        await deck.settled(text, Status.SENT)


@story
async def test_a_text_refused_here_waits_for_the_other_channel_while_that_is_only_busy(tmp_path: Path) -> None:
    async with Deck(tmp_path, "p0", "p1") as deck:
        p0, p1 = deck.channels.values()
        p0.gives(ELSEWHERE)
        await deck.add("busy", to="+491700000009", lane="channel:p1")
        await deck.asked("p1", 1)
        (text,) = await deck.add("anywhere")
        await deck.until(lambda: deck.claimed() == 2 and p0.sent, "it on deck of the busy channel")
        assert p0.sent == ["anywhere"]
        p1.gives(Sent(1), Sent(2))
        await deck.settled(text, Status.SENT)
        assert p1.sent == ["busy", "anywhere"]


class WildChannel(HandChannel):
    """Answers at once, by chance; `told` is what came of each text."""

    def __init__(self, name: str, chance: random.Random, told: list[tuple[str, Outcome]]) -> None:
        super().__init__(name)
        self._chance = chance
        self._told = told
        self.calm = False

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        await asyncio.sleep(self._chance.random() * 0.004)
        if self.facts.state is not ChannelState.READY:
            return ELSEWHERE
        begun()
        outcome = Sent(1) if self.calm else self._chance.choice(WILD)
        self._told.append((part.part.text, outcome))
        return outcome


WILD: list[Outcome] = [
    Sent(1), Sent(1), Sent(1), ELSEWHERE, Refused(Word.LATER, "cms:42", "congestion"), Unknown("silence"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_whatever_channels_and_disk_do_every_text_ends_and_none_that_left_leaves_again(tmp_path: Path, seed: int) -> None:
    asyncio.run(_wild_story(tmp_path, random.Random(seed)))


async def _wild_story(folder: Path, chance: random.Random) -> None:
    told: list[tuple[str, Outcome]] = []
    quick = SendingSettings(retry_first_s=0.01, retry_longest_s=0.05, retry_tries=1000)
    deck = Deck(folder, "p0", "p1", "p2", sending=quick)
    wild = {name: WildChannel(name, chance, told) for name in deck.channels}
    deck.channels.update(wild)
    async with deck:
        ids = []
        for n in range(60):
            text = f"{n}a|{n}b|{n}c" if n % 4 == 0 else f"{n}"
            ids += await deck.add(text, to=f"+4917000000{n % 7}", on_unknown=OnUnknown.HOLD, priority=chance.choice([0, 0, 5]))
            deck.becomes(chance.choice(list(wild)), chance.choice([ChannelState.READY, ChannelState.READY, ChannelState.LOST]))
            if n % 10 == 5:
                deck.lock()
                await asyncio.sleep(0.03)
                deck.unlock()
            await asyncio.sleep(chance.random() * 0.01)
            await deck.time_passes()
        for name, channel in wild.items():
            channel.calm = True
            await asyncio.to_thread(deck.fitness.resume, name, "a person")  # so many unknowns make a SIM rest for long
            deck.becomes(name, ChannelState.READY)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        while open_ones := [public_id for public_id in ids if deck.status(public_id) not in (Status.SENT, Status.UNKNOWN)]:
            assert loop.time() < deadline, [(public_id, deck.status(public_id)) for public_id in open_ones]
            await deck.time_passes()
            await asyncio.sleep(0.01)

    left = [text for text, outcome in told if isinstance(outcome, Sent | Unknown)]
    assert [text for text in left if text.isdigit() and left.count(text) > 1] == []
    unknown = {text for text, outcome in told if isinstance(outcome, Unknown)}
    assert [text for text in unknown if text in left[left.index(text) + 1 :] and text.isdigit()] == []
    assert {text for text, _ in told} >= {str(n) for n in range(60) if n % 4}
