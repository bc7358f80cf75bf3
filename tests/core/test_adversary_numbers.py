"""Seeded histories of SIM cards that are carried from port to port while texts ask for their numbers; what must hold after each.

Every text leaves from a number that it may leave from, none is doubled but after an unknown outcome that allows it, the parts of
one leave from one card, and whatever asks for numbers alone ends wherever these are.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.errors import SimrackError
from gateway.records import ChannelState, Counted, OnUnknown, Outcome, OutgoingPart, Per, Refused, Sent, Status, Unknown, Word
from gateway.store import lanes
from tests.core.rack import Rack, pool

pytestmark = pytest.mark.slow

PORTS = ("p0", "p1", "p2", "p3", "box0")
NUMBERS = {f"card{n}": f"+491511000000{n}" for n in range(5)} | {"card5": ""}
POOLS = (
    pool("turns", "p0", "p1", "p2"),
    pool("first", "p0", "1-2", "box0", strategy="failover"),
    pool("sticky", "0-3", strategy="sticky"),
)
REFUSALS = [Refused(word, "cms:42", "a reason") for word in (Word.ELSEWHERE, Word.LATER, Word.CHANNEL)]
OVER = (Status.SENT, Status.UNKNOWN, Status.FAILED)
MOST_TURNS = 400


@dataclass
class Cards:
    """Which card is in which port, and what left from it."""

    rack: Rack
    chance: random.Random
    ports: dict[str, str] = field(default_factory=dict)
    went: list[tuple[str, str, str, Outcome]] = field(default_factory=list)  # text, card, port, outcome
    calm: bool = False

    def put(self, port: str, card: str, told: bool = True) -> None:
        for other, one in list(self.ports.items()):
            if one == card and other != port:
                self.take(other)
        self.ports[port] = card
        self.rack.becomes(port, ChannelState.LOST)
        self.rack.swaps(port, card, NUMBERS[card] if told else "")
        self.rack.becomes(port, ChannelState.READY)

    def take(self, port: str) -> None:
        self.rack.becomes(port, ChannelState.LOST)
        self.ports.pop(port, None)

    def exchange(self, one: str, other: str) -> None:
        """Two cards change places, in either order, perhaps without anybody noticing that a port was empty."""
        here, there = self.ports.get(one), self.ports.get(other)
        if here is None or there is None:
            return
        if self.chance.random() < 0.5:
            self.rack.swaps(one, there, NUMBERS[there])
            self.rack.swaps(other, here, NUMBERS[here])
            self.ports.update({one: there, other: here})
        else:
            self.put(one, there)
            self.put(other, here)

    def settle(self, among: Iterable[str]) -> None:
        self.calm = True
        cards = self.chance.sample(list(among), len(PORTS))
        for port, card in zip(PORTS, cards, strict=True):
            self.ports[port] = card
            self.rack.swaps(port, card, NUMBERS[card])
            self.rack.becomes(port, ChannelState.READY)

    def connect(self) -> None:
        for name in PORTS:
            self.rack.ports[name].always = lambda part, name=name: self._answer(name, part)

    def _answer(self, name: str, part: OutgoingPart) -> Outcome:
        facts = self.rack.ports[name].facts
        if facts.state is not ChannelState.READY:
            return REFUSALS[0]
        dice = 1.0 if self.calm else self.chance.random()
        outcome: Outcome = Sent(1)
        if dice < 0.15:
            outcome = self.chance.choice(REFUSALS)
        elif dice < 0.22:
            outcome = Unknown("silence")
        self.went.append((part.part.text, facts.sim, name, outcome))
        return outcome


def lane_of(rack: Rack, chance: random.Random, to: str) -> tuple[str, str]:
    """A lane as `core.ways` makes them, and the lane whose conversations it keeps to."""
    numbers = [number for number in NUMBERS.values() if number]
    some = tuple(chance.sample(numbers, 2))
    match chance.randrange(10):
        case 0 | 1:
            return lanes.held("", [(some[0],)]), ""
        case 2:
            way, sticky = rack.pools.lane_of(chance.choice(["turns", "first"]), to)
            return lanes.held(way, [(some[0],)]), ""
        case 3:
            way, sticky = rack.pools.lane_of("sticky", to)
            return lanes.held(way, [some]), sticky
        case 4:
            return lanes.held("", [some]), ""
        case 5:
            return lanes.held("", [(*some, "p3"), (some[0], "p3", "p1")]), ""
        case 6:
            return lanes.held(lanes.of_channel("p1"), [some]), ""
        case 7:
            return lanes.held(lanes.of_asked_member("turns", "p2"), [(some[0],)]), ""
        case 8:
            return lanes.held(rack.pools.lane_of_set(("p0", "p2", "box0")), [some]), ""
        case _:
            return "", ""


async def trouble(rack: Rack, cards: Cards, chance: random.Random, limits: list[int]) -> None:
    port = chance.choice(PORTS)
    match chance.randrange(14):
        case 0 | 1 | 2:
            cards.exchange(*chance.sample(PORTS, 2))
        case 3:
            cards.take(port)
        case 4 | 5 | 6:
            cards.put(port, chance.choice(list(NUMBERS)), told=chance.random() < 0.8)
        case 7:
            if card := cards.ports.get(port):
                rack.swaps(port, card, NUMBERS[card])  # it tells its number late
        case 8:
            await rack.person(chance.choice([rack.fitness.pause, rack.fitness.drain]), port, "somebody")
        case 9:
            await rack.person(rack.fitness.resume, port, "somebody")
        case 10:
            subject = chance.choice(["sim:*", "pool:turns", "pool:sticky"])
            counted = chance.choice([Counted.TEXTS, Counted.RECIPIENTS])
            made = await rack.limit(subject, counted, Per.MINUTE, chance.randrange(2, 20))
            limits.append(made.id)
        case 11 if limits:
            await rack.person(rack.limits.remove, limits.pop(), "somebody")
        case 12:
            members = chance.sample(PORTS, chance.randrange(1, 4))
            one = chance.choice(POOLS).name
            how = chance.choice(["rotate", "failover", "sticky", "least-used"])
            await rack.person(rack.pools.change, one, {"channels": members, "strategy": how, "weights": {}}, "somebody")
        case 13:
            await rack.restart(kill=chance.random() < 0.7)
            cards.connect()
            await rack.sims_are_seen()


async def history(rack: Rack, cards: Cards, chance: random.Random, texts: int) -> dict[str, str]:
    """The messages and their lanes."""
    made: dict[str, str] = {}
    limits: list[int] = []
    for n in range(texts):
        cards.connect()
        text = f"{n}a|{n}b|{n}c" if n % 4 == 0 else f"{n}a"
        to = f"+4917000000{chance.randrange(20):02d}"
        lane, sticky = lane_of(rack, chance, to)
        with suppress(SimrackError):
            (one,) = await rack.add(text, to=to, lane=lane, sticky=sticky, on_unknown=chance.choice(list(OnUnknown)))
            made[one] = lane
        if chance.random() < 0.3:
            with suppress(SimrackError):
                await trouble(rack, cards, chance, limits)
                await rack.sims_are_seen()
        await asyncio.sleep(chance.random() * 0.006)
        await rack.time_passes(chance.choice([0.0, 0.0, 2.0, 61.0]))
    for one_limit in limits:
        await rack.person(rack.limits.remove, one_limit, "somebody")
    return made


def follows(lane: str) -> bool:
    """Is it held to numbers alone, so that it must end wherever these are?"""
    groups = lanes.groups_of(lane)
    return lane == "" or (
        not lanes.channel_of(lane) and not lanes.set_of(lane) and all(one.startswith("+") for group in groups for one in group)
    )


async def calm_down(rack: Rack, cards: Cards, made: dict[str, str]) -> None:
    cards.connect()
    for name in PORTS:
        await rack.person(rack.fitness.resume, name, "somebody")
    cards.settle(card for card in NUMBERS if NUMBERS[card])
    await rack.sims_are_seen()
    for _ in range(8):
        await rack.time_passes(cards.chance.choice([61.0, 3700.0]))  # whatever rests or is blocked has rested
        rack.dispatch.wake()
        await rack.calm()
    left = [one for one, lane in made.items() if follows(lane) and rack.status(one) not in OVER and not gone(rack, cards, one)]
    assert not left, why(rack, left)
    for _ in range(MOST_TURNS):
        left = [one for one in made if rack.status(one) not in OVER]
        if not left:
            return
        cards.settle(NUMBERS)
        await rack.sims_are_seen()
        await rack.time_passes(chance_time(cards.chance))
        await rack.calm()
    raise AssertionError(why(rack, left))


def gone(rack: Rack, cards: Cards, one: str) -> bool:
    """Did parts of it leave from a card that is in no port now that sends parts, or does it wait behind such a one?"""
    if rack.rows("SELECT 1 FROM messages WHERE public_id = ? AND status = 'queued' AND ready = 0", one):
        return True  # it stands in line behind another to this person
    sql = "SELECT p.sim FROM parts p JOIN messages m ON m.id = p.message_id WHERE m.public_id = ? AND p.status = 'sent'"
    parts = {card for port, card in cards.ports.items() if port != "box0"}  # which sends whole texts alone
    return not {sim for (sim,) in rack.rows(sql, one)} <= parts


def chance_time(chance: random.Random) -> float:
    return chance.choice([1.0, 61.0, 601.0])


def why(rack: Rack, left: list[str]) -> str:
    columns = "text, status, lane, ready, wants, pinned, avoid, due_at, on_unknown, channel, priority"
    found = [rack.rows(f"SELECT {columns} FROM messages WHERE public_id = ?", one)[0] for one in left]
    sql = "SELECT p.number, p.status, p.channel, p.sim FROM parts p JOIN messages m ON m.id = p.message_id WHERE m.public_id = ?"
    parts = rack.rows(sql, left[0])
    now = {name: (port.facts.sim, port.facts.number, str(port.facts.state)) for name, port in rack.ports.items()}
    return f"{len(left)} open; {now}; {found[:4]}; {parts}"


def check(rack: Rack, cards: Cards) -> None:
    lane_of_text = dict(rack.rows("SELECT text, lane FROM messages"))
    held = {text for (text,) in rack.rows("SELECT text FROM messages WHERE on_unknown = 'hold'")}
    whole = {piece: text for text in lane_of_text for piece in text.split("|")} | {text: text for text in lane_of_text}
    left: dict[str, list[Outcome]] = {}
    for text, card, port, outcome in cards.went:
        if isinstance(outcome, Refused):
            continue
        message = whole[text]
        assert lanes.admits(lane_of_text[message], port, NUMBERS[card]), (message, lane_of_text[message], card, port)
        for piece in text.split("|"):
            left.setdefault(piece, []).append(outcome)
    for message in held:
        for piece in message.split("|"):
            assert len(left.get(piece, [])) <= 1, (message, left[piece])
    for message in lane_of_text.keys() - held:
        if "|" not in message:
            went = sum(isinstance(one, Sent) for one in left.get(message, []))
            assert went <= 1 + unheard(rack, message), (message, left[message])
    check_rows(rack)


def unheard(rack: Rack, text: str) -> int:
    """Attempts whose outcome the gateway does not know."""
    sql = "SELECT count(*) FROM attempts a JOIN messages m ON m.id = a.message_id WHERE m.text = ? AND a.state = 'unknown'"
    return int(rack.rows(sql, text)[0][0])


def check_rows(rack: Rack) -> None:
    sims = "SELECT m.id FROM messages m JOIN parts p ON p.message_id = m.id WHERE m.status = 'sent' GROUP BY m.id"
    assert rack.rows(f"{sims} HAVING COUNT(DISTINCT p.sim) <> 1") == []
    assert rack.rows("SELECT * FROM attempts WHERE state = 'claimed'") == []
    assert rack.rows("SELECT * FROM messages WHERE status = 'sending'") == []


@pytest.mark.parametrize("seed", range(8))
def test_after_any_history_of_moved_sims_every_text_left_from_a_number_it_may_leave_from(tmp_path: Path, seed: int) -> None:
    asyncio.run(told(tmp_path, random.Random(seed)))


async def told(folder: Path, chance: random.Random) -> None:
    async with Rack(folder, *PORTS, pools=POOLS, deep=["box0"]) as rack:
        cards = Cards(rack, chance)
        for port, card in zip(PORTS, NUMBERS, strict=False):
            cards.put(port, card)
        await rack.sims_are_seen()
        made = await history(rack, cards, chance, 120)
        await calm_down(rack, cards, made)
        check(rack, cards)
