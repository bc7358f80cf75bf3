"""What the kernel says about ports: chip, driver, place, role, stable name; and who holds a port."""

from __future__ import annotations

import os

import pytest

from gateway.modem.holders import holders, remedy, running
from gateway.modem.ttys import all_ttys, describe, without_ttys
from gateway.modem.usb_ids import KINDS, Role, kind_of
from tests.modem.machines import BRIDGES, MODEMS, Device, plant


@pytest.mark.parametrize(
    ("name", "tty", "chip", "driver", "ports"),
    [
        ("PL2303 of a pool", "ttyUSB0", "Prolific PL2303", "pl2303", 1),
        ("FT4232H", "ttyUSB8", "FTDI FT4232H", "ftdi_sio", 4),
        ("CP2108", "ttyUSB12", "Silicon Labs CP2108", "cp210x", 4),
        ("CH340", "ttyUSB16", "WCH CH340", "ch341", 1),
        ("CH344", "ttyACM0", "WCH CH344", "cdc_acm", 4),
        ("CH348", "ttyUSB27", "WCH CH348", "ch348", 8),
        ("XR21V1414", "ttyUSB33", "MaxLinear XR21V1414", "xr_serial", 4),
    ],
)
def test_a_bridge_is_told_by_its_chip(tmp_path, name, tty, chip, driver, ports):
    plant(tmp_path, BRIDGES[name])
    seen = describe(f"/dev/{tty}", tmp_path)
    assert (seen.chip, seen.driver, seen.bridge, seen.role) == (chip, driver, True, None)
    assert len(all_ttys(tmp_path)) == ports


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("Huawei E173", ["second", "diag", "at"]),
        ("Huawei E3372", ["second", "at"]),
        ("ZTE MF190", ["diag", None, None]),
        ("SIM7600", ["diag", "nmea", "at", "second", "audio"]),
        ("A7670", ["diag", "at", "second"]),
        ("EC25", ["diag", "nmea", "at", "second"]),
        ("EC20", ["diag", "nmea", "at", "second"]),
        ("PLS8", ["at", "second"]),
        ("LE910", ["at", "second"]),
        ("LISA-U", ["at", "second", "second"]),
    ],
)
def test_the_ports_of_a_composite_modem_are_told_by_their_interfaces(tmp_path, name, roles):
    found = all_ttys(plant(tmp_path, MODEMS[name]))
    assert [tty.role for tty in found] == roles
    assert {tty.location for tty in found} == {MODEMS[name].place} and not any(tty.bridge for tty in found)


def test_ports_come_in_the_order_of_their_sockets(tmp_path):
    plant(tmp_path, *BRIDGES.values(), *MODEMS.values())
    places = [tty.location for tty in all_ttys(tmp_path)]
    assert places[:3] == ["1-1.1.1", "1-1.1.2", "1-1.1.3"] and places[-1] == "1-2.7"


def test_the_stable_name_is_the_one_udev_gave(tmp_path):
    plant(tmp_path, BRIDGES["FT4232H"], by_path=True)
    assert describe("/dev/ttyUSB7", tmp_path).stable.endswith("-usb-0:1.2.3:1.1-port0")


def test_a_port_the_kernel_does_not_know_is_only_a_name(tmp_path):
    seen = describe("/dev/ttyUSB99", tmp_path)
    assert (seen.device, seen.chip, seen.location, seen.stable) == ("/dev/ttyUSB99", "", "", "")


def test_a_device_nobody_listed_is_called_what_it_calls_itself(tmp_path):
    plant(tmp_path, Device("1-9", "1234", "5678", BRIDGES["CH340"].ports, maker="ACME", model="Modem"))
    assert describe("/dev/ttyUSB16", tmp_path).chip == "ACME Modem"


@pytest.mark.parametrize(
    ("vendor", "product", "words"),
    [("12d1", "1f01", "storage mode"), ("12d1", "14dc", "no modem"), ("19d2", "2000", "storage mode")],
)
def test_a_stick_that_shows_no_port_is_mentioned_with_its_remedy(tmp_path, vendor, product, words):
    (said,) = without_ttys(plant(tmp_path, Device("1-1.5", vendor, product), BRIDGES["CH340"]))
    assert said.startswith("1-1.5: ") and words in said


@pytest.mark.parametrize(
    ("vendor", "products"),
    [
        (0x067B, "2303 23a3 23b3 23c3 23d3 23e3 23f3"), (0x0403, "6001 6010 6011 6014"), (0x10C4, "ea60 ea70 ea71"),
        (0x1A86, "7523 5523 55d2 55d3 55d4 55d5 55d7 55d8 55d9 e018"),
        (0x04E2, "1410 1411 1412 1414 1420 1422 1424 1400 1401 1402 1403"),
        (0x12D1, "1001 1003 1506 14ac 1436 1446 14fe 1f01 14db 14dc 1442"), (0x19D2, "2000 0103 0031"),
        (0x1E0E, "9001 9011 9205 9206"), (0x2C7C, "0121 0125 0191 0195 0296 0306 0435 0512 0901"),
        (0x05C6, "9003 9215 9090 9008"), (0x1E2D, "0053 005b 0061"), (0x1BC7, "0021 1201"), (0x1546, "1102 1010"),
    ],
)  # fmt: skip
def test_every_device_of_the_reference_is_known(vendor, products):
    assert all(kind_of(vendor, int(product, 16)) for product in products.split())


def test_an_interface_has_one_role():
    assert all(isinstance(role, Role) for kinds in KINDS.values() for kind in kinds for role in kind.roles.values())


def test_holders_are_seen_by_their_open_files_and_by_their_locks(tmp_path):
    port = tmp_path / "port"
    port.touch()
    node = os.stat(port)
    proc = tmp_path / "proc"
    for pid, comm in ((4711, "ModemManager"), (4712, "smsd"), (4713, "bash")):
        (proc / str(pid) / "fd").mkdir(parents=True)
        (proc / str(pid) / "comm").write_text(comm + "\n")
    (proc / "4711" / "fd" / "7").symlink_to(port)
    (proc / "locks").write_text(
        f"1: FLOCK  ADVISORY  WRITE 4712 {os.major(node.st_dev):02x}:{os.minor(node.st_dev):02x}:{node.st_ino} 0 EOF\n"
        "2: POSIX  ADVISORY  WRITE 4713 00:05:99999999 0 EOF\n"
    )
    by = holders(str(port), proc)
    assert by == ("ModemManager (4711)", "smsd (4712)")
    assert "78-simrack.rules" in remedy(by[0]) and remedy("bash (4713)") == ""
    assert running(proc) == ("ModemManager",)
