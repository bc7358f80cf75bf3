"""Whether a request to the Vonage door was signed by who knows the secret: HMAC of its four kinds. Plain MD5 is not taken."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_KINDS = {32: hashlib.md5, 40: hashlib.sha1, 64: hashlib.sha256, 128: hashlib.sha512}
# As far apart may our clocks be; an older request may be somebody's who listened.
_MOST_APART_S = 300
# The official Python library signs what it then leaves out of the request, as the word None.
_LEFT_OUT = (
    *("client-ref", "type", "ttl", "status-report-req", "callback", "message-class", "body", "udh", "protocol-id"),
    *("account-ref", "entity-id", "content-id", "trusted-number"),
)


def fits(given: Mapping[str, str], secret: str, now: float) -> bool:
    signature = given["sig"].lower()
    kind = _KINDS.get(len(signature))
    stamp = given.get("timestamp", "")
    if kind is None or not stamp.isdecimal() or len(stamp) > 12 or abs(int(stamp) - now) > _MOST_APART_S:
        return False
    signed = {name: value for name, value in given.items() if name != "sig"}
    padded = {**dict.fromkeys((*_LEFT_OUT, "sig"), "None"), **signed}
    ours = [_sum(signed, secret, kind), _sum(padded, secret, kind)]
    return any(hmac.compare_digest(one.encode(), signature.encode("utf-8", "replace")) for one in ours)


def _sum(given: Mapping[str, str], secret: str, kind: object) -> str:
    whole = "".join(f"&{name}={value.replace('&', '_').replace('=', '_')}" for name, value in sorted(given.items()))
    return hmac.new(secret.encode(), whole.encode("utf-8", "replace"), kind).hexdigest()  # type: ignore[call-overload,no-any-return]
