"""Which USB device is what: serial bridges and modems by vendor and product, and what each interface of a modem is for.

A table for `simrack probe` and for people; drivers do not choose by it, for a vendor may change what an interface does. The
order of a row is the order in which ports are worth asking (Linux drivers usb/serial, ModemManager port types).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    AT = "at"  # commands and notifications: the port to configure
    SECOND = "second"  # answers AT as well, often without notifications
    DIAG = "diag"  # binary: not to be written to
    NMEA = "nmea"  # positions
    NET = "net"
    AUDIO = "audio"


AT, SECOND, DIAG, NMEA, NET, AUDIO = Role.AT, Role.SECOND, Role.DIAG, Role.NMEA, Role.NET, Role.AUDIO


@dataclass(frozen=True, slots=True)
class UsbKind:
    """`ports` of a bridge; `roles` of a modem by interface number, empty where it varies; `note` for a person."""

    name: str
    products: tuple[int, ...]
    ports: int = 0  # 0: not a bridge
    roles: Mapping[int, Role] = field(default_factory=dict)
    ttys: bool = True  # False: it shows no tty in this mode
    note: str = ""

    @property
    def is_bridge(self) -> bool:
        return self.ports > 0


_NO_SERIAL = "without a serial number: only the USB socket tells ports apart"
_STORAGE = "in storage mode: install usb_modeswitch, or switch it with AT^U2DIAG=0 in another machine"
_QUECTEL = {0: DIAG, 1: NMEA, 2: AT, 3: SECOND, 4: NET}
_SIMCOM = {0: DIAG, 1: NMEA, 2: AT, 3: SECOND, 4: AUDIO, 5: NET}

KINDS: Mapping[int, tuple[UsbKind, ...]] = {
    0x067B: (UsbKind("Prolific PL2303", (0x2303, 0x23A3, 0x23B3, 0x23C3, 0x23D3, 0x23E3, 0x23F3), 1, note=_NO_SERIAL),),
    0x0403: (
        UsbKind("FTDI FT232R", (0x6001,), 1),
        UsbKind("FTDI FT2232", (0x6010,), 2),
        UsbKind("FTDI FT4232H", (0x6011,), 4),
        UsbKind("FTDI FT232H", (0x6014,), 1),
    ),
    0x10C4: (
        UsbKind("Silicon Labs CP2102", (0xEA60,), 1, note="clones share one serial number"),
        UsbKind("Silicon Labs CP2105", (0xEA70,), 2),
        UsbKind("Silicon Labs CP2108", (0xEA71,), 4),
    ),
    0x1A86: (
        UsbKind("WCH CH340", (0x7523,), 1, note=_NO_SERIAL),
        UsbKind("WCH CH341", (0x5523,), 1, note=_NO_SERIAL),
        UsbKind("WCH CH342", (0x55D2,), 2),
        UsbKind("WCH CH343", (0x55D3,), 1),
        UsbKind("WCH CH9102", (0x55D4,), 1),
        UsbKind("WCH CH344", (0x55D5,), 4),
        UsbKind("WCH CH9103", (0x55D7,), 2),
        UsbKind("WCH CH9101", (0x55D8,), 1),
        UsbKind("WCH CH348", (0x55D9,), 8),
        UsbKind("WCH CH9344", (0xE018,), 4),
    ),
    0x04E2: (
        UsbKind("MaxLinear XR21V1410", (0x1410, 0x1411), 1, note="wants the driver xr_serial; cdc_acm loses flow control"),
        UsbKind("MaxLinear XR21V1412", (0x1412,), 2, note="wants the driver xr_serial; cdc_acm loses flow control"),
        UsbKind("MaxLinear XR21V1414", (0x1414,), 4, note="wants the driver xr_serial; cdc_acm loses flow control"),
        UsbKind("MaxLinear XR21B1420", (0x1420,), 1),
        UsbKind("MaxLinear XR21B1422", (0x1422,), 2),
        UsbKind("MaxLinear XR21B1424", (0x1424,), 4),
        UsbKind("MaxLinear XR2280x", (0x1400, 0x1401, 0x1402, 0x1403), 4),
    ),
    0x12D1: (
        UsbKind("Huawei E1xx", (0x1001, 0x1003), roles={0: SECOND, 1: DIAG, 2: AT}),
        UsbKind("Huawei E3xxx, E17x", (0x1506, 0x14AC, 0x1436)),
        UsbKind("Huawei, serial", (0x1442,)),
        UsbKind("Huawei stick", (0x1446, 0x14FE, 0x1F01), ttys=False, note=_STORAGE),
        UsbKind(
            "Huawei HiLink", (0x14DB, 0x14DC), ttys=False,
            note="a network card with a web page of its own, no modem: it needs another firmware or mode",
        ),
    ),
    0x19D2: (
        UsbKind("ZTE stick", (0x2000, 0x0103), ttys=False, note=_STORAGE),
        UsbKind("ZTE MF1xx", (0x0031,), roles={0: DIAG}),
    ),
    0x1E0E: (
        UsbKind("SIMCom SIM7xxx", (0x9001,), roles=_SIMCOM),
        UsbKind("SIMCom A76xx", (0x9011, 0x9205, 0x9206), roles={2: DIAG, 4: AT, 5: SECOND}),
    ),
    0x2C7C: (
        UsbKind("Quectel LTE", (0x0121, 0x0125, 0x0191, 0x0195, 0x0296, 0x0306, 0x0435, 0x0512), roles=_QUECTEL),
        UsbKind("Quectel EC200U", (0x0901,), roles={0: NET, 1: NET}, note="one of its ttys streams binary data"),
    ),
    0x05C6: (
        UsbKind("Quectel UC20, EC20, UC15", (0x9003, 0x9215, 0x9090), roles=_QUECTEL),
        UsbKind("Qualcomm boot ROM", (0x9008,), note="the modem waits for firmware: reset it, or it is broken"),
    ),
    0x1E2D: (UsbKind("Cinterion", (0x0053, 0x005B, 0x0061), roles={0: AT, 2: SECOND}),),
    0x1BC7: (
        UsbKind("Telit HE910", (0x0021,), roles={0: AT, 6: SECOND, 10: SECOND}),
        UsbKind("Telit LE910", (0x1201,), roles={4: AT, 5: SECOND}),
    ),
    0x1546: (
        UsbKind("u-blox LISA-U", (0x1102,), roles={0: AT, 2: SECOND, 4: SECOND}),
        UsbKind("u-blox TOBY-L4", (0x1010,)),
    ),
}  # fmt: skip

# Huawei tells the role by the interface's protocol rather than its number: ff/01/xx and ff/02/xx.
HUAWEI_PROTOCOLS: Mapping[int, Role] = {0x01: SECOND, 0x02: AT, 0x03: DIAG, 0x10: SECOND, 0x12: AT, 0x13: DIAG}
_HUAWEI = 0x12D1


def kind_of(vendor: int, product: int) -> UsbKind | None:
    return next((kind for kind in KINDS.get(vendor, ()) if product in kind.products), None)


def role_of(vendor: int, product: int, interface: int, protocol: int) -> Role | None:
    """What this interface of a composite modem is for, or None where the table does not know."""
    kind = kind_of(vendor, product)
    if kind is None or kind.is_bridge:
        return None
    found = kind.roles.get(interface)
    return found or (HUAWEI_PROTOCOLS.get(protocol) if vendor == _HUAWEI else None)
