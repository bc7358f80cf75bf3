"""TP-DCS, the data coding scheme (3GPP TS 23.038 clause 4). Cell broadcast schemes (clause 5) are not read here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gateway.pdu.fields import PduError
from gateway.records import Encoding


class Waiting(StrEnum):
    VOICEMAIL = "voicemail"
    FAX = "fax"
    EMAIL = "email"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Mwi:
    """Message waiting: switch the sign for `type` on or off, and keep the text (`store`) or not."""

    active: bool
    store: bool
    type: Waiting


@dataclass(frozen=True, slots=True)
class Coding:
    encoding: Encoding
    message_class: int | None = None
    mwi: Mwi | None = None
    compressed: bool = False


# "Any reserved codings shall be assumed to be the GSM 7 bit default alphabet" (clause 4), hence the fourth entry.
_GENERAL: Final = (Encoding.GSM7, Encoding.DATA, Encoding.UCS2, Encoding.GSM7)
_WAITING: Final = tuple(Waiting)
_OCTETS: Final = {Encoding.GSM7: 0x00, Encoding.DATA: 0x04, Encoding.UCS2: 0x08}


@lru_cache(maxsize=256)
def coding(dcs: int) -> Coding:
    group = dcs >> 4
    if group < 0x8:
        message_class = dcs & 3 if dcs & 0x10 else None
        return Coding(_GENERAL[dcs >> 2 & 3], message_class, compressed=bool(dcs & 0x20))
    if group < 0xC:
        return Coding(Encoding.GSM7)
    if group == 0xF:
        return Coding(Encoding.DATA if dcs & 0x04 else Encoding.GSM7, dcs & 3)
    mwi = Mwi(bool(dcs & 0x08), group != 0xC, _WAITING[dcs & 3])
    return Coding(Encoding.UCS2 if group == 0xE else Encoding.GSM7, mwi=mwi)


def dcs_of(encoding: Encoding, message_class: int | None) -> int:
    """Class 0 is flash: shown at once and not kept."""
    if message_class is None:
        return _OCTETS[encoding]
    if not 0 <= message_class <= 3:
        raise PduError("TP-DCS", None, f"there is no message class {message_class}")
    return _OCTETS[encoding] | 0x10 | message_class
