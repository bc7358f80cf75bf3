"""What a Dinstar box pushes to its server: JSON with `sn` and one of `sms`, `sms_result`, `sms_deliver_status`, `register`.

Sources: "Dinstar GSM Gateway HTTP API"; receivers read `sms[].port`, `number` and `text` (oazmi-apps/dinstar-freepbx-sms-router,
playsms/plugin-dinstar, uContact DinstarWebPush). Receivers are told apart by their URL and check nothing. Ports, ids and times are
those that the Dinstar door shows, times in UTC. playSMS decodes the text as a URL again, so that a literal + or %41 changes there;
uContact's URL for pushes is not known publicly.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, Facts, facts_of, number_of, numbers
from gateway.pbx.options import port_of, ports, text
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, options, signed
from gateway.pbx.spelling import json_post
from gateway.records import Event, EventType

_MOST_PORT = 999
_LARGEST_USER_ID = 2**63 - 1
_REGISTER = {EventType.CHANNEL_UP: "up", EventType.CHANNEL_DOWN: "down"}
_NO_SLOT = 255
_LONGEST_IMSI = 15  # an ICCID is longer
_TIME = "%Y-%m-%d %H:%M:%S"
_PERMANENT = 64  # TP-Status: delivery failed for good


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    port = port_of(facts.channel, {**hook.as_box.ports, **hook.options["ports"]}, 0, _MOST_PORT)
    content: dict[str, object]
    if facts.kind is RECEIVED:
        content = {"sms": [_received(facts, port, event)]}
    elif facts.kind in (SENT, FAILED):
        content = {"sms_result": [_result(facts, port, event)]}
    elif facts.kind in (DELIVERED, UNDELIVERED):
        content = {"sms_deliver_status": [_report(facts, port, event)]}
    elif facts.kind in _REGISTER:
        content = {"register": [_registration(facts, port, event)]}
    else:
        return None
    return signed(json_post(hook.url, {"sn": hook.options["sn"] or hook.as_box.sn, **content}), event, hook, at)


def _received(facts: Facts, port: int, event: Event) -> dict[str, object]:
    return {
        "incoming_sms_id": _whole(event, "serial") or number_of(facts.id),
        "port": port,
        "number": facts.from_,
        "smsc": "",
        "timestamp": _when_it_came(event) or facts.stamp(_TIME),
        "text": facts.text,
    }


def _result(facts: Facts, port: int, event: Event) -> dict[str, object]:
    sent = facts.kind is SENT
    return {
        "port": port,
        "user_id": _user_id(facts),
        "number": facts.to,
        "time": facts.stamp(_TIME),
        "status": "SENT_OK" if sent else "FAILED",
        "count": facts.parts,
        "succ_count": facts.parts if sent else 0,
        "ref_id": _whole(event, "reference"),
        "imsi": "",
    }


def _report(facts: Facts, port: int, event: Event) -> dict[str, object]:
    """One for the whole text, with the reference of its last part."""
    kind, _, status = facts.code.partition(":")
    raw = int(status) if kind == "report" and status.isdecimal() else _PERMANENT
    return {
        "port": port,
        "number": facts.to,
        "time": facts.stamp(_TIME),
        "ref_id": _whole(event, "reference"),
        "status_code": 0 if facts.kind is DELIVERED else raw,
        "imsi": "",
    }


def _registration(facts: Facts, port: int, event: Event) -> dict[str, object]:
    sim = str(event.data.get("sim") or "")
    return {
        "port": port,
        "iccid": sim if sim.isdecimal() and len(sim) > _LONGEST_IMSI else "",
        "imsi": sim if sim.isdecimal() and len(sim) <= _LONGEST_IMSI else "",
        "number": "",
        "status": _REGISTER[facts.kind],
        "sequence": int(event.created_at),
        "slot": _NO_SLOT,
    }


def _user_id(facts: Facts) -> int:
    """As the door was given it; 0 for what was sent another way."""
    given = facts.client_ref
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 20 else 0
    return number if number <= _LARGEST_USER_ID else 0


def _whole(event: Event, name: str) -> int:
    value = event.data.get(name)
    return value if isinstance(value, int) else 0


def _when_it_came(event: Event) -> str:
    """By the message, not by the event: the door shows the same."""
    try:
        return datetime.fromisoformat(str(event.data.get("created_at"))).astimezone(UTC).strftime(_TIME)
    except ValueError:
        return ""


FORMAT = Format(
    compose,
    REPORTS | {RECEIVED, *_REGISTER},
    (
        *options(BODY_SIGNINGS),
        numbers(),
        text("sn", "", r"^[!-~]{0,64}$", "up to 64 printable ASCII characters: the serial number, if not the Dinstar door's"),
        ports(0, _MOST_PORT),
    ),
    BODY_SIGNINGS,
)
