"""A webhook receiver is down for a simulated day: it refuses connections, answers 503, says nothing, hangs up; in the middle the
gateway is restarted. When the receiver is back it has every event once, in order per conversation.

Store, forwarding and receiver are real, the clock is not: nothing is waited for but time-outs of a twentieth of a second.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.forwarding.delays import WEBHOOK_LONGEST_S
from gateway.records import ForwardState, Webhook
from gateway.settings import ForwardingSettings
from tests.core.stage import Stage, story
from tests.receiver import Answer, Received, Receiver

STEP_S = 900.0
STEPS = 96  # a day
CONVERSATIONS = [f"+4917100000{number:02}" for number in range(40)]
# What the receiver does, hour by hour, over and over.
TROUBLES = ("refuses", "busy", "silent", "hangs up")


@dataclass
class Pbx:
    """A receiver that keeps an event before it answers, as a good one does, and knows it again by its id."""

    receiver: Receiver
    trouble: str = ""
    kept: list[str] = field(default_factory=list)
    again: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def now(self, trouble: str) -> None:
        if (self.trouble == "refuses") != (trouble == "refuses"):
            self.receiver.start() if self.trouble == "refuses" else self.receiver.stop()
        self.trouble = trouble

    def decide(self, request: Received) -> Answer | None:
        self.bodies[request.id].add(request.body)
        if self.trouble == "busy":
            return Answer(503)
        if request.id in self.kept:
            self.again[request.id] += 1
        else:
            self.kept.append(request.id)
        if self.trouble == "silent":
            return Answer(hold=True)
        return Answer(drop=True) if self.trouble == "hangs up" else None


@pytest.fixture
def pbx() -> Iterator[Pbx]:
    with Receiver() as receiver:
        found = Pbx(receiver)
        receiver.decide = found.decide
        yield found


def settled(stage: Stage, webhook: Webhook) -> bool:
    (backlog,) = stage.store.forwards.backlogs()
    assert backlog.webhook == webhook.id
    return backlog.pending == 0


async def goes_by(stage: Stage, pbx: Pbx, chance: random.Random, steps: range) -> dict[str, list[str]]:
    """A part of the day: what was told in it, by conversation."""
    told: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        pbx.now(TROUBLES[step // 4 % len(TROUBLES)])
        texts = [(f"text {step}.{number}", chance.choice(CONVERSATIONS)) for number in range(chance.randint(3, 6))]
        for (_, conversation), event_id in zip(texts, await stage.tell_all(*texts), strict=True):
            told[conversation].append(event_id)
        await stage.idle()
        stage.later(STEP_S)
        await stage.idle()
    return told


@story
async def test_a_receiver_that_is_down_for_a_day_gets_every_event_once_and_in_order(tmp_path: Path, pbx: Pbx) -> None:
    chance = random.Random(24)
    defaults = ForwardingSettings()
    async with Stage(tmp_path, settings=replace(defaults, timeout_s=0.05)) as stage:
        webhook = stage.hook(pbx.receiver.url)
        told = await goes_by(stage, pbx, chance, range(STEPS // 2 - 2))

        # The gateway is restarted, and another monotonic clock begins; what is on its way then is silently kept over there.
        pbx.now("silent")
        last_words = await stage.tell_all(("before the restart", "+4917199999999"))
        posted = len(pbx.receiver.requests)
        stage.later(2 * STEP_S)
        await stage.until(lambda: len(pbx.receiver.requests) > posted)
        stage.clock = ManualClock(stage.clock.now())
        await stage.restart()

        for conversation, ids in (await goes_by(stage, pbx, chance, range(STEPS // 2, STEPS))).items():
            told[conversation] += ids
        told["+4917199999999"] += last_words
        everything = [event_id for ids in told.values() for event_id in ids]
        assert len(everything) > 300 and len(told) > 36
        taken_in_the_day, posted_in_the_day = len(pbx.kept), len(pbx.receiver.requests)
        assert taken_in_the_day < 60 < posted_in_the_day < 400  # it was asked now and then, not hammered

        # It is back. No answer is late any more, however busy the machine that this is told on.
        pbx.now("")
        await stage.restart(settings=defaults)
        stage.later(WEBHOOK_LONGEST_S * 1.2 + 1)
        await stage.until(lambda: settled(stage, webhook))

        rows = stage.rows(webhook)
        assert len(rows) == len(everything)
        assert {row.state for row in rows} == {ForwardState.ACCEPTED}
        assert sorted(pbx.kept) == sorted(everything)  # each kept exactly once
        for conversation, ids in told.items():
            assert [one for one in pbx.kept if one in set(ids)] == ids, conversation
        # Nothing was posted again but what had lost its answer, and that under its own id and with its own words.
        assert pbx.again and set(pbx.again) <= set(pbx.kept[:taken_in_the_day])
        assert all(len(bodies) == 1 for bodies in pbx.bodies.values())
        assert defaults.give_up_after_hours >= 2 * 24  # what is shipped outlasts such a day, and the next
