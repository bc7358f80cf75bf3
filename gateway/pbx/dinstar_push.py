"""What a Dinstar box pushes to its server: JSON with `sn` and one of `sms`, `sms_result`, `sms_deliver_status`.

Sources: "Dinstar GSM Gateway HTTP API"; receivers read `sms[].port`, `number` and `text` (oazmi-apps/dinstar-freepbx-sms-router,
playsms/plugin-dinstar, uContact DinstarWebPush). Receivers are told apart by their URL and check nothing. Lenient: ids and
`user_id` are numbers made from our ids (a client_ref of digits is the user_id); they do not rise. Times are UTC. playSMS decodes
the text as a URL again, so that a literal + or %41 changes there; uContact's URL for pushes is not known publicly.
"""

from __future__ import annotations

from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, Facts, facts_of, number_of, numbers
from gateway.pbx.options import port_of, ports, text
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, options, signed
from gateway.pbx.spelling import json_post
from gateway.records import Event

_MOST_PORT = 999
_LARGEST_USER_ID = 2**31 - 1
_TIME = "%Y-%m-%d %H:%M:%S"
_PERMANENT = 64  # TP-Status: delivery failed for good


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    port = port_of(facts.channel, hook.options["ports"], 0, _MOST_PORT)
    content: dict[str, object]
    if facts.kind is RECEIVED:
        content = {"sms": [_received(facts, port)]}
    elif facts.kind in (SENT, FAILED):
        content = {"sms_result": [_result(facts, port)]}
    elif facts.kind in (DELIVERED, UNDELIVERED):
        content = {"sms_deliver_status": [_report(facts, port)]}
    else:
        return None
    return signed(json_post(hook.url, {"sn": hook.options["sn"], **content}), event, hook, at)


def _received(facts: Facts, port: int) -> dict[str, object]:
    return {
        "incoming_sms_id": number_of(facts.id),
        "port": port,
        "number": facts.from_,
        "smsc": "",
        "timestamp": facts.stamp(_TIME),
        "text": facts.text,
    }


def _result(facts: Facts, port: int) -> dict[str, object]:
    sent = facts.kind is SENT
    return {
        "port": port,
        "user_id": _user_id(facts),
        "number": facts.to,
        "time": facts.stamp(_TIME),
        "status": "SENT_OK" if sent else "FAILED",
        "count": facts.parts,
        "succ_count": facts.parts if sent else 0,
        "ref_id": number_of(facts.id) & 0xFF,
        "imsi": "",
    }


def _report(facts: Facts, port: int) -> dict[str, object]:
    return {
        "port": port,
        "number": facts.to,
        "time": facts.stamp(_TIME),
        "ref_id": number_of(facts.id) & 0xFF,
        "status_code": 0 if facts.kind is DELIVERED else _PERMANENT,
        "imsi": "",
    }


def _user_id(facts: Facts) -> int:
    given = facts.client_ref
    if given.isascii() and given.isdigit() and len(given) <= 10 and int(given) <= _LARGEST_USER_ID:
        return int(given)
    return number_of(facts.id)


FORMAT = Format(
    compose,
    REPORTS | {RECEIVED},
    (
        *options(BODY_SIGNINGS),
        numbers(),
        text("sn", "simrack", r"^[!-~]{1,64}$", "1 to 64 printable ASCII characters: the serial number the receiver knows"),
        ports(0, _MOST_PORT),
    ),
    BODY_SIGNINGS,
)
