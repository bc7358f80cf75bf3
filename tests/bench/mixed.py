"""Modem ports and Dinstar boxes side by side in one pool: turns, limits, kills, dead boxes and hung ports, and how fast it is.

In compressed time: the gateway's clock and waits run SPEED times as fast as the wall, so that a minute's limit is met every few
seconds. Everything is judged by the journal of the simulated network, which knows nothing of the gateway.
"""

from __future__ import annotations

import bisect
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.bench.delays import Delays
from tests.bench.figures import Figure
from tests.bench.hasty import shown
from tests.bench.mixed_verdict import SETTLES_LATE, Trouble, verdict
from tests.bench.stage import Bank, Stage, stage, until

SPEED = 5.0
# What the network takes for a text; with none at all, every minute begins with a burst in which a busy machine makes boxes slow.
NETWORK_S = 0.05


@dataclass(frozen=True)
class Plan:
    modems: int = 16
    boxes: int = 2
    box_ports: int = 8
    texts: int = 20_000
    recipients: int = 15_000  # some are texted twice
    side_texts: int = 60  # of these, in a small pool of their own: p0 and p1
    kills: int = 3
    lost_replies: int = 3  # of the last box, to requests to send: it has taken the texts
    # While a box and a port are away, the others reach the limit of each SIM; otherwise all together reach that of the key.
    sim_minute: int = 45
    p1_minute: int = 20
    side_minute: int = 4
    key_minute: int = 1100
    p0_recipients_hour: int = 150
    seconds: float = 600.0

    @property
    def channels(self) -> tuple[str, ...]:
        ports = [f"box{box}.{port}" for box in range(1, self.boxes + 1) for port in range(self.box_ports)]
        return (*(f"p{n}" for n in range(self.modems)), *ports)

    def pool_of(self, number: int) -> str:
        every = self.texts // self.side_texts
        return "side" if number % every == 0 and number // every < self.side_texts else "main"

    @property
    def dead_box(self) -> tuple[str, ...]:
        return tuple(name for name in self.channels if name.startswith(f"box{self.boxes}."))

    @property
    def hung_port(self) -> str:
        return f"p{self.modems - 1}"


