"""Recorded answers of real devices, reproduced by the families that stand for them (tests/vectors/at_transcripts.json
or the same file beside the repository). Places, stamps and counts differ; they are compared by their shape."""

import json
import re
from pathlib import Path

import pytest

from simulator.testing import running_bank

_FILES = [Path(__file__).parents[1] / "vectors" / "at_transcripts.json",
          Path(__file__).parents[3] / "shared" / "vectors" / "at_transcripts.json"]
RECORDED = next((json.loads(path.read_text(encoding="utf-8")) for path in _FILES if path.is_file()), [])

# Recorded device and a part of its source, the family that stands for it. Telephones and modems of no family here are
# left out, and so are answers that another firmware of the same device contradicts.
STANDS_FOR = [
    ("WAVECOM MODEM MULTIBAND 900E 1800", "fakemodems", "wavecom"), ("Huawei K3715", "fakemodems", "huawei_k3715"),
    ("Huawei E1752", "fakemodems", "huawei_e1752"), ("QUALCOMM M6280 (ZTE modem)", "fakemodems", "qualcomm_m6280"),
    ("ZTE K3565-Z", "fakemodems", "zte_k3565"), ("Brovi (Huawei) E3372-325", "at-cpms", "huawei_e3372"),
    ("Huawei dongle", "at-creg", "huawei_e173"), ("Huawei E160G", "test-modem-helpers", "huawei_e173"),
    ("Huawei E160G unregistered", "test-modem-helpers", "huawei_e173"), ("Ublox Toby-L2", "test-modem-helpers", "ublox_toby_l2"),
    ("Cinterion module", "test-modem-helpers", "cinterion_pls8"), ("Cinterion module (other)", "cinterion", "mc75i"),
    ("Huawei MU609", "test-modem-helpers", "huawei_mu609"), ("Telit HE910", "test-modem-helpers", "telit_he910"),
    ('unnamed modem (CSCS="UCS2")', "at-smsc/05", "generic"),
    ("Quectel EC25-E / EG25-G", "chan-quectel", "quectel_ec25"),
]
_PREPARED = {"Huawei E160G unregistered": 0, "Ublox Toby-L2": 6}
_HEX = re.compile(r"\b(?=[0-9A-F]*\d)[0-9A-F]{2,}\b|\b\d+\b")


def shape(lines: list[str]) -> list[str]:
    """Lines without the numbers that depend on the place, the hour and what is stored."""
    return [_HEX.sub("#", line) for line in lines]


def cases():
    for modem, source, family in STANDS_FOR:
        for entry in RECORDED:
            if entry["modem"] == modem and source in entry["source"]:
                for exchange in entry["exchanges"]:
                    typed = exchange["tx"] or ""
                    if typed.startswith("AT"):
                        yield pytest.param(modem, family, typed, exchange["rx"], id=f"{family} {typed}")


@pytest.mark.skipif(not RECORDED, reason="no recorded transcripts beside this repository")
@pytest.mark.parametrize(("modem", "family", "typed", "recorded"), list(cases()))
def test_a_recorded_answer_is_reproduced(connect, modem, family, typed, recorded):
    with running_bank(family=family) as bank:
        client = connect(bank.device("p0"), quiet=False)
        client.ask("ATE0+CMEE=0;+CREG=2")
        bank.registration("p0", _PREPARED.get(modem, 1))
        client.ask("AT")
        if "UCS2" in modem:
            client.ask('AT+CSCS="UCS2"')
        if typed == "AT+CMGR=<n>":
            bank.text("+4917012345", "p0", "hello")
            typed = "AT+CMGR=1"
        client.left = b""
        client.write(f"{typed}\r")
        answer = client.until(rb"\r\n" + re.escape(recorded[-1]).encode() + rb"\r\n").decode()
        lines = [line for line in answer.split("\r\n") if line]
        recorded = ["#" if line == "<pdu>" else line for line in recorded]
        exact = not re.search(r"CREG|SYSINFO|CMGR|CSCA|CPMS=\"", typed)
        assert lines == recorded if exact else shape(lines) == shape(recorded)
