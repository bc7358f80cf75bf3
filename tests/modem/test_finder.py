"""What `simrack probe` finds on the ports it is given."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.modem.finder import BRIEF, Found, block, probe
from gateway.modem.holders import holders
from gateway.settings import parse
from simulator.testing import running_bank
from tests.modem.machines import bridge, modem, plant
from tests.modem.peer import OK, SILENCE, Peer, info
from tests.modem.stage import on_stage, story

HURRIED = replace(BRIEF, wake=0.4, quiet=0.01)


@story
async def test_a_modem_is_found_with_its_names():
    peer = Peer({"AT+CGMI": info("huawei"), "AT+CGMM": info("E173")})
    (port,) = await probe([peer.device], timing=HURRIED)
    assert (port.found, port.manufacturer, port.model, port.family) == (Found.MODEM, "huawei", "E173", "huawei")
    assert port.imei == "351179009153435"
    assert not any(told.startswith(("AT^CURC", "AT+CNMI", "AT+CPMS", "AT+CPIN")) for told in peer.told)


@story
async def test_a_port_where_nobody_answers_is_silent():
    peer = Peer({"AT": SILENCE})
    (port,) = await probe([peer.device], timing=HURRIED)
    assert port.found is Found.SILENT and "check power" in port.note


@story
async def test_a_port_that_is_not_there_is_closed():
    (port,) = await probe(["/dev/simrack/nowhere"], timing=HURRIED)
    assert port.found is Found.CLOSED


@story
async def test_a_port_this_gateway_serves_is_not_disturbed():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        (port,) = await probe([peer.device], timing=HURRIED)
        assert port.found is Found.CLOSED and "held by another program" in port.note


@story
async def test_ports_are_reported_in_the_order_they_were_asked_for():
    peers = [Peer(), Peer({"AT": SILENCE}), Peer()]
    found = await probe([peer.device for peer in peers], timing=HURRIED)
    assert [port.device for port in found] == [peer.device for peer in peers]


def tty_of(peer: Peer) -> str:
    return Path(peer.device).name


@story
async def test_of_a_composite_modem_the_at_port_is_chosen_and_the_others_are_explained(tmp_path):
    names = {"AT+CGMI": info("SIMCOM INCORPORATED"), "AT+CGMM": info("SIMCOM_SIM7600E-H")}
    second, at = Peer(names), Peer(names)
    root = plant(tmp_path, modem("1-1.2", "1e0e", "9001", {3: tty_of(second), 2: tty_of(at)}))
    found = await probe([second.device, at.device], timing=HURRIED, root=root)
    assert [(port.modem, port.use, port.role) for port in found] == [("1-1.2", False, "second"), ("1-1.2", True, "at")]
    assert at.device in found[0].note
    assert block(found[1], "p0") == (
        "[[modem]]  # SIMCOM INCORPORATED SIMCOM_SIM7600E-H IMEI 351179009153435, SIMCom SIM7xxx on 1-1.2\n"
        f'name = "p0"\nport = "{at.device}"  # may change when cables are pulled: install the udev rules\n'
    )


@story
async def test_a_block_that_is_printed_is_a_configuration(tmp_path):
    peer = Peer()
    (port,) = await probe([peer.device], timing=HURRIED, root=tmp_path)
    settings = parse(block(port, "p0"), tmp_path)
    assert [(one.name, one.port) for one in settings.modems] == [("p0", peer.device)]


@story
async def test_where_the_table_says_at_and_nobody_answers_the_port_that_answers_is_chosen(tmp_path):
    silent, talks = Peer({"AT": SILENCE}), Peer()
    root = plant(tmp_path, modem("1-1.2", "2c7c", "0125", {2: tty_of(silent), 3: tty_of(talks)}))
    found = await probe([silent.device, talks.device], timing=HURRIED, root=root)
    assert [port.use for port in found] == [False, True]


@story
async def test_a_port_that_says_ok_to_everything_is_no_at_port():
    peer = Peer(dict.fromkeys(("AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+CGSN"), OK))
    (port,) = await probe([peer.device], timing=HURRIED)
    assert (port.found, port.use) == (Found.NAMELESS, False)


@story
async def test_modems_behind_bridges_are_modems_of_their_own_even_with_one_imei(tmp_path):
    peers = [Peer(), Peer()]
    root = plant(tmp_path, bridge("1-1.3", "0403", "6011", "ftdi_sio", *map(tty_of, peers)))
    found = await probe([peer.device for peer in peers], timing=HURRIED, root=root)
    assert all(port.use and port.chip == "FTDI FT4232H" and "same IMEI" in port.note for port in found)


def test_ports_for_diagnosis_are_not_written_to_unless_they_are_named(tmp_path):
    plant(tmp_path, modem("1-1.2", "2c7c", "0125", {0: "ttyUSB7000", 1: "ttyUSB7001"}))
    found = asyncio.run(probe(timing=HURRIED, root=tmp_path))
    assert [(port.found, port.note) for port in found] == [
        (Found.OTHER, "the diag port of this modem"), (Found.OTHER, "the nmea port of this modem"),
    ]  # fmt: skip


def test_a_port_that_somebody_holds_is_not_touched_and_its_holder_named(monkeypatch):
    monkeypatch.setattr("gateway.modem.finder.holders", lambda device: ("ModemManager (4711)",))
    (port,) = asyncio.run(probe(["/dev/ttyUSB0"], timing=HURRIED))
    assert port.found is Found.HELD and "held by ModemManager (4711): install udev/78-simrack.rules" in port.note


@pytest.mark.parametrize("family", ["sim800", "huawei_e173", "quectel_ec25"])
def test_a_simulated_modem_is_found(family):
    with running_bank(ports=2, family=family) as bank:
        found = asyncio.run(probe([bank.device("p0"), bank.device("p1")]))
    assert [port.found for port in found] == [Found.MODEM, Found.MODEM] and all(port.use and port.imei for port in found)


def test_the_program_that_plays_a_modem_behind_a_terminal_is_not_its_holder():
    """The simulator holds both ends of its terminals, so that a client may come and go."""
    with running_bank(ports=2) as bank:
        opening = f"import os; os.open({bank.device('p1')!r}, os.O_RDWR | os.O_NOCTTY)"
        ours = f"{opening}; print('open', flush=True); input()"
        with subprocess.Popen([sys.executable, "-c", ours], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
            assert client.stdout is not None and client.stdout.readline()
            found = {port: holders(bank.device(port)) for port in ("p0", "p1")}
            client.kill()
    assert found["p0"] == ()
    assert len(found["p1"]) == 1 and str(client.pid) in found["p1"][0]


def test_a_simulated_bank_is_found_from_another_process(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", "run", "--ports", "2", "--dir", str(tmp_path / "bank")], stdout=subprocess.PIPE
    ) as bank:
        assert bank.stdout is not None
        while bank.stdout.readline().strip() != b"ready":
            pass
        found = asyncio.run(probe([str(tmp_path / "bank" / "p0"), str(tmp_path / "bank" / "p1")]))
        bank.terminate()
    assert [bool(port.imei) for port in found] == [True, True]
