"""A PDU as one JSON object for people and tools (`simrack decode --json`). The names are those of the public vectors,
not of the records. Adds nothing to what the decoders say."""

from __future__ import annotations

from datetime import datetime

from gateway.pdu import deliver, status_report, submit
from gateway.pdu.fields import PduError
from gateway.pdu.header import PORTS
from gateway.pdu.times import Validity, ValidityFormat
from gateway.records import Encoding

_Pdu = deliver.Deliver | submit.Submit | status_report.StatusReport


def describe(direction: str, hex: str, smsc: bool = True) -> dict[str, object]:
    """`direction` is deliver, submit or status_report. Fields that did not come are left out; `flaws` is there only
    when the PDU had some. Raises PduError for what no decoder reads."""
    pdu: _Pdu
    if direction == "deliver":
        pdu = deliver.decode(hex, smsc=smsc)
    elif direction == "submit":
        pdu = submit.decode(hex, smsc=smsc)
    elif direction == "status_report":
        pdu = status_report.decode(hex, smsc=smsc)
    else:
        raise PduError("direction", None, f"{direction!r} is not deliver, submit or status_report")
    shown: dict[str, object] = {"smsc": pdu.smsc or None} if smsc else {}
    shown.update(number=pdu.number, ton=pdu.ton.value, toa=pdu.toa)
    if isinstance(pdu, status_report.StatusReport):
        shown.update(_report(pdu))
    else:
        shown.update(_text(pdu))
    shown["tpdu_len"] = pdu.tpdu_len
    if pdu.trailing_octets:
        shown["trailing_octets"] = pdu.trailing_octets
    if pdu.flaws:
        shown["flaws"] = list(pdu.flaws)
    return shown


def _report(pdu: status_report.StatusReport) -> dict[str, object]:
    shown: dict[str, object] = {"mr": pdu.mr, "status": pdu.status, "status_class": pdu.status_class}
    shown.update(_moments(timestamp=pdu.timestamp, discharge=pdu.discharge))
    for name, value in (("pid", pdu.pid), ("dcs", pdu.dcs), ("encoding", pdu.encoding), ("udl", pdu.udl)):
        if value is not None:
            shown[name] = value.value if isinstance(value, Encoding) else value
    if pdu.data:
        shown["data"] = pdu.data.hex().upper()
    elif pdu.text:
        shown["text"] = pdu.text
    return shown


def _text(pdu: deliver.Deliver | submit.Submit) -> dict[str, object]:
    shown: dict[str, object] = {"pid": pdu.pid, "dcs": pdu.dcs, "encoding": pdu.encoding.value, "udl": pdu.udl}
    if pdu.message_class is not None:
        shown["class"] = pdu.message_class
    if pdu.mwi:
        shown["mwi"] = {"active": pdu.mwi.active, "store": pdu.mwi.store, "type": pdu.mwi.type.value}
    if isinstance(pdu, deliver.Deliver):
        shown.update(_moments(timestamp=pdu.timestamp), mms=pdu.mms, sri=pdu.sri)
    else:
        shown.update(mr=pdu.mr, srr=pdu.srr, rd=pdu.rd)
        if pdu.validity:
            shown["validity"] = _validity(pdu.validity)
    if pdu.udh is not None:
        shown["udh"] = [{"iei": element.iei, "data": element.data.hex().upper()} for element in pdu.udh]
    if pdu.concat:
        shown["concat"] = {
            "ref": pdu.concat.reference,
            "total": pdu.concat.total,
            "seq": pdu.concat.number,
            "ref_bits": 16 if pdu.concat.wide else 8,
        }
    if pdu.ports:
        narrow = any(element.iei == PORTS for element in pdu.udh or ())
        shown["ports"] = {"dst": pdu.ports[0], "src": pdu.ports[1], "bits": 8 if narrow else 16}
    languages = {name: value for name, value in (("locking", pdu.locking), ("single", pdu.single)) if value}
    if languages:
        shown["lang"] = languages
    if pdu.encoding is not Encoding.DATA:
        shown["text"] = pdu.text
    if pdu.data or pdu.encoding is Encoding.DATA:
        shown["data"] = pdu.data.hex().upper()
    return shown


def _moments(**moments: datetime | None) -> dict[str, object]:
    return {name: moment.isoformat() for name, moment in moments.items() if moment}


def _validity(validity: Validity) -> dict[str, object]:
    if validity.format is ValidityFormat.ABSOLUTE:
        return {"format": "absolute", **_moments(timestamp=validity.until)}
    if validity.format is ValidityFormat.RELATIVE:
        return {"format": "relative", "octet": validity.octets[0], "minutes": validity.minutes}
    return {"format": "enhanced", "octets": validity.octets.hex().upper(), "minutes": validity.minutes}
