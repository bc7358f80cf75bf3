"""SMS-SUBMIT, from us to the network (3GPP TS 23.040 clause 9.2.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.pdu.coding import Mwi, coding, dcs_of
from gateway.pdu.fields import Encoded, PduError, Ton, address_octets, encoded, open_pdu, read_address
from gateway.pdu.header import Element
from gateway.pdu.times import Validity, read_validity, relative_octet, timestamp_octets
from gateway.pdu.userdata import read_user_data, surplus, user_data_octets
from gateway.records import Concat, Encoding, Part


@dataclass(frozen=True, slots=True)
class Submit:
    """`mr` is TP-MR, `srr` asks for a report, `rd` has a repetition rejected. `udh` is None without a header. `flaws`
    is empty for a sound PDU; otherwise it says what was wrong, and the other fields hold what could be read."""

    smsc: str
    mr: int
    number: str
    ton: Ton
    toa: int
    pid: int
    dcs: int
    encoding: Encoding
    message_class: int | None
    mwi: Mwi | None
    validity: Validity | None
    srr: bool
    rd: bool
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


def encode(
    part: Part,
    recipient: str,
    *,
    reference: int = 0,
    flash: bool = False,
    report: bool = False,
    validity_minutes: int | None = None,
    valid_until: datetime | None = None,
    reject_duplicates: bool = False,
    smsc: str | None = None,
    message_class: int | None = None,
    pid: int = 0,
    elements: Sequence[Element] = (),
) -> Encoded:
    """The PDU for AT+CMGS. `reference` 0 lets the modem choose TP-MR; without a validity the service centre's own
    applies; `elements` come after those the part needs itself; `flash` is message class 0."""
    if not 0 <= reference <= 255:
        raise PduError("TP-MR", None, f"{reference} is no octet")
    if not 0 <= pid <= 255:
        raise PduError("TP-PID", None, f"{pid} is no octet")
    if valid_until is not None and validity_minutes is not None:
        raise PduError("TP-VP", None, "both a period and an end")
    user_data, udhi = user_data_octets(part, elements)
    first, validity = 0x01, b""
    if valid_until is not None:
        first, validity = 0x19, timestamp_octets(valid_until, "TP-VP")
    elif validity_minutes is not None:
        first, validity = 0x11, bytes((relative_octet(validity_minutes),))
    if reject_duplicates:
        first |= 0x04
    if report:
        first |= 0x20
    if udhi:
        first |= 0x40
    dcs = dcs_of(part.encoding, 0 if flash else message_class)
    address = address_octets(recipient, "TP-DA")
    return encoded(smsc, bytes((first, reference)) + address + bytes((pid, dcs)) + validity + user_data)


def decode(hex: str, *, smsc: bool = True) -> Submit:
    """`smsc` says whether the service-centre address stands in front."""
    opened = open_pdu(hex, smsc)
    octets, start = opened.octets, opened.start
    if start >= len(octets) or octets[start] & 0x03 != 0x01:
        raise PduError("TP-MTI", start, "not an SMS-SUBMIT")
    first = octets[start]
    if start + 1 >= len(octets):
        raise PduError("TP-MR", start + 1, "missing")
    address, at = read_address(octets, start + 2, "TP-DA")
    if at + 2 > len(octets):
        raise PduError("TP-DCS" if at < len(octets) else "TP-PID", len(octets), "missing")
    pid, dcs = octets[at], octets[at + 1]
    validity, at, flaw = read_validity(octets, at + 2, first >> 3 & 3)
    scheme = coding(dcs)
    user, end = read_user_data(octets, at, scheme, bool(first & 0x40))
    trailing, more = surplus(octets, end)
    header = user.header
    return Submit(
        smsc=opened.smsc,
        mr=octets[start + 1],
        number=address.number,
        ton=address.ton,
        toa=address.toa,
        pid=pid,
        dcs=dcs,
        encoding=scheme.encoding,
        message_class=scheme.message_class,
        mwi=scheme.mwi,
        validity=validity,
        srr=bool(first & 0x20),
        rd=bool(first & 0x04),
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
        flaws=opened.flaws + ((flaw,) if flaw else ()) + user.flaws + more,
    )
