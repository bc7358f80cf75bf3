"""Receipts and incoming texts to deliver_sm, and the ids that clients see. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from gateway.records import Message, SmppAddress, SmppDelivery, Status
from gateway.smpp import text, times
from gateway.smpp.addresses import address_of
from gateway.smpp.codec import ShortMessage
from gateway.smpp.words import STATES, Tag

_RECEIPT = 0x04
_LONGEST_SHORT = 254
_MARK = "msg"
_STATE_BY_STATUS = {
    Status.DELIVERED: "DELIVRD",
    Status.EXPIRED: "EXPIRED",
    Status.CANCELLED: "DELETED",
    Status.UNDELIVERED: "UNDELIV",
    Status.FAILED: "UNDELIV",
    Status.UNKNOWN: "UNKNOWN",
    Status.BLOCKED: "REJECTD",
}


def shown_id(public_id: str) -> str:
    """Without its underscore, which is another octet in GSM 03.38 than in ASCII: a receipt must read alike in both."""
    return public_id.replace("_", "", 1)


def public_id(shown: str) -> str:
    """An id as the rest of the gateway knows it, from what a client gives."""
    return f"{_MARK}_{shown[len(_MARK) :]}" if shown.startswith(_MARK) else shown


def state_of(message: Message | None) -> str:
    """The word for a message's present status; None is a message whose segments are not all here."""
    return "ENROUTE" if message is None else _STATE_BY_STATUS.get(message.status, "ENROUTE")


def deliver(delivery: SmppDelivery) -> ShortMessage:
    data = cast(dict[str, Any], delivery.data)
    return _receipt(delivery.message, data) if delivery.kind == "receipt" else _text(data)


def _receipt(message: str, data: dict[str, Any]) -> ShortMessage:
    shown, state = shown_id(message), str(data["state"])
    words = (
        f"id:{shown} sub:001 dlvrd:{1 if state == 'DELIVRD' else 0:03} submit date:{times.minute(data['submitted_at'])}"
        f" done date:{times.minute(data['done_at'])} stat:{state} err:{data['code']:03} text:"
    )
    return ShortMessage(
        source=_address(data["destination"]),
        destination=_address(data["source"]),
        octets=words.encode("ascii"),
        esm_class=_RECEIPT,
        optional={Tag.RECEIPTED_MESSAGE_ID: shown.encode("ascii") + b"\0", Tag.MESSAGE_STATE: bytes((STATES[state],))},
    )


def _text(data: dict[str, Any]) -> ShortMessage:
    binary = bytes.fromhex(data["octets"])
    coding, octets = (text.BINARY, binary) if binary else text.written(data["text"])
    short = len(octets) <= _LONGEST_SHORT
    return ShortMessage(
        source=address_of(data["from"]),
        destination=address_of(data["to"]),
        octets=octets if short else b"",
        data_coding=coding,
        optional={} if short else {Tag.MESSAGE_PAYLOAD: octets},
    )


def _address(stored: Sequence[Any]) -> SmppAddress:
    return SmppAddress(*stored)
