"""SMS-DELIVER, from the network to us (3GPP TS 23.040 clause 9.2.2.1). Encoding is for tools: a gateway only reads
these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.pdu.coding import Mwi, coding, dcs_of
from gateway.pdu.fields import Encoded, PduError, Ton, address_octets, encoded, open_pdu, read_address
from gateway.pdu.header import Element
from gateway.pdu.times import LENGTH, read_timestamp, timestamp_octets
from gateway.pdu.userdata import length_flaws, read_user_data, surplus, user_data_octets
from gateway.records import Concat, Encoding, Part


@dataclass(frozen=True, slots=True)
class Deliver:
    """`mms` is the bit as it came: true says that nothing more waits. `sri`: the sender asked for a report. `udh` is
    None without a header. `timestamp` is None when the service centre wrote no date. `flaws` is empty for a sound PDU;
    otherwise it says what was wrong, and the other fields hold what could be read."""

    smsc: str
    number: str
    ton: Ton
    toa: int
    pid: int
    dcs: int
    encoding: Encoding
    message_class: int | None
    mwi: Mwi | None
    timestamp: datetime | None
    mms: bool
    sri: bool
    udl: int
    udh: tuple[Element, ...] | None
    concat: Concat | None
    ports: tuple[int, int] | None
    locking: int
    single: int
    text: str
    data: bytes
    tpdu_len: int
    trailing_octets: int
    flaws: tuple[str, ...]


def decode(hex: str, *, smsc: bool = True, tpdu_len: int | None = None) -> Deliver:
    """`smsc` says whether the service-centre address stands in front, `tpdu_len` is the length the modem announced."""
    opened = open_pdu(hex, smsc)
    octets, start = opened.octets, opened.start
    if start >= len(octets) or octets[start] & 0x03 != 0x00:
        raise PduError("TP-MTI", start, "not an SMS-DELIVER")
    first = octets[start]
    address, at = read_address(octets, start + 1, "TP-OA")
    if at + 2 > len(octets):
        raise PduError("TP-DCS" if at < len(octets) else "TP-PID", len(octets), "missing")
    dcs = octets[at + 1]
    scheme = coding(dcs)
    timestamp, flaw = read_timestamp(octets, at + 2, "TP-SCTS")
    user, end = read_user_data(octets, at + 2 + LENGTH, scheme, bool(first & 0x40))
    trailing, flaws = surplus(octets, end)
    flaws += length_flaws(tpdu_len, len(octets) - start, end - start)
    header = user.header
    return Deliver(
        smsc=opened.smsc,
        number=address.number,
        ton=address.ton,
        toa=address.toa,
        pid=octets[at],
        dcs=dcs,
        encoding=scheme.encoding,
        message_class=scheme.message_class,
        mwi=scheme.mwi,
        timestamp=timestamp,
        mms=bool(first & 0x04),
        sri=bool(first & 0x20),
        udl=user.udl,
        udh=header.elements if first & 0x40 else None,
        concat=header.concat,
        ports=header.ports,
        locking=header.locking,
        single=header.single,
        text=user.text,
        data=user.data,
        tpdu_len=len(octets) - start,
        trailing_octets=trailing,
        flaws=opened.flaws + ((flaw,) if flaw else ()) + user.flaws + flaws,
    )


def encode(
    part: Part,
    sender: str,
    timestamp: datetime,
    *,
    flash: bool = False,
    report: bool = False,
    more: bool = False,
    smsc: str | None = None,
    elements: Sequence[Element] = (),
) -> Encoded:
    """`report`: the sender asked for one. `more`: other texts wait for this phone."""
    user_data, udhi = user_data_octets(part, elements)
    first = (0x00 if more else 0x04) | (0x20 if report else 0) | (0x40 if udhi else 0)
    dcs = dcs_of(part.encoding, 0 if flash else None)
    address = address_octets(sender, "TP-OA")
    time = timestamp_octets(timestamp, "TP-SCTS")
    return encoded(smsc, bytes((first,)) + address + bytes((0, dcs)) + time + user_data)
