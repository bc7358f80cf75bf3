"""What requests of each kind may ask to hear, and where: one callback a message. Checks addresses as webhooks do; posts nothing."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from gateway.core.forwarding.addresses import Reach
from gateway.core.identifiers import new_id
from gateway.core.urls import checked_url
from gateway.errors import BadValue
from gateway.pbx import jasmin_dlr, kannel_dlr, twilio_errors
from gateway.pbx import telnyx as telnyx_form
from gateway.pbx import twilio as twilio_form
from gateway.pbx import vonage as vonage_form
from gateway.records import Callback
from gateway.store.callbacks import NewCallback

_PORTS = {"http": 80, "https": 443}


def kannel(url: str, mask: int) -> Callback | None:
    """None for a mask of what never happens here."""
    events = kannel_dlr.told_by(mask)
    return Callback(url, "kannel-dlr", events) if events else None


def jasmin(url: str, level: int, method: str) -> Callback:
    """`method` is get or post."""
    return Callback(url, "jasmin-dlr", jasmin_dlr.told_by(level), {"level": level, "method": method})


def telnyx(url: str) -> Callback:
    return Callback(url, "telnyx", telnyx_form.REPORTED)


def twilio(url: str, account: str) -> Callback:
    """`account` is told as AccountSid. What stands behind '#' tells Twilio how to call, and is never sent."""
    return Callback(url.partition("#")[0], "twilio", twilio_form.REPORTED, {"account_sid": account})


def twilio_error(code: str) -> int:
    """What a callback to Twilio's clients says of an error with this code of ours; who asks for the text is told the same."""
    return twilio_errors.number_of(code)


def vonage(url: str, api_key: str, method: str) -> Callback:
    """`api_key` is told as api-key; `method` is post, json or get."""
    return Callback(url, "vonage", vonage_form.REPORTED, {"api_key": api_key, "method": method})


def checked(wanted: Callback, now: float, field: str, reach: Reach | None = None) -> NewCallback:
    """`reach` is where callbacks may point; an address is judged again whenever it is called. Raises BadValue."""
    try:
        checked_url(wanted.url, reach=reach)
    except BadValue as fault:
        raise BadValue(field, fault.reason, fault.remedy) from None
    split = urlsplit(wanted.url)
    if "%" in split.netloc:
        raise BadValue(field, "names a host by an escape", "write the name of the host as it is")
    return NewCallback(
        url=wanted.url,
        origin=f"{split.scheme}://{_host(split.hostname or '')}:{split.port or _PORTS[split.scheme]}",
        path=sha256(split.path.encode()).hexdigest()[:16],
        format=wanted.format,
        events=tuple(event.value for event in wanted.events),
        receiver=new_id("wh", now),
        options=wanted.options,
    )


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
