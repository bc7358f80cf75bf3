"""What a webhook is told by a running gateway when a channel can no longer send, can send again, or has reached a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.testing import running_bank
from tests.receiver import Received, Receiver
from tests.scenarios.box import running_gateway

pytestmark = pytest.mark.slow

EVENTS = ("channel.up", "channel.down", "channel.blocked", "channel.limit")


def told(requests: list[Received]) -> list[tuple[str, str]]:
    return [(request.type, request.data["channel"]) for request in requests]


def test_a_modem_that_is_unplugged_and_plugged_in_again_is_told_as_down_and_up(tmp_path: Path) -> None:
    with running_bank(ports=2) as bank, Receiver() as pbx, running_gateway(tmp_path, bank, 2, webhook=pbx.url, events=EVENTS):
        bank.unplug("p1")
        (down,) = pbx.wait_for(1)
        assert told([down]) == [("channel.down", "p1")] and down.data["state"] == "lost"
        bank.plug("p1")
        assert told(pbx.wait_for(2)) == [("channel.down", "p1"), ("channel.up", "p1")]


def test_a_sim_that_reaches_its_limit_is_told_once_with_the_time_at_which_it_opens(tmp_path: Path) -> None:
    with (
        running_bank(ports=2) as bank,
        Receiver() as pbx,
        running_gateway(tmp_path, bank, 2, webhook=pbx.url, events=EVENTS) as box,
    ):
        wish = {"subject": "channel:p0", "counted": "texts", "per": "month", "most": 1}
        assert box.call("/v1/limits", "POST", wish)[0] == 201
        box.wait_status(box.send(text="the last of this month", channel="p0"), "sent", "delivered")
        held = [box.send(text=f"too many {n}", channel="p0") for n in range(2)]
        (limit,) = pbx.wait_for(1)
        assert told([limit]) == [("channel.limit", "p0")]
        shown = box.call("/v1/channels/p0")[1]["traffic"]
        assert shown["state"] == limit.data["traffic"] == "limited" and limit.data["until"] == shown["until"]
        # What is told next shows that nothing was told between.
        box.call("/v1/channels/p1/pause", "POST", {})
        assert told(pbx.wait_for(2)[1:]) == [("channel.down", "p1")]
        assert [box.message(one)["status"] for one in held] == ["queued"] * 2
