"""Vonage (Nexmo) inbound messages and delivery receipts, as form, query or JSON, with `timestamp`, `nonce` and `sig`.

Sources: Vonage "Inbound SMS", "Delivery receipts", "Signing messages"; vonage-python-sdk `Auth.check_signature`. The secret is the
signature secret. Parameters are sorted, `&` and `=` in values become `_`. Uncertain, and lenient here: err-code is 0 or the
general 1; network and price are not known and constant.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, UNKNOWN, Facts, facts_of, numbers
from gateway.pbx.options import choice, text
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import options
from gateway.pbx.spelling import form_post, json_post, query_get
from gateway.records import Event

_STATUS = {SENT: "accepted", DELIVERED: "delivered", UNDELIVERED: "failed", FAILED: "rejected", UNKNOWN: "unknown"}
REPORTED = tuple(_STATUS)
_METHODS = {"vonage-md5": "md5", "vonage-sha1": "sha1", "vonage-sha256": "sha256", "vonage-sha512": "sha512"}
_MD5HASH = "vonage-md5hash"
_SIGNINGS = ("vonage-sha256", "vonage-sha512", "vonage-sha1", "vonage-md5", _MD5HASH, "none")


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind is RECEIVED:
        fields = _received(facts)
    elif facts.kind in _STATUS:
        fields = _report(facts)
    else:
        return None
    fields = _signed({**fields, "api-key": hook.options["api_key"]}, hook, int(at))
    if hook.options["method"] == "get":
        return query_get(hook.url, urlencode(fields))
    return json_post(hook.url, fields) if hook.options["method"] == "json" else form_post(hook.url, tuple(fields.items()))


def _received(facts: Facts) -> dict[str, str]:
    words = facts.text.split(maxsplit=1)
    return {
        "msisdn": facts.from_,
        "to": facts.to,
        "messageId": facts.id,
        "text": facts.text,
        "type": "unicode" if facts.encoding == "ucs2" else "text",
        "keyword": words[0].upper() if words else "",
        "message-timestamp": facts.stamp("%Y-%m-%d %H:%M:%S"),
    }


def _report(facts: Facts) -> dict[str, str]:
    fields = {
        "msisdn": facts.to,
        "to": facts.from_,
        "network-code": "00000",
        "messageId": facts.id,
        "price": "0.0000",
        "status": "expired" if facts.status == "expired" else _STATUS[facts.kind],
        "scts": facts.stamp("%y%m%d%H%M"),
        "err-code": "0" if facts.kind in (SENT, DELIVERED) else "1",
        "message-timestamp": facts.stamp("%Y-%m-%d %H:%M:%S"),
    }
    return {**fields, "client-ref": facts.client_ref} if facts.client_ref else fields


def _signed(fields: dict[str, str], hook: Hook, at: int) -> dict[str, str]:
    signing = hook.options["signing"]
    if signing == "none":
        return fields
    nonce = hashlib.sha256(f"{fields['messageId']}.{at}".encode()).hexdigest()[:32]
    fields = {**fields, "timestamp": str(at), "nonce": nonce}
    pairs = "".join(f"&{name}={fields[name].replace('&', '_').replace('=', '_')}" for name in sorted(fields))
    if signing == _MD5HASH:
        digest = hashlib.md5((pairs + hook.secret).encode(), usedforsecurity=False).hexdigest()
    else:
        digest = hmac.digest(hook.secret.encode(), pairs.encode(), _METHODS[signing]).hex()
    return {**fields, "sig": digest}


FORMAT = Format(
    compose,
    REPORTS | {RECEIVED, UNKNOWN},
    (
        *options(_SIGNINGS),
        numbers("e164"),
        choice("method", ("post", "json", "get"), "form, JSON or query"),
        text("api_key", "simrack", r"^[!-~]{1,64}$", "1 to 64 printable ASCII characters: what is told as api-key"),
    ),
    _SIGNINGS,
)
