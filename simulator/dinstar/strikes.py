"""What each fault of the catalogue does to a box; those of texts and reports are in port.py, where they strike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator.dinstar.faults import REQUEST
from simulator.dinstar.web import Reply
from simulator.faults import NOW, Fault

if TYPE_CHECKING:
    from simulator.dinstar.box import Box

_NOTHING = Reply(cut=-1)


async def around(box: Box, call: str, act: Callable[[], Reply]) -> Reply:
    """The reply to a request, with what goes wrong before and after it."""
    fault = box.faults.strike(REQUEST, command=call)
    if fault is None:
        return act()
    name, seconds = fault.name, fault.seconds * box.network.pace.speed
    if name == "slow" and seconds:
        await asyncio.sleep(seconds)
    elif name == "slow":
        await box.hurry.wait()
    elif name == "lost-request":
        return _NOTHING
    elif name == "http-error":
        return box.error_page(int(fault.options["status"]))
    elif name == "error-code":
        return box.json({"error_code": int(fault.options["code"])})
    reply = act()
    if name == "late-reply":
        await asyncio.sleep(seconds)
    elif name == "lost-reply":
        return _NOTHING
    elif name == "garbage":
        return replace(reply, body=b"\xff\xfe{'error_code': OK <br>" + reply.body[5:])
    elif name == "truncated":
        return replace(reply, cut=len(reply.body) // 2)
    elif name == "restart":
        box.restart(fault.seconds)
        return _NOTHING
    return reply


def arm(box: Box, name: str, **options: Any) -> None:
    """Arms a fault, and lets it strike when it is one that strikes at once."""
    box.port(options.get("port", -1))
    fault = box.faults.arm(name, **options)
    if fault.moment == NOW:
        _NOW[name](box, fault)
        if fault.seconds and name in _UNDONE:
            box.network.later(fault.seconds, _UNDONE[name], box)


def release(box: Box, name: str | None = None) -> None:
    """Takes a fault back, or all of them; what it has stopped goes on."""
    box.faults.release(name)
    for each, undo in _UNDONE.items():
        if name in (None, each):
            undo(box)


def _dead(box: Box, fault: Fault) -> None:
    if fault.options["how"] not in ("refused", "silent"):
        raise ValueError("a dead box is refused or silent")
    box.web.silent = fault.options["how"] == "silent"
    box.dead = not box.web.silent
    if box.dead:
        box.web.refuse()


def _alive(box: Box) -> None:
    box.dead = False
    if box.web.silent:
        box.web.silent = False
        box.web.cut()
    if not box.down:
        box.listen()


def _refuse_logins(box: Box, fault: Fault) -> None:
    box.login.refuses = True


def _allow_logins(box: Box) -> None:
    box.login.refuses = False


def _restart(box: Box, fault: Fault) -> None:
    box.restart(fault.seconds, fault.name == "factory-reset")


def _unregister(box: Box, fault: Fault) -> None:
    for port in box.port(fault.options["port"]):
        port.set_registration(0)


def _register(box: Box) -> None:
    for port in box.ports:
        if port.registration == 0:
            port.set_registration(box.coverage())


def _take_sim(box: Box, fault: Fault) -> None:
    for port in box.port(fault.options["port"]):
        port.set_sim(False)


def _insert_sims(box: Box) -> None:
    for port in box.ports:
        port.set_sim(True)


def _exhaust(box: Box, fault: Fault) -> None:
    for port in box.port(fault.options["port"]):
        port.exhausted = True


def _refill(box: Box) -> None:
    for port in box.ports:
        port.exhausted = False
        port.used.clear()


def _go_on(box: Box) -> None:
    for port in box.ports:
        port.go_on()


def _hurry(box: Box) -> None:
    box.hurry.set()
    box.hurry = asyncio.Event()


def _exception(box: Box, fault: Fault) -> None:
    box.push("exception_info", {"port": int(fault.options["port"]), "type": "call_fail", "action": "reset"})


_NOW: dict[str, Callable[[Box, Fault], None]] = {
    "dead": _dead, "auth-refused": _refuse_logins, "restart": _restart, "factory-reset": _restart, "unregistered": _unregister,
    "sim-removed": _take_sim, "exhausted": _exhaust, "exception": _exception,
}
_UNDONE: dict[str, Callable[[Box], None]] = {
    "dead": _alive, "auth-refused": _allow_logins, "unregistered": _register, "sim-removed": _insert_sims, "exhausted": _refill,
    "hung-port": _go_on, "slow": _hurry,
}
