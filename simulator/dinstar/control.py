"""The control's part for boxes: what can be done to one, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.dinstar import strikes
from simulator.dinstar.box import Box
from simulator.dinstar.plan import CHANGEABLE
from simulator.dinstar.port import BoxPort

Values = dict[str, Any]


def answer(box: Box, method: str, deed: str, body: Values) -> Any:
    """What comes of one request to /boxes/<name>/<deed>; None when there is no such deed."""
    act = _DEEDS.get((method, deed))
    if act is None:
        return None
    act(box, body)
    return show(box)["faults"] if (method, deed) == ("GET", "fault") else show(box)


def _sim(box: Box, body: Values) -> None:
    for port in box.port(body["port"]):
        if "present" in body:
            port.set_sim(bool(body["present"]))
        if "pin" in body:
            port.set_pin(str(body["pin"] or ""))
        if "last_reference" in body:
            port.sim.last_reference = int(body["last_reference"]) & 255


def _registration(box: Box, body: Values) -> None:
    for port in box.port(body["port"]):
        port.set_registration(int(body["stat"]))


def _signal(box: Box, body: Values) -> None:
    for port in box.port(body["port"]):
        port.signal = int(body["csq"])


_DEEDS: dict[tuple[str, str], Callable[[Box, Values], None]] = {
    ("GET", ""): lambda box, body: None,
    ("GET", "fault"): lambda box, body: None,
    ("POST", "fault"): lambda box, body: strikes.arm(box, **body),
    ("DELETE", "fault"): lambda box, body: strikes.release(box, body.get("name")),
    ("POST", "settings"): lambda box, body: box.change(body),
    ("POST", "sim"): _sim, ("POST", "registration"): _registration, ("POST", "signal"): _signal,
}


def show(box: Box) -> Values:
    """A box as the control shows it."""
    memory, plan = box.memory, box.plan
    return {
        "name": plan.name, "url": box.url, "sn": plan.sn, "down": box.down, "in_queue": box.in_queue,
        "settings": {name: getattr(plan, name) for name in CHANGEABLE if name != "password"} | {"push": list(plan.push)},
        "last_task": memory.last_task, "results": len(memory.outgoing), "inbox": len(memory.inbox),
        "unread": sum(not each.read for each in memory.inbox), "requests": dict(box.requests),
        "ports": [_port(port) for port in box.ports],
        "faults": [{"name": fault.name, "moment": fault.moment, "nth": fault.nth, "times": fault.times, "chance": fault.chance,
                    **fault.options} for fault in box.faults.armed],
    }


def _port(port: BoxPort) -> Values:
    sim = port.sim
    return {"port": port.place, "name": port.name, "number": sim.number, "imsi": sim.imsi, "slot": port.slot, "reg": port.reg,
            "usable": port.usable, "queue": port.load, "hung": port.hung, "used": port.used[sim.imsi], "waiting": len(sim.waiting)}
