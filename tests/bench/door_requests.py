"""How a client of each door writes the request for one text. Sends nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import urlencode

# Method, target, headers, body.
Request = tuple[str, str, dict[str, str], bytes]
OURS = "/v1/messages"
# The senders of some APIs must be given; [doors] other_senders = "ignore" lets any SIM send.
_SENDER = "+4915110000000"


def request(door: str, key: str, to: str, text: str) -> Request:
    """How clients of this door write it. For the Dinstar door the key is USER:PASSWORD."""
    return _WRITTEN[door](key, to, text)


def _form(target: str, headers: dict[str, str], **fields: str) -> Request:
    return "POST", target, {"Content-Type": "application/x-www-form-urlencoded", **headers}, urlencode(fields).encode()


def _document(target: str, headers: dict[str, str], document: object) -> Request:
    return "POST", target, {"Content-Type": "application/json", **headers}, json.dumps(document).encode()


def _query(target: str, **fields: str) -> Request:
    return "GET", f"{target}?{urlencode(fields)}", {}, b""


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _basic(login: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


_WRITTEN: dict[str, Callable[[str, str, str], Request]] = {
    OURS: lambda key, to, text: _document(OURS, _bearer(key), {"to": to, "text": text}),
    "telnyx": lambda key, to, text: _document("/compat/3cx", _bearer(key), {"to": to, "text": text}),
    "plain": lambda key, to, text: _query("/api/send", to=to, text=text, key=key),
    "integra": lambda key, to, text: _form(
        "/Integra/resources/SMS/SendSMS", {"Authorization": key}, destination=to, message=text
    ),
    "kannel": lambda key, to, text: _query("/cgi-bin/sendsms", username="u", password=key, to=to, text=text),
    "twilio": lambda key, to, text: _form(
        f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", _basic(f"u:{key}"), To=to, From=_SENDER, Body=text
    ),
    "vonage": lambda key, to, text: _form("/sms/json", _basic(f"u:{key}"), to=to, text=text, **{"from": _SENDER}),
    "smseagle": lambda key, to, text: _query("/http_api/send_sms", login="u", **{"pass": key}, to=to, message=text),
    "smsgate": lambda key, to, text: _document(
        "/3rdparty/v1/messages", _basic(f"u:{key}"), {"phoneNumbers": [to], "textMessage": {"text": text}}
    ),
    "wildix": lambda key, to, text: _form("/api/v1/originate/sms", _basic(f"u:{key}"), number=to, message=text),
    "playsms": lambda key, to, text: _query("/index.php", app="ws", op="pv", u="u", h=key, to=to, msg=text),
    "jasmin": lambda key, to, text: _query("/send", username="u", password=key, to=to, content=text),
    "dinstar": lambda key, to, text: _document(
        "/api/send_sms", _basic(key), {"text": text, "param": [{"number": to}]}
    ),
}
