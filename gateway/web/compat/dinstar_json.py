"""Answers as a Dinstar box writes them: `error_code`, `sn` and what was asked for. Times are UTC, numbers international."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response

from gateway.records import ChannelFacts, ChannelState, Status
from gateway.store.dinstar_door import Delivery, Incoming, Result
from gateway.web.answers import answer
from gateway.web.compat.dinstar_reading import TIME
from gateway.web.compat.refused import Refused, Why

NO_PORT = 550
_OTHER = 500
# Why -> HTTP status and error_code. Clients look at the code; 401 is for those who are to log in.
_ERRORS = {
    Why.ADDRESS: (403, 403),
    Why.CREDENTIALS: (401, 401),
    Why.SCOPE: (403, 403),
    Why.NOT_FOUND: (200, 404),
    Why.METHOD: (405, 400),
    Why.LONG: (200, 413),
    Why.LARGE: (200, 413),
    Why.CONFLICT: (200, _OTHER),
    Why.FAST: (200, _OTHER),
    Why.BUSY: (200, _OTHER),
    Why.INTERNAL: (500, _OTHER),
}
_PORT_FIELDS = ("channel", "pool", "port")

_RESULT = {
    Status.QUEUED: "SENDING",
    Status.SENDING: "SENDING",
    Status.UNKNOWN: "SENDING",  # it is still being found out
    Status.SENT: "SENT_OK",
    Status.UNDELIVERED: "SENT_OK",  # the rest is told by its report
    Status.DELIVERED: "DELIVERED",
}
_LARGEST_USER_ID = 2**63 - 1
_REGISTRATION = {
    ChannelState.READY: "REGISTER_OK",
    ChannelState.UNREGISTERED: "UNREGISTER",
    ChannelState.LOST: "POWER_OFF",
}
_NO_LIMIT = "No Limit"
_NO_SLOT = 255


class Shapes:
    """`ports` is what clients call each channel."""

    def __init__(self, sn: str, ports: Mapping[str, int]) -> None:
        self._sn = sn
        self._ports = ports

    def said(self, code: int, more: Mapping[str, Any] | None = None, status: int = 200) -> Response:
        return answer({"error_code": code, "sn": self._sn, **(more or {})}, status)

    def refusal(self, refused: Refused) -> Response:
        status, code = _ERRORS.get(refused.why, (200, 400))
        if refused.why is Why.VALUE and refused.field in _PORT_FIELDS:
            code = NO_PORT
        return self.said(code, {"detail": refused.detail}, status)

    def result(self, found: Result, spelt: Mapping[str, str]) -> dict[str, Any]:
        """`spelt` are numbers as the asker writes them."""
        return {
            "port": self._port(found.channel),
            "user_id": user_id(found.client_ref),
            "number": spelt.get(found.to, found.to),
            "time": time(found.at),
            "status": _RESULT.get(found.status, "FAILED"),
            "count": found.parts,
            "succ_count": found.parts_gone,
            "ref_id": found.reference,
            "imsi": found.imsi,
        }

    def delivery(self, found: Delivery, spelt: Mapping[str, str]) -> dict[str, Any]:
        return {
            "port": self._port(found.channel),
            "number": spelt.get(found.to, found.to),
            "time": time(found.at),
            "ref_id": found.reference,
            "status_code": found.status,
            "imsi": found.imsi,
        }

    def incoming(self, found: Incoming, smsc: Mapping[str, str]) -> dict[str, Any]:
        return {
            "incoming_sms_id": found.serial,
            "port": self._port(found.channel),
            "number": found.sender,
            "smsc": smsc.get(found.channel, ""),
            "timestamp": time(found.at),
            "text": found.text,
        }

    def port_info(self, facts: ChannelFacts, wanted: list[str]) -> dict[str, Any]:
        known = _port_facts(facts)
        return {"port": self._port(facts.name)} | {name: known[name] for name in wanted or known if name in known}

    def _port(self, channel: str) -> int:
        return self._ports.get(channel, -1)


def user_id(client_ref: str) -> int:
    """As it was given; 0 for what was given none, or no number."""
    number = int(client_ref) if client_ref.isascii() and client_ref.isdigit() and len(client_ref) < 20 else 0
    return number if number <= _LARGEST_USER_ID else 0


def time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(TIME)


def _port_facts(facts: ChannelFacts) -> dict[str, Any]:
    ready = facts.state is ChannelState.READY
    searching = facts.state is ChannelState.UNREGISTERED and facts.registration == "searching"
    signal = 0 if facts.signal_dbm is None or not ready else min(max((facts.signal_dbm + 113) // 2, 0), 31)
    remaining = ("credit", "monthly_credit", "daily_credit", "daily_calltime", "hourly_calltime", "daily_connect")
    return {
        "type": "GSM",
        "imei": facts.imei,
        "imsi": facts.imsi,
        "iccid": facts.iccid,
        "smsc": facts.smsc,
        "number": facts.number,
        "reg": "SEARCHING_NETWORK" if searching else _REGISTRATION.get(facts.state, "UNKNOWN"),
        "slot": _NO_SLOT,
        "callstate": "Idle",
        "signal": signal,
        "gprs": "detached",
        **{f"remain_{name}": _NO_LIMIT for name in remaining},
        "CallForward": "",
    }
