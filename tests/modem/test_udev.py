"""The udev rules, applied to recorded devices: stable names, intruders kept away, suspending off, strangers left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.modem.usb_ids import KINDS
from tests.modem.machines import BRIDGES, HUB, KEYBOARD, MODEMS, PRINTER_PORT, Device, ttys_of, usb_of
from tests.modem.udev_rules import apply

UDEV = Path(__file__).parents[2] / "udev"
RULES, BRLTTY = UDEV / "78-simrack.rules", UDEV / "99-simrack-brltty.rules"
OURS = {**BRIDGES, **MODEMS}


@pytest.mark.parametrize("name", OURS)
def test_every_port_of_every_kind_gets_one_name_by_its_place(name):
    for seen in ttys_of(OURS[name]):
        (link,) = apply(RULES, seen).links
        assert link.startswith("simrack/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:") and "$" not in link


def test_no_two_ports_share_a_name():
    links = [link for device in OURS.values() for seen in ttys_of(device) for link in apply(RULES, seen).links]
    assert len(links) == len(set(links)) == sum(len(device.ports) for device in OURS.values())


def test_names_are_those_of_the_sockets():
    by_tty = {seen.kernel: apply(RULES, seen).links for device in OURS.values() for seen in ttys_of(device)}
    place = "simrack/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:"
    assert by_tty["ttyUSB1"] == [f"{place}1.1.2:1.0-port0"]
    assert by_tty["ttyUSB8"] == [f"{place}1.2.3:1.2-port0"]  # FT4232H: by interface
    assert by_tty["ttyUSB27"] == [f"{place}1.4.3:1.0-port7"]  # CH348: by the number behind one interface
    assert by_tty["ttyACM6"] == [f"{place}2.5:1.2"]


@pytest.mark.parametrize("name", OURS)
def test_modem_manager_leaves_the_port_and_the_device_alone(name):
    for seen in ttys_of(OURS[name]):
        properties = apply(RULES, seen).properties
        assert properties["ID_MM_DEVICE_IGNORE"] == properties["ID_MM_PORT_IGNORE"] == "1"
    assert apply(RULES, usb_of(OURS[name])).properties["ID_MM_DEVICE_IGNORE"] == "1"


@pytest.mark.parametrize("name", OURS)
def test_the_gateways_group_may_open_the_port(name):
    for seen in ttys_of(OURS[name]):
        outcome = apply(RULES, seen)
        assert (outcome.group, outcome.mode) == ("dialout", "0660")


@pytest.mark.parametrize("device", [*OURS.values(), HUB], ids=[*OURS, "hub"])
def test_suspending_is_off_for_modems_bridges_and_the_hubs_before_them(device):
    assert apply(RULES, usb_of(device)).attributes == {"power/control": "on"}
    assert apply(RULES, usb_of(device, action="remove")).attributes == {}


@pytest.mark.parametrize("name", BRIDGES)
def test_brltty_does_not_get_our_bridges(name):
    claimed = usb_of(BRIDGES[name], BRLTTY_BRAILLE_DRIVER="bm", SYSTEMD_WANTS="brltty@-sys-devices.service")
    properties = apply(BRLTTY, claimed).properties
    assert properties["BRLTTY_BRAILLE_DRIVER"] == properties["SYSTEMD_WANTS"] == ""


def test_what_else_systemd_starts_for_a_device_goes_on():
    assert apply(BRLTTY, usb_of(MODEMS["EC25"], SYSTEMD_WANTS="usb-modeswitch.service")).properties["SYSTEMD_WANTS"]
    display = Device("1-3", "0904", "2000")  # a real Braille display
    assert apply(BRLTTY, usb_of(display, BRLTTY_BRAILLE_DRIVER="bm")).properties["BRLTTY_BRAILLE_DRIVER"] == "bm"


def test_strangers_are_left_alone():
    assert apply(RULES, usb_of(KEYBOARD)).attributes == {}
    for seen in ttys_of(PRINTER_PORT):
        outcome = apply(RULES, seen)
        assert not outcome.links and not outcome.group and "ID_MM_DEVICE_IGNORE" not in outcome.properties


def test_every_vendor_the_gateway_knows_is_in_the_rules():
    for vendor in KINDS:
        device = Device("1-1.9", f"{vendor:04x}", "0000")
        assert apply(RULES, usb_of(device)).attributes == {"power/control": "on"}, f"{vendor:04x}"


def test_the_rules_are_numbered_for_those_who_come_after_and_before():
    assert "77" < RULES.name[:2] < "80" and BRLTTY.name[:2] > "90"
