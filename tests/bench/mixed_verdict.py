"""What came of the story of modem ports and boxes side by side, by the journal of the network and by what the gateway believes."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.core.dispatch.berth import PATIENCE_S
from tests.bench.figures import Figure

if TYPE_CHECKING:
    from tests.bench.mixed import Plan

# A box is asked again and again what became of them.
SETTLES_LATE = "… whose outcome nobody knows although a box sent them"
# Texts that a port, modem or of a box, may have in hand when it stops to answer.
_IN_HAND = 2


@dataclass
class Trouble:
    """What was done to them, in minutes of the gateway's clock."""

    lost_replies: int = 0
    began: int = 0  # from here on a box was dead and a port hung
    ended: int = 0
    killed: set[int] = field(default_factory=set)  # the gateway was away

    @property
    def minutes(self) -> list[int]:
        """The whole ones of that time in which the gateway lived."""
        return [one for one in range(self.began + 1, self.ended) if one not in self.killed]


def verdict(
    plan: Plan, entries: Sequence[dict[str, Any]], minute: Callable[[dict[str, Any]], int], database: Path, trouble: Trouble
) -> list[Figure]:
    """`entries` of the journal are the texts that reached the network, `minute` tells when by the gateway's clock."""
    at_network = Counter(entry["text"] for entry in entries)
    told = _told(database)
    lost = sum(at_network[text] == 0 for text in told.sent)
    # A turn was taken as well with a text that a kill, or a port that hung, kept from the network.
    shares = Counter(str(entry["port"]) for entry in entries) + Counter(port for text, port in told.unknown if not at_network[text])
    # p0 and p1 have tighter limits than the others, and a share that is what those leave them.
    untroubled = [name for name in plan.channels if name not in (*plan.dead_box, plan.hung_port, "p0", "p1")]
    sound = [shares[name] for name in untroubled]
    slow = f"{sum(told.slow[name] for name in untroubled)} texts were on one of them for more than {PATIENCE_S:.0f} s of the story"
    windows = Windows.of(plan, entries, minute)
    over, reached = windows.over(plan), windows.reached(plan)
    doubled = sum(count - 1 for count in at_network.values())
    what = f"{plan.modems} modem ports and {plan.boxes} x {plan.box_ports} box ports, {plan.texts:,} texts"
    untold = plan.kills * plan.modems + _stuck(plan)
    at_box = sum(at_network[text] > 0 for text, channel in told.unknown if channel.startswith("box"))
    return [
        Figure(f"{what}: at the network", len(at_network), ">=", plan.texts - len(told.unknown), "texts", _said(told.states)),
        Figure("… doubled", doubled, "=", 0, "texts", "hold"),
        Figure("… said to be sent and not at the network", lost, "=", 0, "texts"),
        Figure("… whose outcome nobody knows", len(told.unknown), "<=", untold, "texts", "kills, hung port, dead box"),
        Figure(SETTLES_LATE, at_box, "=", 0, "texts"),
        Figure("… replies of a box that were lost", trouble.lost_replies, "=", plan.lost_replies, "replies"),
        Figure("… shares of untroubled channels differ by", max(sound) - min(sound), "<=", 1, "texts", f"{min(sound)}; {slow}"),
        windows.pace(plan, untroubled, trouble),
        Figure("… limits exceeded in any minute or hour", len(over), "=", 0, "times", "; ".join(over[:3])),
        Figure("… limits that were reached", len(reached), "=", 5, "limits", ", ".join(sorted(reached))),
        Figure("… attempts that cannot say why", told.unsaid, "=", 0, ""),
    ]


@dataclass(frozen=True)
class Told:
    """What the gateway believes."""

    states: Counter[str]
    sent: list[str]  # texts
    unknown: list[tuple[str, str]]  # text and channel
    unsaid: int
    slow: Counter[str]  # texts that a channel had for longer than others wait: on a busy machine channels are slow


def _told(database: Path) -> Told:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        states = Counter(row[0] for row in db.execute("SELECT status FROM messages WHERE direction = 'out'"))
        unsaid = db.execute("SELECT COUNT(*) FROM attempts WHERE why = ''").fetchone()[0]
        sent = db.execute("SELECT text FROM messages WHERE status IN ('sent', 'delivered', 'undelivered') AND direction = 'out'")
        unknown = db.execute("SELECT text, channel FROM messages WHERE status = 'unknown'")
        long = "SELECT channel, COUNT(*) FROM attempts WHERE state = 'sent' AND ended_at - started_at > ? GROUP BY channel"
        slow = db.execute(long, (PATIENCE_S,))
        return Told(states, [text for (text,) in sent], unknown.fetchall(), unsaid, Counter(dict(slow.fetchall())))


def _said(states: Counter[str]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))


@dataclass(frozen=True)
class Windows:
    """What reached the network in each minute, and in each hour, by the gateway's clock."""

    minutes: Counter[tuple[str, int]] = field(default_factory=Counter)  # of a channel, of `key` or of `pool`
    people: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))  # who heard from p0 in an hour

    @classmethod
    def of(cls, plan: Plan, entries: Sequence[dict[str, Any]], minute_of: Callable[[dict[str, Any]], int]) -> Windows:
        found = cls()
        for entry in entries:
            minute, port = minute_of(entry), str(entry["port"])
            found.minutes[port, minute] += 1
            found.minutes["key", minute] += 1
            if plan.pool_of(int(entry["text"].removeprefix("n "))) == "side":
                found.minutes["pool", minute] += 1
            if port == "p0":
                found.people[minute // 60].add(str(entry["to"]))
        return found

    def pace(self, plan: Plan, untroubled: Sequence[str], trouble: Trouble) -> Figure:
        """What the others sent in the worst minute in which a box and a port were away, of what their limits leave them."""
        sent = [sum(self.minutes[name, minute] for name in untroubled) for minute in trouble.minutes]
        ideal = len(untroubled) * plan.sim_minute
        value = min(sent) / ideal * 100 if sent else None
        note = f"{len(sent)} minutes, on average {sum(sent) / len(sent) / ideal * 100:.1f} %" if sent else "no whole minute"
        return Figure("… pace of the others while a box and a port are away", value, ">=", 95, "% of their limits", note)

    def over(self, plan: Plan) -> list[str]:
        """Every window in which more left than a limit allows."""
        found = [f"{who} {count} in minute {minute}" for (who, minute), count in self.minutes.items() if count > _most(plan, who)]
        return found + [f"{len(to)} people in hour {hour}" for hour, to in self.people.items() if len(to) > plan.p0_recipients_hour]

    def reached(self, plan: Plan) -> set[str]:
        """The limits that allowed no more in some window. What troubled channels hold counts for the key."""
        held = {"key": _stuck(plan)}
        met = {
            who if who in ("key", "pool", "p1") else "sim"
            for (who, _), count in self.minutes.items()
            if count >= _most(plan, who) - held.get(who, 0)
        }
        return met | {"recipients" for to in self.people.values() if len(to) >= plan.p0_recipients_hour}


def _most(plan: Plan, who: str) -> int:
    return {"key": plan.key_minute, "pool": plan.side_minute, "p1": plan.p1_minute}.get(who, plan.sim_minute)


def _stuck(plan: Plan) -> int:
    """How many texts the dead box and the hung port may hold."""
    return _IN_HAND * (1 + plan.box_ports)
