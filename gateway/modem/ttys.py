"""The serial ports of this machine as the kernel describes them in /sys: device, driver, place on the USB, stable name.

Reads only, opens no port. `root` is another tree in tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.modem.usb_ids import KINDS, Role, kind_of, role_of

ROOT = Path("/")
_STABLE_NAMES = ("dev/simrack", "dev/serial/by-path")
_HARDWARE = ("usb-serial", "usb", "pnp", "amba")  # not the built-in ports that are not there


@dataclass(frozen=True, slots=True)
class Tty:
    """`location` is the USB path of the device (1-1.4.2): ports that share it belong together."""

    device: str
    stable: str = ""  # the name to write into the configuration, if udev gave it one
    driver: str = ""
    usb: str = ""  # vendor:product
    chip: str = ""
    bridge: bool = False
    location: str = ""
    interface: int | None = None
    role: Role | None = None
    serial: str = ""
    note: str = ""


def all_ttys(root: Path = ROOT) -> list[Tty]:
    """Every port that belongs to hardware, in the order of their places, then of their names."""
    names = (entry.name for entry in _entries(root / "sys/class/tty"))
    found = [describe(f"/dev/{name}", root) for name in names if _subsystem(root, name) in _HARDWARE]
    return sorted(found, key=lambda tty: (_natural(tty.location), tty.interface or 0, _natural(tty.device)))


def describe(device: str, root: Path = ROOT) -> Tty:
    """What is known of one port; nothing but its name if the kernel knows no such hardware."""
    stable = stable_name(device, root)
    port = (root / "sys/class/tty" / Path(os.path.realpath(device)).name / "device").resolve()
    interface = _above(port, "bInterfaceNumber")
    if interface is None:
        return Tty(device, stable, _link(port / "driver") if port.is_dir() else "")
    usb = interface.parent
    vendor, product = _number(usb / "idVendor"), _number(usb / "idProduct")
    kind = kind_of(vendor, product)
    number = _number(interface / "bInterfaceNumber")
    return Tty(
        device,
        stable,
        _link(interface / "driver"),
        f"{vendor:04x}:{product:04x}",
        kind.name if kind else " ".join(filter(None, (_line(usb / "manufacturer"), _line(usb / "product")))),
        kind is not None and kind.is_bridge,
        usb.name,
        number,
        role_of(vendor, product, number, _number(interface / "bInterfaceProtocol")),
        _line(usb / "serial"),
        kind.note if kind else "",
    )


def without_ttys(root: Path = ROOT) -> list[str]:
    """Words about modems that are plugged in and show no port: in storage mode, or network cards by now."""
    found = []
    for usb in _entries(root / "sys/bus/usb/devices"):
        vendor, product = _number(usb / "idVendor"), _number(usb / "idProduct")
        kind = kind_of(vendor, product) if vendor in KINDS else None
        if kind is not None and not kind.ttys:
            found.append(f"{usb.name}: {kind.name} ({vendor:04x}:{product:04x}) shows no port: {kind.note}")
    return found


def stable_name(device: str, root: Path = ROOT) -> str:
    """A name of `device` that stays when cables are pulled and plugged again, if udev gave it one."""
    wanted = os.path.realpath(device)
    for folder in _STABLE_NAMES:
        for name in _entries(root / folder):
            if os.path.realpath(name) == wanted or (root != ROOT and Path(os.path.realpath(name)) == root / wanted[1:]):
                return "/" + str(name.relative_to(root))
    return ""


def _entries(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir())) if folder.is_dir() else iter(())


def _subsystem(root: Path, name: str) -> str:
    return _link((root / "sys/class/tty" / name / "device").resolve() / "subsystem")


def _above(path: Path, attribute: str) -> Path | None:
    return next((each for each in (path, *path.parents) if (each / attribute).is_file()), None)


def _link(path: Path) -> str:
    return Path(os.path.realpath(path)).name if path.is_symlink() else ""


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    try:
        return int(_line(path), 16)
    except ValueError:
        return 0


def _natural(text: str) -> list[tuple[int, str]]:
    """1-1.10 comes after 1-1.9."""
    pieces = text.replace("-", ".").split(".")
    head = text.rstrip("0123456789")
    return [(int(piece), "") if piece.isdigit() else (0, piece) for piece in (pieces if "-" in text else [head, text[len(head) :]])]
