"""The calls about ports: get_port_info, set_port_info and USSD."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.dinstar.ask import ApiError, whole_numbers

if TYPE_CHECKING:
    from simulator.dinstar.box import Box
    from simulator.dinstar.port import BoxPort

_NO_SLOT, _MOST_USSD = 255, 60
_SENT, _BUSY, _NOT_REGISTERED = 200, 486, 503

# `port` is always told. Without SIM or power some have nothing to tell.
INFO: dict[str, Callable[[BoxPort], Any]] = {
    "type": lambda port: port.box.plan.kind,
    "imei": lambda port: port.imei,
    "imsi": lambda port: port.sim.imsi if port.sim_present else "",
    "iccid": lambda port: port.sim.iccid if port.sim_present else "",
    "smsc": lambda port: port.sim.service_centre if port.sim_present else "",
    "number": lambda port: port.number if port.sim_present else "",
    "reg": lambda port: port.reg,
    "slot": lambda port: port.slot if len(port.sims) > 1 else _NO_SLOT,
    "callstate": lambda port: "Idle",
    "signal": lambda port: port.signal if port.registered else 0,
    "gprs": lambda port: "attached" if port.registered else "detached",
    "remain_credit": lambda port: "No Limit", "remain_monthly_credit": lambda port: "No Limit",
    "remain_daily_credit": lambda port: "No Limit", "remain_daily_calltime": lambda port: "No Limit",
    "remain_hourly_calltime": lambda port: "No Limit", "remain_daily_connect": lambda port: "No Limit",
    "CallForward": lambda port: "",
}


def info(box: Box, query: dict[str, str]) -> list[dict[str, Any]]:
    """What is known of ports; all of it unless `info_type` names what is wanted."""
    wanted = [name for name in query.get("info_type", "").strip("[]").split(",") if name] or list(INFO)
    if set(wanted) - set(INFO) - {"port"}:
        raise ApiError(400)
    return [{"port": port.place} | {name: INFO[name](port) for name in wanted if name != "port"} for port in _ports(box, query)]


def change(box: Box, query: dict[str, str]) -> None:
    """One action on one or more ports. Raises ApiError."""
    deed = _ACTIONS.get(query.get("action", ""))
    if deed is None or "port" not in query:
        raise ApiError(400)
    for port in _ports(box, query):
        deed(port, query.get("param", ""))


def send_ussd(box: Box, document: dict[str, Any]) -> list[dict[str, int]]:
    """The state of each port that was told to."""
    text, command = document.get("text", ""), document.get("command", "send")
    if not isinstance(text, str) or command not in ("send", "cancel") or (command == "send" and not text) or "port" not in document:
        raise ApiError(400)
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_USSD:
        raise ApiError(413)
    return [{"port": port.place, "status": _ussd(port, text, command)} for port in _ports(box, document)]


def _ussd(port: BoxPort, text: str, command: str) -> int:
    if not port.registered:
        return _NOT_REGISTERED
    if command == "cancel":
        port.cancel_ussd()
        return _SENT
    if port.ussd_pending:
        return _BUSY
    port.ussd(text)
    return _SENT


def _ports(box: Box, asked: dict[str, Any]) -> list[BoxPort]:
    places = whole_numbers(asked.get("port"))
    if places is None:
        return box.ports
    if any(not 0 <= place < len(box.ports) for place in places):
        raise ApiError(400)
    return [box.ports[place] for place in places]


def _power(port: BoxPort, param: str) -> None:
    if param not in ("on", "off"):
        raise ApiError(400)
    if param == "off":
        port.set_power(False)
    elif not port.powered:
        port.box.after_start(port.set_power, True)


def _reset(port: BoxPort, param: str) -> None:
    port.set_power(False)
    port.box.after_start(port.set_power, True)


def _slot(port: BoxPort, param: str) -> None:
    """Another SIM of the port; its module starts again with it."""
    if not param.isdecimal() or int(param) >= len(port.sims) or len(port.sims) == 1:
        raise ApiError(400)
    port.set_power(False)
    port.take_slot(int(param))
    port.box.after_start(port.set_power, True)


def _imei(port: BoxPort, param: str) -> None:
    if len(param) != 15 or not param.isdecimal():
        raise ApiError(400)
    port.imei = param


def _number(port: BoxPort, param: str) -> None:
    port.number = param


def _set(name: str, value: bool) -> Callable[[BoxPort, str], None]:
    return lambda port, param: setattr(port, name, value)


def _nothing(port: BoxPort, param: str) -> None:
    """Call forwarding: there are no calls."""


_ACTIONS: dict[str, Callable[[BoxPort, str], None]] = {
    "reset": _reset, "power": _power, "slot": _slot, "imei": _imei, "number": _number, "lock": _set("locked", True),
    "unlock": _set("locked", False), "block": _set("blocked", True), "unblock": _set("blocked", False), "CallForward": _nothing,
    "CheckCallForward": _nothing,
}