@dataclass
class Rack:
    """A bank with boxes, and a gateway in front that lives through kills."""

    on: Stage
    plan: Plan
    speed: float
    since: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.bank = self.on.bank(self.plan.modems, *with_boxes(self.plan.boxes, self.plan.box_ports), latency=str(NETWORK_S))
        self.program = (sys.executable, "-m", "tests.bench.hasty", "--speed", str(self.speed), "--since", str(self.since))
        pools = tables(self.bank, self.plan.boxes) + '[[pool]]\nname = "side"\nchannels = ["p0", "p1"]\n'
        self.gateway = self.on.gateway(self.bank, extra=pools, program=self.program)
        until(lambda: self.gateway.ready(len(self.plan.channels)), 60, "all channels")

    def kill(self) -> None:
        self.gateway.process.kill()
        self.gateway.process.wait()
        port = int(self.gateway.url.rpartition(":")[2])
        self.gateway = self.on.run_gateway(self.gateway.config, port, self.gateway.key, self.plan.modems, (), self.program)

    def moment(self, real: float) -> str:
        """What the gateway's clock shows then, as its API writes it."""
        return datetime.fromtimestamp(shown(real, self.since, self.speed), UTC).isoformat()

    def minute(self, entry: dict[str, Any]) -> int:
        return self.minute_at(float(entry["t"]))

    def minute_at(self, real: float) -> int:
        """By the gateway's clock."""
        return int(shown(real, self.since, self.speed) // 60)


def with_boxes(boxes: int, ports: int) -> list[str]:
    return [word for n in range(1, boxes + 1) for word in ("--box", f"box{n}:ports={ports},password=x")]


def tables(bank: Bank, boxes: int, strategy: str = "rotate") -> str:
    """The configuration of the bank's boxes, and one pool over everything."""
    found = []
    for n in range(1, boxes + 1):
        state = bank.control(f"/boxes/box{n}")
        ports = len(state["ports"])
        found.append(
            f'[[dinstar]]\nname = "box{n}"\nurl = "{state["url"]}"\npassword = "x"\nports = "0-{ports - 1}"\n'
            "poll_s = 0.1\nstatus_s = 5.0\n"
        )
    total = bank.ports + sum(len(bank.control(f"/boxes/box{n}")["ports"]) for n in range(1, boxes + 1))
    found.append(f'[[pool]]\nname = "main"\nchannels = ["0-{total - 1}"]\nstrategy = "{strategy}"\n')
    return "".join(found)


def mixed() -> list[Figure]:
    with stage() as on:
        return told(on, Plan())


def told(on: Stage, plan: Plan, speed: float = SPEED) -> list[Figure]:
    """The whole story, and what came of it."""
    rack = Rack(on, plan, speed)
    _limit(rack)
    # Due together, when all are in the queue: in compressed time a box seems slow while 20,000 texts are being accepted.
    rack.gateway.send_all(_texts(plan, rack.moment(time.time() + 2 + plan.texts / 3000)), at_once=500)
    trouble = _trouble(rack)
    deadline = time.monotonic() + plan.seconds
    until(lambda: _over(rack) or time.monotonic() > deadline, plan.seconds + 5, "the outcomes, and every channel back", 0.5)
    figures: list[Figure] = []
    # For the last reports, and for boxes to be asked what became of texts; what is right after the first pause is.
    for pause in (5, *[1] * 30):
        time.sleep(pause)
        figures = verdict(plan, _submits(rack.bank), rack.minute, rack.gateway.database, trouble)
        if all(figure.reached for figure in figures if figure.what == SETTLES_LATE):
            break
    return figures


def _limit(rack: Rack) -> None:
    plan = rack.plan
    key = next(iter({one["name"] for one in rack.gateway.call("/v1/keys")["data"]}))
    for subject, counted, per, most in (
        ("sim:*", "texts", "minute", plan.sim_minute),
        ("pool:side", "texts", "minute", plan.side_minute),
        (f"key:{key}", "texts", "minute", plan.key_minute),
        ("channel:p0", "recipients", "hour", plan.p0_recipients_hour),
        ("channel:p1", "texts", "minute", plan.p1_minute),
    ):
        wish = {"subject": subject, "counted": counted, "per": per, "most": most}
        rack.gateway.call("/v1/limits", "POST", wish)


def _texts(plan: Plan, send_at: str) -> list[dict[str, object]]:
    asked = {"on_unknown": "hold", "report": True, "send_at": send_at}
    return [
        {"to": f"+49170{n % plan.recipients:07d}", "text": f"n {n}", "pool": plan.pool_of(n), **asked} for n in range(plan.texts)
    ]


def _trouble(rack: Rack) -> Trouble:
    """Kills, a box that refuses connections for a while, a port that answers nothing for a while: spread over the run.

    Before it refuses connections, the box loses replies.
    """
    plan, bank, box, told, seen = rack.plan, rack.bank, f"/boxes/box{rack.plan.boxes}", Trouble(), Seen(rack.bank)
    bank.control(f"{box}/fault", {"name": "lost-reply", "command": "send_sms", "times": plan.lost_replies})
    for step in range(1, plan.kills + 3):
        until(lambda step=step: seen.count() >= plan.texts * step // (plan.kills + 3), plan.seconds, "a share of the texts", 0.1)
        if step == 1:
            told.lost_replies = plan.lost_replies - sum(int(fault["times"]) for fault in bank.control(box)["faults"])
            bank.control(f"{box}/fault", {"name": "dead", "how": "refused"})
            bank.control(f"/ports/{plan.hung_port}/fault", {"name": "hang", "seconds": 0})
            told.began = rack.minute_at(time.time())
        elif step == plan.kills + 2:
            told.ended = rack.minute_at(time.time())
            bank.control(f"{box}/fault", method="DELETE")
            bank.control(f"/ports/{plan.hung_port}/fault", method="DELETE")
        else:
            before = rack.minute_at(time.time())
            rack.kill()
            told.killed.update(range(before, rack.minute_at(time.time()) + 1))
    return told


@dataclass
class Seen:
    """The texts that were at the network so far. The bank is asked for the newest alone: the ports of a busy bank seem slow."""

    bank: Bank
    last: int = 0
    texts: set[str] = field(default_factory=set)

    def count(self) -> int:
        found = self.bank.control(f"/journal?kind=submit&since={self.last}")
        self.last = int(found["last"])
        self.texts.update(text for entry in found["entries"] if (text := str(entry["text"])).startswith("n "))
        return len(self.texts)


def _submits(bank: Bank) -> list[dict[str, Any]]:
    return [entry for entry in bank.journal("submit") if str(entry["text"]).startswith("n ")]


def _over(rack: Rack) -> bool:
    queue = rack.gateway.call("/v1/status")["queue"]
    return int(queue["queued"]) + int(queue["sending"]) == 0 and rack.gateway.ready(len(rack.plan.channels))


# Speed


def out_mixed_32_200() -> list[Figure]:
    from tests.bench.out import run

    with stage() as on:
        bank = on.bank(16, *with_boxes(2, 8), latency="0.2")
        gateway = on.gateway(bank, extra=tables(bank, 2))
        until(lambda: gateway.ready(32), 60, "all channels")
        rate, wrong = run(gateway, bank, 3200, 90, pool="main")
    what = "out, 16 modem and 2 x 8 box ports, rotate, 200 ms"
    return [
        Figure(what, rate / 160 * 100, ">=", 95, "% of 160 texts/s", f"{rate:.1f}/s"),
        Figure("… texts out of order for their recipient", wrong, "=", 0, ""),
    ]


BULK = 100_000
ALERTS = 200
OWN_S = 0.2


def priority() -> list[Figure]:
    """A single urgent text while a bulk of 100,000 keeps every channel busy.

    It has to wait for the first modem port whose text on the air ends and that no urgent text before it waits for, and then for the
    network itself; what it takes beyond both is the gateway's.
    """
    with stage() as on:
        bank = on.bank(16, *with_boxes(2, 8), latency=str(OWN_S))
        gateway = on.gateway(bank, extra=tables(bank, 2, "least-used"))
        until(lambda: gateway.ready(32), 60, "all channels")
        names = [channel["name"] for channel in gateway.call("/v1/channels")["data"]]
        for name in names:
            gateway.call(f"/v1/channels/{name}/pause", "POST", {})
        bulk = [{"to": f"+49171{n:07d}", "text": f"bulk {n}", "pool": "main", "report": False} for n in range(BULK)]
        gateway.send_all(bulk, at_once=1000)
        for name in names:
            # One after the other: on real networks ports are not in step.
            gateway.call(f"/v1/channels/{name}/resume", "POST", {})
            time.sleep(OWN_S / len(names))
        del bulk  # looking through it for garbage would be taken for the machine's delays
        accepted, delays = {}, Delays()
        for number in range(ALERTS):
            wish = {"to": f"+49172{number:07d}", "text": f"alert {number}", "pool": "main", "priority": 5, "report": False}
            gateway.call("/v1/messages", "POST", wish)
            accepted[f"alert {number}"] = time.time()
            time.sleep(0.11)
        machine = delays.until_now()
        found = until(lambda: _alerts(bank), 60, "every alert at the network", 0.5)
        ends = sorted(float(entry["t"]) for entry in bank.journal("submit") if str(entry["port"]).startswith("p"))
    arrived = {str(entry["text"]): float(entry["t"]) for entry in found}
    late = sorted(1000 * (arrived[text] - free - OWN_S) for text, free in _first_free(accepted, ends).items())
    whole = sorted(1000 * (arrived[text] - at) for text, at in accepted.items())
    note = f"p50 {_at(late, 0.5):.0f} ms; from acceptance to the network p50 {_at(whole, 0.5):.0f}, p99 {_at(whole, 0.99):.0f} ms"
    note += f"; {machine}"
    what = "a priority text before 100,000 others: beyond the first free port and the network's 200 ms"
    return [Figure(what, _at(late, 0.99), "<=", 50, "ms p99", note)]


def _first_free(accepted: dict[str, float], ends: Sequence[float]) -> dict[str, float]:
    """When a port is free for each text, in the order of their acceptance; each end frees one."""
    free, next_end = {}, 0
    for text, at in accepted.items():
        next_end = max(next_end, bisect.bisect_left(ends, at))
        free[text] = ends[next_end]
        next_end += 1
    return free


def _at(took: Sequence[float], share: float) -> float:
    return took[min(len(took) - 1, int(len(took) * share))]


def _alerts(bank: Bank) -> list[dict[str, Any]] | None:
    found = [entry for entry in bank.journal("submit") if str(entry["text"]).startswith("alert")]
    return found if len(found) >= ALERTS else None


if __name__ == "__main__":
    for figure in mixed():
        print(figure.row())
