"""Asterisk by its manager interface: a received text goes to a phone by MessageSend, a report to whoever listens by UserEvent.

Source: docs.asterisk.org, AMI action MessageSend of versions 18 to 22, and what Asterisk's main/message.c does. The body travels as
Base64Body, so that line ends and emoji survive. A line holds at most 756 octets of it: a longer text leaves as several, and a phone
shows several. Success means that the text was handed to the endpoint's contact; whether a phone showed it, AMI does not tell.
Versions that know no Destination take To for it (`old`). Each variable becomes a header of the SIP MESSAGE.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from gateway.pbx import ami
from gateway.pbx.ami import Action
from gateway.pbx.facts import RECEIVED, REPORTS, Facts, facts_of, numbers
from gateway.pbx.options import Option, choice, flag, text
from gateway.pbx.request import AmiRequest, Format, Hook, NotPosted
from gateway.records import Event, EventType

SIGNING = "ami"
PLACEHOLDERS = ("extension", "to", "from", "id", "event_id", "channel")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_ONE_OF_THEM = rf"\{{({'|'.join(PLACEHOLDERS)})\}}"
_NAMES = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
_WORDS = f"up to 100 printable ASCII signs and placeholders, quotes in pairs; placeholders are {_NAMES}"
_TEMPLATE = rf'^([ !#-z|~]|{_ONE_OF_THEM}|"([ !#-z|~]|{_ONE_OF_THEM}){{0,100}}"){{1,100}}$'
_VALUE = rf"^([ !#-+\--\[\]-z|~]|{_ONE_OF_THEM}){{0,100}}$"  # no comma, quote or backslash: Asterisk would take it apart
_EXTENSION = r"^([A-Za-z0-9._+@-]{1,32})?$"
_VARIABLE = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")
_MOST_VARIABLES = 20
_OCTETS_OF_A_BODY = (ami.LONGEST_LINE - len("Base64Body: \r\n")) // 4 * 3
_UNSAFE_IN_QUOTES = re.compile(r'["\\<>;]')  # Asterisk cuts From at a semicolon


def compose(event: Event, hook: Hook, at: float) -> AmiRequest | None:
    facts = facts_of(event, hook)
    if facts.kind not in told(hook.options):
        return None
    if facts.kind is not RECEIVED:
        actions: tuple[Action, ...] = (_report(event, facts),)
    elif event.type is EventType.WEBHOOK_TEST and not hook.options["default_extension"]:
        actions = (ami.action("Ping", event.id),)  # nobody is texted: it tells whether the login works
    else:
        actions = _messages(event, facts, hook)
    return AmiRequest(hook.url, hook.options["user"], hook.secret, actions)


def told(options: Mapping[str, Any]) -> frozenset[EventType]:
    return REPORTS | {RECEIVED} if options["reports"] else frozenset({RECEIVED})


def _messages(event: Event, facts: Facts, hook: Hook) -> tuple[Action, ...]:
    options = hook.options
    values = {
        "extension": _extension(event, options),
        "to": facts.to,
        "from": facts.from_,
        "id": facts.id,
        "event_id": event.id,
        "channel": facts.channel,
    }
    destination = _filled(options["destination"], values)
    fixed = [
        ("To" if options["old"] else "Destination", destination),
        ("From", _filled(options["from"], values)),
        *(("Variable", f"{name}={_filled(value, values)}") for name, value in options["variables"].items()),
    ]
    pieces = _pieces(facts.text.replace("\0", "\ufffd"))  # Asterisk's texts end at a NUL
    ids = [event.id] if len(pieces) == 1 else [f"{event.id}.{number}" for number in range(1, len(pieces) + 1)]
    return tuple(
        ami.action("MessageSend", id, *fixed, ("Base64Body", b64encode(piece.encode()).decode()), about=destination)
        for id, piece in zip(ids, pieces, strict=True)
    )


def _extension(event: Event, options: Mapping[str, Any]) -> str:
    """Raises NotPosted when the destination needs one and there is none."""
    given = event.data.get("extension")
    found = str(given) if given else str(options["default_extension"])
    if "{extension}" not in options["destination"]:
        return found if re.fullmatch(_EXTENSION, found) else ""
    if not found:
        raise NotPosted(
            "this text is for no extension; give the webhook the option default_extension, or give the number or the sender an"
            " extension, and replay it"
        )
    if not re.fullmatch(_EXTENSION, found):
        raise NotPosted(f"the extension {found[:40]!r} is no name of an endpoint; use letters, digits and . _ + @ - and replay it")
    return found


def _report(event: Event, facts: Facts) -> Action:
    """As any program at the manager interface, or the dialplan, may hear it."""
    fields = (
        *(("UserEvent", "SimrackReport"), ("Event-Id", event.id), ("Message-Id", facts.id), ("Status", facts.status)),
        *(("From", facts.from_), ("To", facts.to), ("Client-Ref", facts.client_ref), ("Reason", facts.reason)),
    )
    return ami.action("UserEvent", event.id, *fields, about="UserEvent")


def _pieces(text: str) -> list[str]:
    """Each no longer than a line takes; cut at a blank or line end where there is one in the second half."""
    pieces = []
    while len(text.encode()) > _OCTETS_OF_A_BODY:
        most = len(text.encode()[:_OCTETS_OF_A_BODY].decode(errors="ignore"))
        blank = max(text.rfind(" ", most // 2, most), text.rfind("\n", most // 2, most))
        end = blank + 1 if blank >= 0 else most
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text]


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Between quotes a value stands as it is, without what would end them; elsewhere as in a SIP address."""
    parts = template.split('"')
    for number, part in enumerate(parts):
        parts[number] = _PLACEHOLDER.sub(_in_quotes(values) if number % 2 else _in_address(values), part)
    return '"'.join(parts)


def _in_quotes(values: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda found: _UNSAFE_IN_QUOTES.sub(" ", values[found[1]])


def _in_address(values: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda found: quote(values[found[1]], safe="+*@" if found[1] == "extension" else "+*")


# Checks of what people write.


def _template(name: str, default: str, words: str) -> Option:
    return text(name, default, _TEMPLATE, f"{words}; {_WORDS}")


def _are_variables(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_VARIABLES
        and all(_VARIABLE.fullmatch(name) and isinstance(one, str) and re.fullmatch(_VALUE, one) for name, one in value.items())
    )


FORMAT = Format(
    compose,
    REPORTS | {RECEIVED},
    (
        choice("signing", (SIGNING,), "the secret is that of the user in manager.conf"),
        numbers(),
        text("user", "simrack", r"^[A-Za-z0-9._-]{1,64}$", "up to 64 letters, digits and . _ -: the user in manager.conf"),
        _template("destination", "pjsip:{extension}", "where a text goes"),
        text("default_extension", "", _EXTENSION, "up to 32 letters, digits and . _ + @ -: whose texts that name no extension are"),
        _template("from", '"{from}" <sip:{from}@simrack>', "whom it is from"),
        flag("old", False, "for an Asterisk that knows no Destination, and takes To for it"),
        Option(
            "variables",
            {},
            f"up to {_MOST_VARIABLES} names and values, which become headers of the SIP MESSAGE, without commas; {_WORDS}",
            {
                "type": "object",
                "maxProperties": _MOST_VARIABLES,
                "propertyNames": {"pattern": _VARIABLE.pattern},
                "additionalProperties": {"type": "string", "pattern": _VALUE},
            },
            _are_variables,
        ),
        flag("reports", False, "tell reports too, as UserEvent SimrackReport; the user needs write = user for that"),
    ),
    (SIGNING,),
    narrow=told,
    schemes=("ami", "amis"),
)
