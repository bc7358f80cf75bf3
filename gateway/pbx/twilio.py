"""Twilio's incoming messages and status callbacks: a form with X-Twilio-Signature; TwiML in the answer sends texts back.

Sources: Twilio "Messaging Webhooks" and "Outbound Message Status in Status Callbacks", request_validator of twilio-python; FreePBX
SMS Connector reads To, From, Body, SmsMessageSid and NumMedia. The secret is the auth token. Every `<Message>` of an answer to a
received text is sent back to who wrote it (not one that names another `to`); `replies = false` ignores them.
"""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree

from gateway.pbx import twilio_errors
from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, Facts, facts_of, numbers
from gateway.pbx.options import flag, text
from gateway.pbx.request import Format, Heard, Hook, HttpRequest
from gateway.pbx.signing import STANDARD, options, signed
from gateway.pbx.spelling import Pairs, form_post
from gateway.records import Event

MOST_REPLIES = 10
_STATUS = {SENT: "sent", DELIVERED: "delivered", UNDELIVERED: "undelivered", FAILED: "failed"}
REPORTED = tuple(_STATUS)
_SIGNINGS = ("twilio", "none", "basic", "bearer", STANDARD)
_VERSION = ("ApiVersion", "2010-04-01")
# The letters of our ids (Crockford's base 32), worth 0 to 31.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_OUR_ID = re.compile(rf"msg_[0-7][{_ALPHABET}]{{25}}")


def sid(public_id: str) -> str:
    """SM and the 128 bits of our id as hex; of an id of another form, its digest."""
    if _OUR_ID.fullmatch(public_id):
        value = 0
        for letter in public_id.removeprefix("msg_"):
            value = value << 5 | _ALPHABET.index(letter)
        return f"SM{value:032x}"
    return "SM" + hashlib.sha256(public_id.encode()).hexdigest()[:32]


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind is RECEIVED:
        fields = _received(facts, hook.options["account_sid"])
    elif facts.kind in _STATUS:
        fields = _report(facts, hook.options["account_sid"])
    else:
        return None
    request = form_post(hook.url, fields).with_headers(("I-Twilio-Idempotency-Token", event.id))
    return signed(request, event, hook, at)


def _received(facts: Facts, account: str) -> Pairs:
    name = sid(facts.id)
    return (
        *(("MessageSid", name), ("SmsSid", name), ("SmsMessageSid", name), ("AccountSid", account)),
        *(("From", facts.from_), ("To", facts.to), ("Body", facts.text)),
        *(("NumMedia", "0"), ("NumSegments", str(facts.parts)), ("SmsStatus", "received"), _VERSION),
    )


def _report(facts: Facts, account: str) -> Pairs:
    name, status = sid(facts.id), _STATUS[facts.kind]
    failed = facts.kind in (UNDELIVERED, FAILED)
    return (
        *(("MessageSid", name), ("SmsSid", name), ("AccountSid", account), _VERSION),
        *(("From", facts.from_), ("To", facts.to), ("MessageStatus", status), ("SmsStatus", status)),
        *([("ErrorCode", str(twilio_errors.number_of(facts.code)))] if failed else []),
    )


def hear(hook: Hook, body: str) -> Heard:
    """The texts of TwiML. What is no TwiML means nothing: receivers answer OK or {} as well."""
    if not hook.options["replies"] or "<Response" not in body or "<!" in body.replace("<!--", "").replace("<![CDATA[", ""):
        return Heard()  # a document type may define entities that grow without end
    try:
        response = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return Heard()
    if response.tag != "Response":
        return Heard()
    asked = [one for one in response if one.tag in ("Message", "Sms") and "to" not in one.attrib]
    texts = ["".join((one.text or "", *(part.text or "" for part in one if part.tag == "Body"))).strip() for one in asked]
    return Heard(replies=tuple([text for text in texts if text][:MOST_REPLIES]))


FORMAT = Format(
    compose,
    REPORTS | {RECEIVED},
    (
        *options(_SIGNINGS),
        numbers(),
        text("account_sid", "AC" + "0" * 32, "^AC[0-9a-f]{32}$", "AC and 32 lower-case hex digits, as the receiver expects it"),
        flag("replies", True, "whether <Message> in an answer is sent back"),
    ),
    _SIGNINGS,
    hear,
)
