"""SMS-STATUS-REPORT, the network's word on a part (3GPP TS 23.040 clause 9.2.2.3). Encoding is for tools. Which part a
report belongs to is not decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.pdu.coding import Coding, coding
from gateway.pdu.fields import Encoded, PduError, Ton, address_octets, encoded, open_pdu, read_address
from gateway.pdu.header import Element
from gateway.pdu.times import LENGTH, read_timestamp, timestamp_octets
from gateway.pdu.userdata import UserData, length_flaws, read_user_data, surplus
from gateway.records import Encoding


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`mr` is the TP-MR of the text reported on, `status` is TP-ST, `discharge` the time of that status. The fields
    from `pid` to `data` are optional on the air and None or empty when they did not come."""

    smsc: str
    mr: int
    number: str
    ton: Ton
    toa: int
    timestamp: datetime | None
    discharge: datetime | None
    status: int
    pid: int | None
    dcs: int | None
    encoding: Encoding | None
    udl: int | None
    udh: tuple[Element, ...] | None
    text: str
    data: bytes
    tpdu_len: int
    trailing_octets: int
    flaws: tuple[str, ...]

    @property
    def status_class(self) -> str:
        """Clause 9.2.3.15: `delivered`; `completed` without anybody knowing that it reached the phone (forwarded,
        replaced); `trying`, the service centre goes on; `failed`."""
        if self.status == 0:
            return "delivered"
        if self.status < 0x20:
            return "completed"
        return "trying" if self.status < 0x40 else "failed"


@dataclass(frozen=True, slots=True)
class _Options:
    pid: int | None = None
    dcs: int | None = None
    encoding: Encoding | None = None
    user: UserData | None = None
    flaws: tuple[str, ...] = ()


def decode(hex: str, *, smsc: bool = True, tpdu_len: int | None = None) -> StatusReport:
    opened = open_pdu(hex, smsc)
    octets, start = opened.octets, opened.start
    if start >= len(octets) or octets[start] & 0x03 != 0x02:
        raise PduError("TP-MTI", start, "not an SMS-STATUS-REPORT")
    if start + 1 >= len(octets):
        raise PduError("TP-MR", start + 1, "missing")
    address, at = read_address(octets, start + 2, "TP-RA")
    timestamp, flaw = read_timestamp(octets, at, "TP-SCTS")
    discharge, other = read_timestamp(octets, at + LENGTH, "TP-DT")
    at += 2 * LENGTH
    if at >= len(octets):
        raise PduError("TP-ST", at, "missing")
    options, end = _read_options(octets, at + 1, bool(octets[start] & 0x40))
    trailing, flaws = surplus(octets, end)
    flaws += length_flaws(tpdu_len, len(octets) - start, end - start)
    user = options.user
    return StatusReport(
        smsc=opened.smsc,
        mr=octets[start + 1],
        number=address.number,
        ton=address.ton,
        toa=address.toa,
        timestamp=timestamp,
        discharge=discharge,
        status=octets[at],
        pid=options.pid,
        dcs=options.dcs,
        encoding=options.encoding,
        udl=user.udl if user else None,
        udh=user.header.elements if user and octets[start] & 0x40 else None,
        text=user.text if user else "",
        data=user.data if user else b"",
        tpdu_len=len(octets) - start,
        trailing_octets=trailing,
        flaws=opened.flaws + tuple(f for f in (flaw, other) if f) + options.flaws + flaws,
    )


def _read_options(octets: bytes, at: int, udhi: bool) -> tuple[_Options, int]:
    """What the parameter indicator (clause 9.2.3.27) says follows, and where it ends. Nothing but 0xFF is the filling
    of a SIM record, not an indicator."""
    if not octets[at:].strip(b"\xff"):
        return _Options(), at
    indicator = octets[at]
    while at < len(octets) and octets[at] & 0x80:
        at += 1
    at += 1
    pid = dcs = None
    scheme = Coding(Encoding.GSM7)  # without TP-DCS the default alphabet (clause 9.2.3.27)
    if indicator & 0x01:
        if at >= len(octets):
            return _Options(flaws=("TP-PID is missing",)), len(octets)
        pid = octets[at]
        at += 1
    if indicator & 0x02:
        if at >= len(octets):
            return _Options(pid, flaws=("TP-DCS is missing",)), len(octets)
        dcs = octets[at]
        scheme = coding(dcs)
        at += 1
    if not indicator & 0x04:
        return _Options(pid, dcs, scheme.encoding if dcs is not None else None), min(at, len(octets))
    user, end = read_user_data(octets, at, scheme, udhi)
    return _Options(pid, dcs, scheme.encoding, user, user.flaws), end


def encode(
    reference: int,
    recipient: str,
    status: int,
    *,
    timestamp: datetime,
    discharge: datetime,
    more: bool = False,
    smsc: str | None = None,
) -> Encoded:
    if not 0 <= reference <= 255:
        raise PduError("TP-MR", None, f"{reference} is no octet")
    if not 0 <= status <= 255:
        raise PduError("TP-ST", None, f"{status} is no octet")
    tpdu = (
        bytes((0x02 if more else 0x06, reference))
        + address_octets(recipient, "TP-RA")
        + timestamp_octets(timestamp, "TP-SCTS")
        + timestamp_octets(discharge, "TP-DT")
        + bytes((status,))
    )
    return encoded(smsc, tpdu)
