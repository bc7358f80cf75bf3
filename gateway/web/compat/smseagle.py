"""SMSEagle's API, v1 by URL or JSON-RPC and v2 by JSON: sending, for the monitoring that speaks it. Ids are the numbers of rows.

modem_no counts the channels in the order of the configuration, from 1. What became of a text is read in the folders of sent texts,
by JSON-RPC; the inbox, phonebook and USSD are not offered here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request

from gateway.records import SendRequest
from gateway.web.answers import answer
from gateway.web.compat import smseagle_folders
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, document, fields, listed, minutes, truth, whole
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

_STATUS = {
    Why.ADDRESS: 403,
    Why.CREDENTIALS: 401,
    Why.SCOPE: 403,
    Why.CONTENT: 403,
    Why.RULE: 403,
    Why.FAST: 429,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}
_DENIED = (Why.CREDENTIALS, Why.SCOPE, Why.ADDRESS)
_MOST_RECIPIENTS = 1000
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
_VALIDITY = re.compile(r"([0-9]{1,3})([mhdw])")


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("smseagle", doors, _say)
    bp = entry.blueprint()

    def accepted(token: str | None, given: Mapping[str, Any], recipients: Sequence[str]) -> list[tuple[str, int]]:
        """Recipients and the numbers of their texts; a request that is a test sends nothing, and its number is 0."""
        key = entry.key(token, "send")
        wanted = _wanted(given, recipients, doors)
        if truth(given.get("test", "")):
            return [(one.to, 0) for one in wanted]
        once = entry.once(wanted[0].client_ref, [one.to for one in wanted], wanted[0].text)
        messages = entry.accept(wanted, key, once)
        return list(zip([one.to for one in messages], entry.serials(messages), strict=True))

    def by_url() -> Response:
        given = fields()
        numbered = accepted(_token(given), given, listed(given.get("to", "")))
        if given.get("responsetype") == "xml":
            return _xml("".join(f"<message_id>{number}</message_id><status>ok</status>" for _, number in numbered), 200)
        return _text("\n".join(f"OK; ID={number}" for _, number in numbered), 200)

    def by_rpc() -> Response:
        called = document()
        given, method = called.get("params"), str(called.get("method")).removeprefix("sms.")
        if method not in ("send_sms", "read_sms") or not isinstance(given, dict):
            raise Refused(Why.VALUE, "Wrong parameters", "method")
        if method == "read_sms":
            return answer({"result": smseagle_folders.read(entry, entry.key(_token(given), "read"), given)})
        numbered = accepted(_token(given), given, listed(str(given.get("to") or "")))
        extended = [{"message_id": str(number), "status": "ok"} for _, number in numbered]
        simple = [f"OK; ID={number}" for _, number in numbered]
        found: list[Any] = extended if given.get("responsetype") == "extended" else simple
        return answer({"result": found[0] if len(found) == 1 else found})

    for prefix in ("", "/index.php"):
        bp.add_url_rule(f"{prefix}/http_api/send_sms", f"url{prefix}".replace(".", "_"), by_url, methods=["GET", "POST"])
        bp.add_url_rule(f"{prefix}/jsonrpc/sms", f"rpc{prefix}".replace(".", "_"), by_rpc, methods=["POST"])

    @bp.post("/api/v2/messages/sms")
    def by_v2() -> Response:
        token = request.headers.get("access-token") or bearer()
        entry.key(token, "send")  # who has none does not learn how a body is judged
        given = document()
        to = given.get("to")
        if not isinstance(to, list) or not all(isinstance(one, str) for one in to):
            raise missing("to")
        numbered = accepted(token, {**given, "message": given.get("text")}, to)
        return answer([{"status": "queued", "number": one, "id": number} for one, number in numbered])

    return bp


def _token(given: Mapping[str, Any]) -> str | None:
    found = given.get("access_token") or given.get("pass")
    return found if isinstance(found, str) else None


def _wanted(given: Mapping[str, Any], recipients: Sequence[str], doors: Doors) -> list[SendRequest]:
    text = given.get("message")
    if not recipients or not isinstance(text, str) or not text:
        raise missing("message" if recipients else "to")
    if len(recipients) > _MOST_RECIPIENTS:
        raise wrong("to", f"names more than {_MOST_RECIPIENTS}")
    if given.get("message_type") not in (None, "", "sms"):
        raise wrong("message_type", "is not offered; texts are")
    names = doors.settings.channel_names
    modem = given.get("modem_no")
    wanted = SendRequest(
        "",
        text,
        channel=names[whole("modem_no", modem, 1, len(names)) - 1] if modem not in (None, "") else None,
        priority=5 if truth(given.get("highpriority", "")) else whole("priority", given.get("priority") or 0, 0, 9),
        send_at=_moment(str(given.get("date") or "")),
        validity_minutes=_validity(str(given.get("validity") or "max")),
        flash=truth(given.get("flash", "")),
        client_ref=str(given["oid"])[:36] if given.get("oid") else None,
    )
    return [replace(wanted, to=one) for one in dict.fromkeys(recipients)]


def _moment(written: str) -> float | None:
    """YYYYMMDDHHMM, or as v2 has it 2026-09-21T15:00:00Z; in UTC where no zone is named."""
    if not written:
        return None
    try:
        found = datetime.strptime(written, "%Y%m%d%H%M") if written.isdecimal() else datetime.fromisoformat(written)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as fault:
        raise wrong("date", "is not written as YYYYMMDDHHMM or 2026-09-21T15:00:00Z") from fault


def _validity(written: str) -> int | None:
    """5m, 12h, 2d, 4w, or max: as long as the network keeps it."""
    if written == "max":
        return None
    found = _VALIDITY.fullmatch(written)
    if found is None:
        raise wrong("validity", "is none of 5m, 10m, 30m, 1h, 2h, 4h, 12h, 1d, 2d, 5d, 1w, 2w, 4w and max")
    return minutes(int(found[1]) * _MINUTES[found[2]])


def _say(refused: Refused) -> Response:
    status = _STATUS.get(refused.why, 400)
    word = "Invalid login or password" if refused.why in _DENIED else "Wrong parameters"
    if request.path.startswith("/api/v2/"):
        return answer({"message": refused.detail}, status)
    if refused.why in (Why.FAST, Why.BUSY, Why.INTERNAL):
        word = "Error while adding message"
    if "/jsonrpc/" in request.path:
        result = {"error_text": word, "status": "error"} if _extended(refused) else word
        return answer({"result": result, "error": refused.detail}, status)
    if refused.why is not Why.LARGE and request.values.get("responsetype") == "xml":
        return _xml(f"<error_text>{escape(word)}</error_text><status>error</status>", status)
    return _text(word if refused.why in _DENIED else f"{word}: {refused.detail}", status)


def _extended(refused: Refused) -> bool:
    """Whether the request by JSON-RPC, as far as it can be read, wants its answer so."""
    if refused.why in (Why.LARGE, Why.BODY, Why.ADDRESS):
        return False
    try:
        given = document().get("params")
    except Refused:
        return False
    return isinstance(given, dict) and given.get("responsetype") == "extended"


def _text(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")


def _xml(rows: str, status: int) -> Response:
    return Response(f"<xml>{rows}</xml>", status, content_type="text/xml; charset=utf-8")
