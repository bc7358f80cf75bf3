"""A submit_sm to what core takes in, and core's refusals to statuses. PURE but for the time, which is an argument."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.submitting import Submission
from gateway.errors import AgainstRule, BadValue, SimrackError, StorageFull, TooFast
from gateway.records import Concat, Key, SendRequest, SmppWish
from gateway.smpp import addresses, text, times
from gateway.smpp.codec import Malformed, ShortMessage
from gateway.smpp.words import Status, Tag

_UDH_INDICATOR = 0x40
# Default, datagram and store-and-forward; what is neither (a message type, a reply path) is refused.
_MODES = (0x00, 0x01, 0x03)
_HIGHEST_PRIORITY = 3
_LONGEST_AHEAD_S = 366 * 86400.0
_SHORTEST_VALIDITY, _LONGEST_VALIDITY = 5, 635_040  # minutes, what TP-VP can say
_BY_FIELD = {
    "to": Status.BAD_DESTINATION,
    "from": Status.BAD_SOURCE,
    "extension": Status.BAD_SOURCE,
    "send_at": Status.BAD_SCHEDULE,
    "expires_at": Status.BAD_EXPIRY,
    "text": Status.BAD_MESSAGE_LENGTH,
}


class Refusal(Malformed):
    """A submit_sm that is sound but asks for what is not offered."""


def submission(m: ShortMessage, key: Key, now: float, own_numbers: Callable[[str], bool] | None = None) -> Submission:
    """Raises Malformed. `own_numbers` says of a sender whether it may stay; None keeps every sender, for core to judge."""
    _require_offered(m)
    header = text.UserHeader(_octets(m))
    try:
        if m.esm_class & _UDH_INDICATOR:
            header = text.read_header(header.rest)
        read = text.reader(m.data_coding, header.locking, header.single)
    except text.Unreadable as fault:
        raise Refusal(Status.SUBMIT_FAILED, str(fault)) from fault
    concat = _valid(header.concat or _segmented(m))
    return Submission(
        key=key,
        request=_request(m, now, own_numbers),
        octets=header.rest,
        read=lambda octets: _read(octets, read),
        wish=SmppWish(m.registered & 0x03 == 2, m.source, m.destination) if m.registered & 0x03 else None,
        concat=concat,
        line="" if concat is None else repr((concat.reference, concat.wide, concat.total, m.source, m.destination, m.data_coding)),
    )


def status_of(fault: Exception) -> Status:
    """The command_status that says a refusal."""
    match fault:
        case Malformed():
            return fault.status
        case AgainstRule(field="text"):
            return Status.REJECTED
        case BadValue():
            return _BY_FIELD.get(fault.field, Status.SUBMIT_FAILED)
        case StorageFull():
            return Status.QUEUE_FULL
        case TooFast():
            return Status.THROTTLED
        case SimrackError():
            return Status.SUBMIT_FAILED
        case _:
            return Status.SYSTEM_ERROR


def _require_offered(m: ShortMessage) -> None:
    if m.esm_class & ~_UDH_INDICATOR not in _MODES:
        raise Refusal(Status.BAD_ESM_CLASS, f"esm_class {m.esm_class:#04x} is not offered")
    if m.replace:
        raise Refusal(Status.BAD_REPLACE_FLAG, "replace_if_present is not offered")
    if m.protocol_id:
        raise Refusal(Status.SUBMIT_FAILED, f"protocol_id {m.protocol_id:#04x} cannot be passed on")
    if m.priority > _HIGHEST_PRIORITY:
        raise Refusal(Status.BAD_PRIORITY, f"priority {m.priority} is above {_HIGHEST_PRIORITY}")
    if m.service_type == "USSD":
        raise Refusal(Status.BAD_SERVICE_TYPE, "service codes are not offered")


def _octets(m: ShortMessage) -> bytes:
    payload = m.optional.get(Tag.MESSAGE_PAYLOAD)
    if payload is None:
        return m.octets
    if m.octets:
        raise Refusal(Status.BAD_MESSAGE_LENGTH, "short_message and message_payload are given both")
    return payload


def _segmented(m: ShortMessage) -> Concat | None:
    wanted = (Tag.SAR_REFERENCE, 2), (Tag.SAR_TOTAL, 1), (Tag.SAR_NUMBER, 1)
    given = [m.optional.get(tag) for tag, _ in wanted]
    if not any(given):
        return None
    if any(value is None or len(value) != length for value, (_, length) in zip(given, wanted, strict=True)):
        raise Malformed(Status.BAD_OPTIONAL_LENGTH, "sar_msg_ref_num, sar_total_segments and sar_segment_seqnum belong together")
    reference, total, number = (int.from_bytes(value or b"") for value in given)
    # Beyond what a header can say, so that the two ways of counting never mix.
    return Concat(reference + 0x10000, total, number, wide=True)


def _valid(concat: Concat | None) -> Concat | None:
    if concat is None or concat.total == 1 == concat.number:
        return None
    if not 1 <= concat.number <= concat.total:
        raise Refusal(Status.SUBMIT_FAILED, f"there is no segment {concat.number} of {concat.total}")
    return concat


def _request(m: ShortMessage, now: float, own_numbers: Callable[[str], bool] | None) -> SendRequest:
    send_at = _moment(m.schedule, now, Status.BAD_SCHEDULE)
    send_at = None if send_at is None or send_at <= now else send_at
    expires_at = _moment(m.validity, send_at or now if m.validity.endswith("R") else now, Status.BAD_EXPIRY)
    if expires_at is None:
        validity = None
    else:
        minutes = int(expires_at - (send_at or now)) // 60
        validity = min(max(minutes, _SHORTEST_VALIDITY), _LONGEST_VALIDITY)
    return SendRequest(
        to=_to(m),
        text="",
        from_=_sender(m, own_numbers),
        priority=m.priority,
        send_at=send_at,
        expires_at=expires_at,
        validity_minutes=validity,
        flash=text.is_flash(m.data_coding),
        report=bool(m.registered & 0x03),
    )


def _to(m: ShortMessage) -> str:
    try:
        return addresses.written(m.destination)
    except addresses.BadTon as fault:
        raise Refusal(Status.BAD_DESTINATION_TON, str(fault)) from fault


def _sender(m: ShortMessage, own_numbers: Callable[[str], bool] | None) -> str | None:
    if not m.source.number.strip():
        return None
    try:
        written = addresses.written(m.source)
    except addresses.BadTon as fault:
        if own_numbers is not None:
            return None
        raise Refusal(Status.BAD_SOURCE, "texts carry the number of their SIM; a name cannot stand in its place") from fault
    return written if own_numbers is None or own_numbers(written) else None


def _moment(written: str, now: float, status: Status) -> float | None:
    try:
        found = times.moment(written, now)
    except times.BadTime as fault:
        raise Malformed(status, str(fault)) from fault
    if found is not None and found > now + _LONGEST_AHEAD_S:
        raise Malformed(status, f"{written!r} is more than a year ahead")
    return found


def _read(octets: bytes, read: Callable[[bytes], str]) -> str:
    try:
        return read(octets)
    except text.Unreadable as fault:
        raise BadValue("octets", str(fault), "choose the data_coding that fits") from fault
