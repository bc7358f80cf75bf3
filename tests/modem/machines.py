"""Machines with modems plugged in, as their /sys showed them: what a story about ports and udev rules is told with.

`Device` is one USB device; `plant` writes its part of a /sys tree, `ttys_of` gives what udev knows of each of its ports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BUS = "sys/devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0/usb1"
_PATH = "platform-fd500000.pcie-pci-0000:01:00.0-usb-0"


@dataclass(frozen=True)
class Port:
    interface: int
    tty: str
    driver: str = "option"
    protocol: int = 0xFF
    number: int = 0  # of the port behind the interface

    @property
    def is_acm(self) -> bool:
        return self.tty.startswith("ttyACM")


@dataclass(frozen=True)
class Device:
    place: str  # 1-1.4.2
    vendor: str
    product: str
    ports: tuple[Port, ...] = ()
    serial: str = ""
    maker: str = ""
    model: str = ""
    hub: bool = False

    @property
    def folder(self) -> str:
        path, _, ports = self.place.partition("-")
        hops = ports.split(".")
        return "/".join([_BUS, *(f"{path}-{'.'.join(hops[: n + 1])}" for n in range(len(hops)))])

    def path_of(self, port: Port) -> str:
        """ID_PATH, as udev's path_id makes it."""
        return f"{_PATH}:{self.place.partition('-')[2]}:1.{port.interface}"


def plant(root: Path, *devices: Device, by_path: bool = False) -> Path:
    for device in devices:
        usb = root / device.folder
        _write(usb, idVendor=device.vendor, idProduct=device.product, bNumInterfaces=f"{len(device.ports):2}")
        words = {"serial": device.serial, "manufacturer": device.maker, "product": device.model}
        _write(usb, **{name: word for name, word in words.items() if word})
        _link(root / "sys/bus/usb/devices" / device.place, usb)
        for port in device.ports:
            _plant_port(root, usb / f"{device.place}:1.{port.interface}", port)
            if by_path:
                _link(root / "dev/serial/by-path" / f"{device.path_of(port)}-port{port.number}", root / "dev" / port.tty)
    return root


def _plant_port(root: Path, interface: Path, port: Port) -> None:
    _write(interface, bInterfaceNumber=f"{port.interface:02x}", bInterfaceProtocol=f"{port.protocol:02x}")
    _link(interface / "driver", root / "sys/bus/usb/drivers" / port.driver)
    _link(interface / "subsystem", root / "sys/bus/usb")
    home = interface if port.is_acm else interface / port.tty
    if not port.is_acm:
        _write(home, port_number=str(port.number))
        _link(home / "subsystem", root / "sys/bus/usb-serial")
    _link(home / "tty" / port.tty / "device", home)
    _link(root / "sys/class/tty" / port.tty, home / "tty" / port.tty)


def _write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n")


