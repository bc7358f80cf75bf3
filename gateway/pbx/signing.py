"""How a receiver knows that we posted: signatures and credentials by name, put on a finished request with the webhook's secret.

Standard Webhooks 1.0.0; `hmac-sha256` as GitHub and Yeastar have it, `sha256=` and lower-case hex over the exact body;
`sms-gate` as android-sms-gateway has it, hex over body and timestamp; `twilio` as X-Twilio-Signature is documented; Basic and
Bearer. The names that begin with `vonage` are known here and done by that format, for they sign parameters.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable
from secrets import token_hex
from urllib.parse import parse_qsl

from gateway.errors import BadValue
from gateway.pbx.options import TOKEN, Option, choice, text
from gateway.pbx.request import Hook, HttpRequest
from gateway.pbx.signature import key_of, new_secret, sign
from gateway.records import Event

STANDARD = "standard-webhooks"
BODY_SIGNINGS = ("none", "hmac-sha256", STANDARD, "sms-gate", "basic", "bearer")
QUERY_SIGNINGS = ("none", "basic", "bearer")  # no body that could be signed

# Of secrets that are no Standard Webhooks secrets: others made them up, so little is asked.
PLAIN_SECRET = r"^[!-~]{8,128}$"
_PLAIN = re.compile(PLAIN_SECRET)
_USER = "simrack"


def options(signings: tuple[str, ...]) -> tuple[Option, ...]:
    found = [choice("signing", signings, "how the receiver knows us")]
    if "hmac-sha256" in signings:
        words = "the name of the header that carries the signature, as X-Hub-Signature-256"
        found.append(text("signature_header", "X-Signature-256", TOKEN, words))
    if "basic" in signings:
        found.append(text("user", _USER, TOKEN, "up to 64 letters, digits and '-': the user name for signing = basic"))
    return tuple(found)


def check_secret(signing: str, secret: str) -> None:
    """Raises BadValue("secret") without repeating it."""
    if signing == STANDARD:
        key_of(secret)
    elif not _PLAIN.search(secret) or secret.endswith("\n"):
        remedy = "8 to 128 printable ASCII characters without blanks; or leave it out and one is made"
        raise BadValue("secret", "cannot be typed everywhere", remedy)


def secret_for(signing: str) -> str:
    return new_secret() if signing == STANDARD else token_hex(16)


def signed(request: HttpRequest, event: Event, hook: Hook, at: float) -> HttpRequest:
    """As the webhook's option `signing` says."""
    return _SIGNINGS[hook.options["signing"]](request, event, hook, int(at))


def _none(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    return request


def _standard(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    """`webhook-id` is the same on each retry; timestamp and signature belong to this attempt."""
    return request.with_headers(
        ("webhook-id", event.id),
        ("webhook-timestamp", str(at)),
        ("webhook-signature", sign(hook.secret, event.id, at, request.body)),
    )


def _hmac_sha256(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    return request.with_headers((hook.options["signature_header"], f"sha256={_hex(hook.secret, request.body)}"))


def _sms_gate(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    signature = _hex(hook.secret, request.body + str(at).encode())
    return request.with_headers(("X-Timestamp", str(at)), ("X-Signature", signature))


def _twilio(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    """HMAC-SHA1 over the URL and every field in the order of their names; each name is there once."""
    fields = sorted(parse_qsl(request.body.decode(), keep_blank_values=True))
    text = request.url + "".join(name + value for name, value in fields)
    digest = hmac.digest(hook.secret.encode(), text.encode(), hashlib.sha1)
    return request.with_headers(("X-Twilio-Signature", b64encode(digest).decode()))


def _basic(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    word = b64encode(f"{hook.options['user']}:{hook.secret}".encode()).decode()
    return request.with_headers(("Authorization", f"Basic {word}"))


def _bearer(request: HttpRequest, event: Event, hook: Hook, at: int) -> HttpRequest:
    return request.with_headers(("Authorization", f"Bearer {hook.secret}"))


def _hex(secret: str, signed: bytes) -> str:
    return hmac.digest(secret.encode(), signed, hashlib.sha256).hex()


_SIGNINGS: dict[str, Callable[[HttpRequest, Event, Hook, int], HttpRequest]] = {
    "none": _none,
    STANDARD: _standard,
    "hmac-sha256": _hmac_sha256,
    "sms-gate": _sms_gate,
    "twilio": _twilio,
    "basic": _basic,
    "bearer": _bearer,
}
