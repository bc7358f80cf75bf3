"""The shares and the pace of many channels under `rotate`, through limits, kills, a dead box and a hung port. Time passes when it
is told to: no channel seems slow because the machine is busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.dispatch.berth import PATIENCE_S
from gateway.records import ChannelState, Counted, OnUnknown, Per, Sent, Status
from tests.core.rack import Rack, pool
from tests.core.stage import story

pytestmark = pytest.mark.slow

MODEMS = [f"p{n}" for n in range(12)]
BOX = [f"b{n}" for n in range(6)]
HUNG, DEAD = "p11", "b5"  # one answers nothing from the beginning, one falls away between two kills
SOUND = [name for name in (*MODEMS, *BOX) if name not in (HUNG, DEAD)]
SEND_S = 4.0
A_MINUTE = 7


async def everybody_sends(rack: Rack) -> None:
    """What is on the air of a sound channel goes, and the next texts are on the air."""
    await rack.calm()
    for name in SOUND:
        on_air = sum(slot.now is not None for slot in rack.dispatch._berths[name].slots)
        rack.ports[name].gives(*[Sent(1)] * on_air)
    await rack.time_passes(SEND_S)
    rack.dispatch.wake()
    await rack.calm()


@story
async def test_twelve_modems_and_six_box_ports_share_alike_through_limits_kills_a_dead_box_and_a_hung_port(tmp_path: Path) -> None:
    async with Rack(tmp_path, *MODEMS, *BOX, deep=BOX, pools=[pool("main", "0-17")]) as rack:
        await rack.limit("sim:*", Counted.TEXTS, Per.MINUTE, A_MINUTE)
        texts = await rack.add(*[f"text {n}" for n in range(900)], pool="main", on_unknown=OnUnknown.HOLD)
        for life, turns in enumerate((20, 18, 21)):
            for turn in range(turns):
                if (life, turn) == (1, 7):
                    rack.becomes(DEAD, ChannelState.LOST)
                await everybody_sends(rack)
            await rack.restart(kill=True)
        for name in SOUND:
            rack.ports[name].sends()

        def left() -> int:
            return sum(rack.status(text) not in (Status.SENT, Status.UNKNOWN) for text in texts)

        for _ in range(30):
            await rack.time_passes(60)
            rack.dispatch.wake()
            await rack.calm()
            if left() <= 1:  # what the hung port holds
                break
        states = "SELECT channel, COUNT(*) FROM attempts WHERE state IN ('sent', 'unknown') GROUP BY channel"
        shares = dict(rack.rows(states))
        assert left() <= 1
        assert {name: shares[name] for name in SOUND if shares[name] - min(shares[one] for one in SOUND) > 1} == {}
        minutes = "SELECT MAX(texts) FROM counters WHERE per = 'minute' AND subject LIKE 'sim:%'"
        assert rack.rows(minutes) == [(A_MINUTE,)]


@story
async def test_a_dead_box_and_a_hung_port_cost_the_others_no_more_than_the_time_for_which_everybody_is_waited_for(
    tmp_path: Path,
) -> None:
    async with Rack(tmp_path, *MODEMS, *BOX, deep=BOX, pools=[pool("main", "0-17")]) as rack:
        await rack.add(*[f"text {n}" for n in range(400)], pool="main")
        await rack.calm()
        rack.becomes(DEAD, ChannelState.LOST)
        waited = int(PATIENCE_S // SEND_S) + 1
        for _ in range(waited):
            await everybody_sends(rack)
        before = {name: len(rack.ports[name].sent) for name in SOUND}
        for _ in range(15):
            await everybody_sends(rack)
        assert {name: len(rack.ports[name].sent) - before[name] for name in SOUND} == dict.fromkeys(SOUND, 15)
        assert min(before.values()) >= 2
