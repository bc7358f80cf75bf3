"""Each quirk the simulator can put on a plain modem: texts go both ways all the same."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.testing import running_bank
from tests.modem.stage import on_stage, story
from tests.modem.test_with_simulator import STEADY, serving, text_comes_in

pytestmark = pytest.mark.slow

# Answered only where the family is known by its name, or not at all: firmware-notes/QUIRKS.md says which.
ELSEWHERE = {
    "guard-20-ms": "the profile of Telit",
    "ussd-packed": "the profile of Huawei",
    "ussd-mode-first": "the profile of Huawei",
    "no-texts": "a modem without text service is unfit",
    "ussd-empty": "there is nothing to read",
    "ussd-split": "the line ends are part of the text",
    "cpms-cycle": "not yet seen",
    "no-stored-centre": "not yet seen",
    "slow-reader": "not yet seen",
    "very-slow-reader": "not yet seen",
}
QUIRKS = tomllib.loads((Path(__file__).parents[2] / "simulator/personalities/quirks.toml").read_text())


@pytest.mark.parametrize("quirk", sorted(QUIRKS.keys() - ELSEWHERE))
def test_a_plain_modem_with_this_quirk_serves(quirk):
    @story
    async def told():
        timing = replace(STEADY, busy_pause=0.1, busy_tries=50)
        async with on_stage(bank.device("p0"), timing, sweep_s=0.5) as stage:
            await serving(stage)
            await text_comes_in(bank, stage, "hello there")
            if "ussd" in quirk:
                assert (await stage.modem.ussd("*100#", 5.0)).text == "Your balance is 12.34 EUR."

    with running_bank(ports=1) as bank:
        bank.quirk("p0", quirk)
        told()
