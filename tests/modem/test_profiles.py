"""Families are told by what modems call themselves. The names are those real devices answer."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import ModemUnfit
from gateway.modem.profiles import PROFILES, detect, named
from gateway.records import Sent
from tests.modem.peer import Peer, info
from tests.modem.stage import SAYS_OK, on_stage, story


@pytest.mark.parametrize(
    ("manufacturer", "model", "family"),
    [
        ("WAVECOM MODEM", "MULTIBAND  900E  1800", "wavecom"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "sim800"),
        ("SIMCOM_Ltd", "SIMCOM_SIM900", "sim800"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-lte"),
        ("INCORPORATED", "A7670E-FASE", "simcom-lte"),
        ("Quectel_Ltd", "Quectel_M35", "quectel-m"),
        ("Quectel_Ltd", "Quectel_M26", "quectel-m"),
        ("Quectel", "EC25", "quectel-ec2x"),
        ("Quectel", "UC20", "quectel-ec2x"),
        ("Quectel", "EG25-G", "quectel-ec2x"),
        ("huawei", "E173", "huawei"),
        ("SIEMENS", "MC35i", "siemens"),
        ("Cinterion", "MC75i", "siemens"),
        ("Cinterion", "EHS6", "siemens"),
        ("Telit", "HE910", "telit"),
        ("Telit", "LE910C1-EU", "telit"),
        ("ZTE INCORPORATED", "MF190", "zte"),
        ("ZTE CORPORATION", "K3565-Z", "zte"),
        ("u-blox", "LISA-U200", "ublox"),
        ("huawei", "E3372", "huawei"),
        ("Nokia", "Nokia N79", "generic"),
        ("Sierra Wireless, Incorporated", "MC8790", "generic"),
        ("", "", "generic"),
    ],
)
def test_a_modem_belongs_to_the_family_its_names_tell(manufacturer, model, family):
    assert detect(manufacturer, model).name == family


def test_a_family_may_be_chosen_by_name():
    assert [named(profile.name) for profile in PROFILES] == list(PROFILES)
    with pytest.raises(ModemUnfit, match="auto or one of"):
        named("simcon")


@story
async def test_a_family_that_needs_silence_between_commands_gets_it():
    """Telit LE910C guide: 20 ms after each answer."""
    peer = Peer({"AT+CGMI": info("Telit"), "AT+CGMM": info("LE910C1-EU")})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for reference in range(1, 6):
            assert await stage.send() == Sent(reference)
        assert loop.time() - begun >= 4 * 0.02


@pytest.mark.parametrize(("maker", "news"), [("Telit", "#QSS: 3"), (" WAVECOM MODEM", "+WIND: 16")])
@story
async def test_a_text_service_that_comes_up_is_looked_at(maker, news):
    peer = Peer({"AT+CGMI": info(maker), "AT+CGMM": info(" MULTIBAND  900E  1800")})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        await peer.until_told("AT+CMGL=4")
        peer.stores["SM"][1] = SAYS_OK
        peer.say(f"\r\n{news}\r\n".encode())
        await stage.until(lambda: stage.parts)


def test_every_family_waits_for_the_network_longer_than_the_radio_can_take():
    assert all(profile.send_timeout_s >= 60 for profile in PROFILES)  # 42 s after channel set-up, then the code
