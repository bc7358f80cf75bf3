"""A modem that comes back under another device name, as ttyUSB1 comes back as ttyUSB2, while its place stays the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.modem.finder import Found, probe
from simulator.testing import RunningBank, running_bank
from tests.scenarios.box import running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"


def place(bank: RunningBank, name: str) -> str:
    return str(bank.folder / "by-path" / name)


def test_probe_finds_the_same_modem_at_the_same_place_under_its_new_name() -> None:
    with running_bank(2) as bank:
        before = asyncio.run(probe([place(bank, "p0"), place(bank, "p1")]))
        device = bank.device("p0")
        bank.reenumerate("p0")
        after = asyncio.run(probe([place(bank, "p0"), place(bank, "p1")]))
        (gone,) = asyncio.run(probe([device]))
    assert [port.found for port in (*before, *after)] == [Found.MODEM] * 4
    assert [port.imei for port in before] == [port.imei for port in after]
    assert gone.found is Found.CLOSED


def test_a_gateway_that_names_the_place_serves_the_modem_again(tmp_path: Path) -> None:
    with running_bank(2) as bank:
        names = [place(bank, "p0"), place(bank, "p1")]
        with running_gateway(tmp_path, bank, 2, devices=names) as box:
            bank.reenumerate("p0")
            bank.text(HANDSET, "p0", "while you were away")
            sent = box.send(HANDSET, "are you back", channel="p0")
            box.wait_status(sent, "sent", "delivered")
            (message,) = box.wait(box.received, "the text that came meanwhile")
            assert (message["text"], message["channel"]) == ("while you were away", "p0")
