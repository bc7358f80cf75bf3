"""Families are told by what modems call themselves. The names are those real devices answer."""

from __future__ import annotations

import pytest

from gateway.errors import ModemUnfit
from gateway.modem.profiles import PROFILES, detect, named


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


def test_every_family_waits_for_the_network_longer_than_the_radio_can_take():
    assert all(profile.send_timeout_s >= 60 for profile in PROFILES)  # 42 s after channel set-up, then the code