def _link(name: Path, target: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    if not name.is_symlink():
        name.symlink_to(os.path.relpath(target, name.parent) if not str(target).startswith("/dev/") else target)


@dataclass(frozen=True)
class Seen:
    """A device as udev sees it: its own keys, the attributes of itself and of each parent, and properties."""

    subsystem: str
    kernel: str
    properties: dict[str, str]
    attributes: tuple[dict[str, str], ...]  # its own first, then those of its parents
    subsystems: tuple[str, ...]
    action: str = "add"


def ttys_of(device: Device) -> Iterator[Seen]:
    usb = {"idVendor": device.vendor, "idProduct": device.product}
    for port in device.ports:
        interface = {"bInterfaceNumber": f"{port.interface:02x}"}
        chain = ({}, interface, usb) if port.is_acm else ({}, {"port_number": str(port.number)}, interface, usb)
        over = ("tty", "usb", "usb") if port.is_acm else ("tty", "usb-serial", "usb", "usb")
        yield Seen("tty", port.tty, {"ID_PATH": device.path_of(port)}, chain, over)


def usb_of(device: Device, action: str = "add", **properties: str) -> Seen:
    own = {
        "idVendor": device.vendor, "idProduct": device.product, "bDeviceClass": "09" if device.hub else "00",
        "power/control": "auto",
    }  # fmt: skip
    return Seen("usb", device.place, {"DEVTYPE": "usb_device", **properties}, (own, {"idVendor": "1d6b"}), ("usb", "usb"), action)


def bridge(place: str, vendor: str, product: str, driver: str, *ttys: str, serial: str = "", spread: bool = True) -> Device:
    """`spread`: each port has an interface of its own; else all share one, and are told by their numbers."""
    return Device(
        place, vendor, product,
        tuple(Port(n if spread else 0, tty, driver, number=0 if spread else n) for n, tty in enumerate(ttys)), serial,
    )  # fmt: skip


def modem(
    place: str, vendor: str, product: str, ttys: dict[int, str], driver: str = "option", protocols: tuple[int, ...] = ()
) -> Device:
    told = dict(zip(ttys, protocols, strict=False))
    return Device(place, vendor, product, tuple(Port(n, tty, driver, told.get(n, 0xFF)) for n, tty in ttys.items()))


# One of each kind in the device reference, section 12. Places and numbers are those of one bench.
BRIDGES = {
    "PL2303 of a pool": bridge("1-1.1.1", "067b", "2303", "pl2303", "ttyUSB0"),
    "PL2303 beside it": bridge("1-1.1.2", "067b", "2303", "pl2303", "ttyUSB1"),
    "PL2303 GC": bridge("1-1.1.3", "067b", "23a3", "pl2303", "ttyUSB2"),
    "FT232R": bridge("1-1.2.1", "0403", "6001", "ftdi_sio", "ttyUSB3", serial="A50285BI"),
    "FT2232": bridge("1-1.2.2", "0403", "6010", "ftdi_sio", "ttyUSB4", "ttyUSB5", serial="FT4XYZ"),
    "FT4232H": bridge("1-1.2.3", "0403", "6011", "ftdi_sio", "ttyUSB6", "ttyUSB7", "ttyUSB8", "ttyUSB9"),
    "CP2102": bridge("1-1.3.1", "10c4", "ea60", "cp210x", "ttyUSB10", serial="0001"),
    "CP2102 clone": bridge("1-1.3.2", "10c4", "ea60", "cp210x", "ttyUSB11", serial="0001"),
    "CP2108": bridge("1-1.3.3", "10c4", "ea71", "cp210x", "ttyUSB12", "ttyUSB13", "ttyUSB14", "ttyUSB15"),
    "CH340": bridge("1-1.4.1", "1a86", "7523", "ch341", "ttyUSB16"),
    "CH344": bridge("1-1.4.2", "1a86", "55d5", "cdc_acm", "ttyACM0", "ttyACM1", "ttyACM2", "ttyACM3"),
    "CH348": bridge("1-1.4.3", "1a86", "55d9", "ch348", *(f"ttyUSB{n}" for n in range(20, 28)), spread=False),
    "XR21V1414": bridge("1-1.4.4", "04e2", "1414", "xr_serial", "ttyUSB30", "ttyUSB31", "ttyUSB32", "ttyUSB33"),
}
MODEMS = {
    "Huawei E173": modem("1-1.5", "12d1", "1001", {0: "ttyUSB40", 1: "ttyUSB41", 2: "ttyUSB42"}),
    "Huawei E3372": modem("1-1.6", "12d1", "1506", {0: "ttyUSB43", 1: "ttyUSB44"}, protocols=(0x01, 0x02)),
    "ZTE MF190": modem("1-1.7", "19d2", "0031", {0: "ttyUSB45", 1: "ttyUSB46", 2: "ttyUSB47"}),
    "SIM7600": modem("1-2.1", "1e0e", "9001", {n: f"ttyUSB{50 + n}" for n in range(5)}),
    "A7670": modem("1-2.2", "1e0e", "9011", {2: "ttyUSB56", 4: "ttyUSB57", 5: "ttyUSB58"}),
    "EC25": modem("1-2.3", "2c7c", "0125", {n: f"ttyUSB{60 + n}" for n in range(4)}),
    "EC20": modem("1-2.4", "05c6", "9215", {n: f"ttyUSB{65 + n}" for n in range(4)}),
    "PLS8": modem("1-2.5", "1e2d", "0061", {0: "ttyACM5", 2: "ttyACM6"}, "cdc_acm"),
    "LE910": modem("1-2.6", "1bc7", "1201", {4: "ttyUSB70", 5: "ttyUSB71"}),
    "LISA-U": modem("1-2.7", "1546", "1102", {0: "ttyACM7", 2: "ttyACM8", 4: "ttyACM9"}, "cdc_acm"),
}
HUB = Device("1-1", "0424", "2514", hub=True)
KEYBOARD = Device("1-3", "046d", "c31c")
PRINTER_PORT = bridge("1-4", "0557", "2008", "pl2303", "ttyUSB90")
