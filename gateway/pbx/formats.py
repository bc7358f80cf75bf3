"""The formats a webhook may ask for, by name, and what may be said to each. To add one: write its file, name it here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.errors import BadValue
from gateway.pbx import (
    asterisk_ami,
    dinstar_push,
    fusionpbx,
    jasmin_dlr,
    kannel,
    kannel_dlr,
    signing,
    sms_gate,
    smseagle,
    standard,
    telnyx,
    template,
    twilio,
    ucontact,
    vonage,
)
from gateway.pbx.request import AsBox, Format, Hook
from gateway.records import EventType

FORMATS: dict[str, Format] = {
    "standard": standard.FORMAT,
    "telnyx": telnyx.FORMAT,
    "twilio": twilio.FORMAT,
    "vonage": vonage.FORMAT,
    "kannel": kannel.FORMAT,
    "dinstar-push": dinstar_push.FORMAT,
    "smseagle": smseagle.FORMAT,
    "sms-gate": sms_gate.FORMAT,
    "fusionpbx": fusionpbx.FORMAT,
    "ucontact": ucontact.FORMAT,
    "asterisk-ami": asterisk_ami.FORMAT,
    "template": template.FORMAT,
}
# Forms of callbacks that requests alone can ask for; callbacks in the forms `twilio` and `vonage` are as their webhooks.
CALLBACKS: dict[str, Format] = {
    "jasmin-dlr": jasmin_dlr.FORMAT,
    "kannel-dlr": kannel_dlr.FORMAT,
}
_EVERY = {**FORMATS, **CALLBACKS}


def format_of(name: str) -> Format:
    """Of a webhook or a callback."""
    return _EVERY[name]


def require_format(format: str) -> None:
    if format not in FORMATS:
        raise BadValue("format", f"{format} is not known", f"one of {', '.join(FORMATS)}")


def checked(format: str, given: Mapping[str, object]) -> dict[str, Any]:
    """The options as they are kept: only what was given. Raises BadValue naming the option."""
    known = {option.name: option for option in FORMATS[format].options}
    for name in given:
        if name not in known:
            raise BadValue(f"options/{name}", f"is no option of {format}", f"its options are {', '.join(known)}")
    kept = {name: known[name].checked(value) for name, value in given.items()}
    if format == "template":
        template.require_known_placeholders(kept)
    return kept


def hook(
    id: str, url: str, secret: str, format: str, given: Mapping[str, Any], country: str, as_box: AsBox | None = None
) -> Hook:
    return Hook(id, url, secret, _whole(format, given), country, as_box or AsBox())


def untold(format: str, given: Mapping[str, Any]) -> tuple[EventType, ...]:
    """The events that this format with these options cannot express."""
    chosen = FORMATS[format]
    tells = chosen.tells if chosen.narrow is None else chosen.narrow(_whole(format, given))
    return tuple(kind for kind in EventType if kind not in tells and kind is not EventType.WEBHOOK_TEST)


def signing_of(format: str, given: Mapping[str, Any]) -> str:
    return str(_whole(format, given)["signing"])


def forms() -> Iterator[dict[str, Any]]:
    """What may be said together, as JSON Schemas of format, options and secret: two a format at most, by the kind of secret."""
    for name, format in FORMATS.items():
        plain = tuple(one for one in format.signings if one != signing.STANDARD)
        for signings, pattern in (((signing.STANDARD,), STANDARD_SECRET), (plain, signing.PLAIN_SECRET)):
            if any(one in format.signings for one in signings):
                yield _form(name, format, signings, pattern)


# 24 to 64 octets in base64.
STANDARD_SECRET = r"^whsec_([A-Za-z0-9+/]{4}){8,20}([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"


def _form(name: str, format: Format, signings: Sequence[str], secret: str) -> dict[str, Any]:
    shown = {option.name: {**option.form, "description": option.words, "default": option.default} for option in format.options}
    shown["signing"] = {"type": "string", "enum": list(signings)}
    default = format.signings[0] in signings
    options: dict[str, Any] = {"type": "object", "properties": shown, "additionalProperties": False}
    required = [] if name == "standard" and default else ["format"]
    if not default:
        options["required"], required = ["signing"], [*required, "options"]
    told = ["*", *(kind.value for kind in EventType if kind in format.tells)]
    return {
        "title": f"{name}, {' or '.join(signings)}",
        "properties": {
            "format": {"const": name},
            "options": options,
            "secret": {"type": ["string", "null"], "pattern": secret},
            "events": {"contains": {"enum": told}},
        },
        "required": required,
    }


def _whole(format: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {**{option.name: option.default for option in _EVERY[format].options}, **given}
