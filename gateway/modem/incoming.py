"""From a PDU as it came from a modem to the record that is kept. What cannot be decoded becomes a flawed record.

Pure: no modem and no store (3GPP TS 23.040 clause 9.2.3.1 for telling the kinds apart).
"""

from __future__ import annotations

from enum import Enum

from gateway.pdu import deliver, status_report
from gateway.pdu.fields import PduError
from gateway.records import IncomingPart, Report


class Kind(Enum):
    TEXT = 0
    DRAFT = 1  # a SUBMIT somebody stored: not ours to touch
    REPORT = 2
    UNCLEAR = 3


def kind_of(raw: str) -> Kind:
    """What TP-MTI says, as seen by a receiver."""
    try:
        service_centre = int(raw[:2], 16)
        first = int(raw[2 + 2 * service_centre : 4 + 2 * service_centre], 16)
    except ValueError:
        return Kind.UNCLEAR
    return Kind(first & 0x03)


def without_filling(raw: str, filling: str) -> str:
    """A stored status report without what some firmware puts before it; its last octet may be an empty SMSC."""
    if filling and raw.startswith(filling):
        for rest in (raw[len(filling) - 2 :], raw[len(filling) :]):
            if kind_of(rest) is Kind.REPORT:
                return rest
    return raw


def came_whole(raw: str, length: int | None) -> bool:
    """False if this may be the reading of a bad line: it cannot be decoded without a flaw, or is shorter than announced.

    `length` is the TPDU's, in octets, as the modem's header gives it.
    """
    try:
        if length is not None and len(raw) < 2 * (1 + int(raw[:2], 16) + length):
            return False
        return kind_of(raw) is Kind.DRAFT or not getattr(read("", "", raw), "flaws", ())
    except ValueError:
        return False


def read(channel: str, sim: str, raw: str) -> IncomingPart | Report:
    """The record of a text or report; of everything else a flawed IncomingPart."""
    try:
        if kind_of(raw) is Kind.REPORT:
            return _report(channel, sim, raw)
        return _text(channel, sim, raw)
    except PduError as fault:
        return IncomingPart(channel=channel, sim=sim, raw=raw, flaws=(str(fault),))


def _text(channel: str, sim: str, raw: str) -> IncomingPart:
    pdu = deliver.decode(raw)
    return IncomingPart(
        channel=channel,
        sim=sim,
        raw=raw,
        sender=pdu.number,
        sender_type=pdu.ton.value,
        smsc=pdu.smsc,
        service_time=pdu.timestamp,
        text=pdu.text,
        data=pdu.data,
        encoding=pdu.encoding,
        concat=pdu.concat,
        ports=pdu.ports,
        message_class=pdu.message_class,
        flaws=pdu.flaws,
    )


def _report(channel: str, sim: str, raw: str) -> Report:
    pdu = status_report.decode(raw)
    return Report(
        channel=channel,
        sim=sim,
        raw=raw,
        reference=pdu.mr,
        recipient=pdu.number,
        status=pdu.status,
        service_time=pdu.timestamp,
        discharge_time=pdu.discharge,
    )
