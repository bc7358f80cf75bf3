"""Seeded histories of pools, pauses, limits, swapped SIMs, locked disks and restarts; what must hold after each of them.

Every text ends, none leaves twice but after an unknown outcome that allows it, the parts of a message leave from one SIM,
limits and turns agree with a recount.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.errors import SimrackError
from gateway.records import ChannelState, Counted, OnUnknown, Outcome, OutgoingPart, Per, Refused, Sent, Status, Unknown, Word
from tests.core.rack import Rack, lane, pool

pytestmark = pytest.mark.slow

POOLS = (
    pool("turns", "p0", "p1", "box0"),
    pool("weights", "0-3", strategy="weighted", p0=3.0),
    pool("least", "p1", "p2", "box0", strategy="least-used"),
    pool("sticky", "0-3", strategy="sticky"),
    pool("first", "p0", "1-2", "box0", strategy="failover"),
    pool("cheap", "0-3", strategy="cheapest"),
)
CHANNELS = ("p0", "p1", "p2", "box0")
PRICES = {"p0": {"+": 1.0, "+491700000001": 3.0}, "p1": {"+": 1.0}, "p2": {"+": 2.0}, "box0": {"+": 2.0}}
REFUSALS = [Refused(word, "cms:42", "a reason") for word in (Word.ELSEWHERE, Word.LATER, Word.CHANNEL, Word.ELSEWHERE)]
OVER = (Status.SENT, Status.UNKNOWN, Status.FAILED)
# Each begins with other SIMs. What failed to be written to a locked disk is tried again after two seconds, that is within fifty.
MOST_TURNS = 400


@dataclass
class Network:
    """Which attempt of which text came from which SIM, and what was said about it."""

    chance: random.Random
    told: list[tuple[str, str, str, int, Outcome]] = field(default_factory=list)  # text, sim, recipient, parts, outcome
    calm: bool = False
    refused_for_good: set[str] = field(default_factory=set)

    def answers(self, rack: Rack, name: str) -> Callable[[OutgoingPart], Outcome]:
        def answer(part: OutgoingPart) -> Outcome:
            outcome = self._chosen(rack, name)
            text = part.part.text
            if isinstance(outcome, Refused) and outcome.word is Word.NEVER:
                self.refused_for_good.add(text)
            self.told.append((text, rack.ports[name].facts.sim, part.recipient, part.parts, outcome))
            return outcome

        return answer

    def _chosen(self, rack: Rack, name: str) -> Outcome:
        if rack.ports[name].facts.state is not ChannelState.READY:
            return REFUSALS[0]
        dice = 1.0 if self.calm else self.chance.random()
        if dice < 0.12:
            return self.chance.choice(REFUSALS)
        if dice < 0.16:
            return Unknown("silence")
        return Refused(Word.NEVER, "cms:1", "no such number") if dice < 0.17 else Sent(1)


async def _trouble(rack: Rack, chance: random.Random, limits: list[int], jumps: bool) -> None:
    """One thing that people, SIMs, disks and clocks do."""
    name = chance.choice(CHANNELS)
    match chance.randrange(13):
        case 0:
            await rack.person(rack.fitness.pause, name, "somebody")
        case 1:
            await rack.person(rack.fitness.drain, name, "somebody")
        case 2 | 3:
            await rack.person(rack.fitness.resume, name, "somebody")
        case 4:
            rack.becomes(name, ChannelState.LOST)
        case 5:
            rack.becomes(name, ChannelState.READY)
        case 6:
            rack.swaps(name, f"sim-{name}-{chance.randrange(3)}")
        case 7:
            rack.lock()
            await asyncio.sleep(chance.random() * 0.06)
            rack.unlock()
        case 8:
            about = [("sim:*", Counted.TEXTS), ("pool:turns", Counted.PARTS), ("sim:*", Counted.RECIPIENTS)]
            subject, counted = chance.choice(about)
            made = await rack.limit(subject, counted, Per.MINUTE, chance.randrange(2, 20))
            limits.append(made.id)
        case 9 if limits:
            await rack.person(rack.limits.remove, limits.pop(chance.randrange(len(limits))), "somebody")
        case 10:
            members = chance.sample(CHANNELS, chance.randrange(1, 4))
            how = chance.choice(["rotate", "failover", "sticky", "cheapest", "failover, least-used", "weighted"])
            one = chance.choice(POOLS).name
            await rack.person(rack.pools.change, one, {"channels": members, "strategy": how, "weights": {}}, "somebody")
        case 11 if jumps:
            rack.clock.jump(chance.choice([-86_400.0 * 400, 86_400.0 * 400, 3600.0]))
        case 12:
            await rack.restart(kill=chance.random() < 0.5)


async def _history(rack: Rack, chance: random.Random, network: Network, texts: int, jumps: bool) -> list[str]:
    ids: list[str] = []
    limits: list[int] = []
    for n in range(texts):
        for name in CHANNELS:
            rack.ports[name].always = network.answers(rack, name)
        text = f"{n}a|{n}b|{n}c" if n % 5 == 0 else f"{n}a"
        way = chance.choice([{"pool": one.name} for one in POOLS] + [{"lane": ""}, {"lane": lane("p1")}, {"dial": "(0.2)"}])
        if dial := way.pop("dial", None):
            way = {"lane": rack.pools.lane_of_set(rack.pools.dialled(dial, "channel"))}
        to = f"+4917000000{chance.randrange(20):02d}"
        with suppress(SimrackError):
            held = chance.choice(list(OnUnknown))
            ids += await rack.add(text, to=to, on_unknown=held, priority=chance.choice([0, 0, 0, 5, -2]), **way)
        if chance.random() < 0.25:
            with suppress(SimrackError):
                await _trouble(rack, chance, limits, jumps)
        await asyncio.sleep(chance.random() * 0.006)
        await rack.time_passes(chance.choice([0.0, 0.0, 2.0]))
    for one in limits:
        await rack.person(rack.limits.remove, one, "somebody")
    return ids


async def _calm_down(rack: Rack, network: Network, ids: list[str]) -> None:
    network.calm = True
    for name in CHANNELS:
        rack.becomes(name, ChannelState.READY)
        rack.ports[name].always = network.answers(rack, name)
        await rack.person(rack.fitness.resume, name, "somebody")
    for _ in range(MOST_TURNS):
        if not (open_ones := [one for one in ids if rack.status(one) not in OVER]):
            break
        # Long enough for whatever a wrong clock left to be put right.
        await rack.time_passes(network.chance.choice([1.0, 1.0, 1.0, 601.0]))
        # A SIM stays until whatever can leave from it has left, or what is called between two swaps would never go.
        await rack.calm()
        for name in CHANNELS:
            # Held messages of which a part went wait for the SIM that sent it.
            rack.swaps(name, f"sim-{name}{network.chance.choice(['', '-0', '-1', '-2'])}")
    else:
        raise AssertionError(_why(rack, open_ones))
    await rack.calm()


def _why(rack: Rack, open_ones: list[str]) -> str:
    columns = "text, status, lane, ready, wants, pinned, avoid, due_at, on_unknown, channel, priority"
    found = [rack.rows(f"SELECT {columns} FROM messages WHERE public_id = ?", one)[0] for one in open_ones]
    sims = {name: port.facts.sim for name, port in rack.ports.items()}
    return f"{len(open_ones)} open; now {rack.clock.now():.0f}; {sims}; {found[:4]}"


def _check_left_once(rack: Rack, network: Network) -> None:
    went: dict[str, list[Outcome]] = defaultdict(list)
    for text, _, _, parts, outcome in network.told:
        if not isinstance(outcome, Refused):
            for piece in ([text] if parts == 1 else [f"{text[:-1]}{letter}" for letter in "abc"[:1]]):
                went[piece].append(outcome)
    held = {text for (text,) in rack.rows("SELECT text FROM messages WHERE on_unknown = 'hold'")}
    for message in held:
        for part in message.split("|"):
            assert len(went[part]) + len(went[message] if "|" in message else []) <= 1, (part, went[part], went[message])
    for (message,) in rack.rows("SELECT text FROM messages WHERE on_unknown = 'resend' AND parts = 1"):
        outcomes = went[message]
        assert sum(isinstance(one, Sent) for one in outcomes) <= 1 + _interrupted(rack, message), (message, outcomes)


def _interrupted(rack: Rack, message: str) -> int:
    """Attempts whose outcome the gateway never heard, since it was killed."""
    sql = "SELECT count(*) FROM attempts a JOIN messages m ON m.id = a.message_id WHERE m.text = ? AND a.state = 'unknown'"
    return int(rack.rows(sql, message)[0][0])


def _check_one_sim(rack: Rack) -> None:
    rows = rack.rows(
        "SELECT m.text, COUNT(DISTINCT p.sim) FROM messages m JOIN parts p ON p.message_id = m.id"
        " WHERE m.status = 'sent' GROUP BY m.id"
    )
    assert [text for text, sims in rows if sims != 1] == []


def _check_rows(rack: Rack) -> None:
    assert rack.rows("SELECT * FROM attempts WHERE state = 'claimed'") == []
    assert rack.rows("SELECT * FROM messages WHERE status = 'sending'") == []
    assert rack.rows("SELECT * FROM parts WHERE status = 'sending'") == []


def _check_counters(rack: Rack) -> None:
    """Months are always counted for SIMs; where the clock never jumped they are what the attempts say."""
    rows = rack.rows(
        "SELECT subject, SUM(texts), SUM(parts) FROM counters WHERE per = 'month' AND subject LIKE 'sim:%' GROUP BY subject"
    )
    counted = {subject: (texts, parts) for subject, texts, parts in rows}
    sent = rack.rows(
        "SELECT 'sim:' || sim, SUM(number = 1), COUNT(*) FROM attempts WHERE state IN ('sent', 'unknown') GROUP BY sim"
    )
    found = {subject: (texts, parts) for subject, texts, parts in sent}
    wrong = {subject: (count, counted.get(subject)) for subject, count in found.items() if counted.get(subject) != count}
    assert wrong == {}


@pytest.mark.parametrize("seed", range(12))
def test_after_any_history_every_text_has_ended_and_none_left_twice(tmp_path: Path, seed: int) -> None:
    asyncio.run(_told(tmp_path, random.Random(seed)))


@pytest.mark.parametrize("seed", range(12, 20))
def test_after_any_history_counters_are_what_a_recount_finds(tmp_path: Path, seed: int) -> None:
    asyncio.run(_told(tmp_path, random.Random(seed), jumps=False))


async def _told(folder: Path, chance: random.Random, jumps: bool = True) -> None:
    network = Network(chance)
    async with Rack(folder, *CHANNELS, pools=POOLS, deep=["box0"], tariffs=PRICES) as rack:
        ids = await _history(rack, chance, network, 150, jumps)
        await _calm_down(rack, network, ids)
        _check_rows(rack)
        _check_left_once(rack, network)
        _check_one_sim(rack)
        if not jumps:
            _check_counters(rack)
