"""One simulated day of 64 modems with seeded faults of every kind: nothing lost, nothing falsely doubled, every channel back.

`python -m tests.bench.soak --minutes 6` compresses the day into so many minutes. Loopback only; ends by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import json
import random
import sys
import time
import urllib.error
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import machine
from tests.bench.stage import Bank, Gateway, Receiver, stage, until

DAY_S = 86_400.0
MODEMS = 64
OUT = 6400
IN = 3200
FAULTS_EACH = 24
# Faults that would never end by themselves are released after this share of the day.
FAULT_LASTS = 1 / 200
LONG = " and so on, at some length, so that it needs a second part and perhaps a third one to carry all of it to its reader." * 2


@dataclass
class Day:
    bank: Bank
    gateway: Gateway
    chance: random.Random
    seconds: float
    sent: dict[str, tuple[str, bool]] = field(default_factory=dict)  # message id -> text, held
    came: set[str] = field(default_factory=set)
    struck: Counter[str] = field(default_factory=Counter)
    agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def at(self, share: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (share * self.seconds, len(self.agenda) + self.chance.randrange(10**9), deed))

    def plan(self, faults: list[str]) -> None:
        for n in range(OUT):
            self.at(self.chance.random(), lambda n=n: self._send(n))
        for n in range(IN):
            self.at(self.chance.random(), lambda n=n: self._receive(n))
        for name in faults:
            for _ in range(FAULTS_EACH):
                self.at(self.chance.random() * 0.97, lambda name=name: self._strike(name))
        for _ in range(FAULTS_EACH):
            self.at(self.chance.random() * 0.95, self._unplug)

    def live(self) -> None:
        began = time.monotonic()
        while self.agenda:
            moment, _, deed = heapq.heappop(self.agenda)
            time.sleep(max(0.0, began + moment - time.monotonic()))
            deed()

    def _port(self) -> str:
        return f"p{self.chance.randrange(MODEMS)}"

    def _send(self, n: int) -> None:
        held = self.chance.random() < 0.5
        text = f"out {n}" + (LONG if self.chance.random() < 0.1 else "")
        wish = {"to": f"+49170{n % 3000:07d}", "text": text, "on_unknown": "hold" if held else "resend"}
        self.sent[self.gateway.call("/v1/messages", "POST", wish)["id"]] = (text, held)

    def _receive(self, n: int) -> None:
        text = f"in {n}" + (LONG if self.chance.random() < 0.1 else "")
        self._control("/text", {"from": f"+49172{n:07d}", "to": self._port(), "text": text})
        self.came.add(text)

    def _strike(self, name: str) -> None:
        port = self._port()
        self.struck[name] += 1
        self._control(f"/ports/{port}/fault", {"name": name})
        elapsed = FAULT_LASTS * self.chance.uniform(0.2, 2.0)
        self._later(elapsed, lambda: self._calm(port))

    def _unplug(self) -> None:
        port = self._port()
        self.struck["unplug"] += 1
        self._control(f"/ports/{port}/unplug", {})
        self._later(FAULT_LASTS * self.chance.uniform(0.2, 2.0), lambda: self._control(f"/ports/{port}/plug", {}))

    def _later(self, share: float, deed: Callable[[], None]) -> None:
        now = self.agenda[0][0] if self.agenda else self.seconds
        heapq.heappush(self.agenda, (now + share * self.seconds, self.chance.randrange(10**12), deed))

    def _calm(self, port: str) -> None:
        self._control(f"/ports/{port}/fault", method="DELETE")
        self._control(f"/ports/{port}/plug", {})
        self._control(f"/ports/{port}/sim", {"present": True})
        self._control(f"/ports/{port}/registration", {"stat": 1})

    def _control(self, path: str, body: object | None = None, method: str | None = None) -> None:
        """A deed at a port that is away, or in the same state already, is refused: that is no fault of the story."""
        try:
            self.bank.control(path, body, method)
        except urllib.error.HTTPError:
            self.struck["refused by the bank"] += 1

    def evening(self) -> None:
        for n in range(MODEMS):
            self._calm(f"p{n}")


def verdict(day: Day, receiver: Receiver) -> dict[str, Any]:
    gateway, bank = day.gateway, day.bank
    _patiently(lambda: _quiet(gateway), 300)
    _patiently(lambda: {e["body"]["data"]["text"] for e in receiver.events()} >= day.came, 60)
    _patiently(lambda: all(c["state"] in ("ready", "parked") for c in _channels(gateway)), 60)
    arrived = Counter(entry["text"] for entry in bank.journal("text") if entry["text"].startswith("out "))
    messages = {public_id: gateway.call(f"/v1/messages/{public_id}") for public_id in day.sent}
    statuses = Counter(message["status"] for message in messages.values())
    said_open = {"unknown", "failed", "undelivered"}
    lost = [text for i, (text, _) in day.sent.items() if not arrived[text] and messages[i]["status"] not in said_open]
    twice = [(i, text, held) for i, (text, held) in day.sent.items() if arrived[text] > 1]
    doubled = [text for i, text, held in twice if held or not _unknown_once(messages[i])]
    told = defaultdict(set)
    for event in receiver.events():
        told[event["body"]["data"]["text"]].add(event["body"]["data"]["id"])
    return {
        "outgoing": len(day.sent),
        "outgoing_lost": len(lost),
        "outgoing_falsely_doubled": len(doubled),
        "outgoing_doubled_after_a_resend": len(twice) - len(doubled),
        "incoming": len(day.came),
        "incoming_lost": len(day.came - set(told)),
        "incoming_doubled": sum(len(ids) > 1 for text, ids in told.items() if text in day.came),
        "statuses": dict(statuses),
        "channels": dict(Counter(channel["state"] for channel in _channels(gateway))),
        "parked": {c["name"]: c["reason"] for c in _channels(gateway) if c["state"] == "parked"},
        "faults": dict(day.struck),
        "still_waiting": sum(statuses[status] for status in ("queued", "sending")),
        "examples": {"lost": lost[:5], "doubled": doubled[:5], "incoming": sorted(day.came - set(told))[:5]},
    }


def _patiently(happened: Callable[[], bool], seconds: float) -> None:
    """What does not happen in time is counted in the verdict."""
    with contextlib.suppress(TimeoutError):
        until(happened, seconds, "a quiet evening", 1.0)


def _unknown_once(message: dict[str, Any]) -> bool:
    return any(attempt["outcome"] == "unknown" for attempt in message["attempts"])


def _channels(gateway: Gateway) -> list[dict[str, Any]]:
    return list(gateway.call("/v1/channels")["data"])


def _quiet(gateway: Gateway) -> bool:
    waiting = [gateway.call(f"/v1/messages?status={s}&direction=out&limit=100")["data"] for s in ("queued", "sending", "unknown")]
    return not waiting[0] and not waiting[1] and all(message["on_unknown"] == "hold" for message in waiting[2])


def soak(minutes: float, seed: int) -> dict[str, Any]:
    speed = DAY_S / (minutes * 60)
    with stage() as on:
        bank = on.bank(MODEMS, "--seed", str(seed), latency="0.01-0.3", report_delay="0.5")
        receiver = on.receiver()
        hurried = (sys.executable, "-m", "tests.bench.fast_gateway", "--speed", str(speed))
        gateway = on.gateway(bank, webhook=receiver.hook, events=["message.received"], program=hurried)
        day = Day(bank, gateway, random.Random(seed), minutes * 60)
        day.plan(sorted(bank.control("/faults")))
        day.live()
        day.evening()
        return {"machine": machine(), "speed": round(speed), "seed": seed, **verdict(day, receiver)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    result = soak(given.minutes, given.seed)
    print(json.dumps(result, indent=1))
    sys.exit(any(result[count] for count in ("outgoing_lost", "outgoing_falsely_doubled", "incoming_lost", "incoming_doubled")))
