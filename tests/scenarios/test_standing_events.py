"""What a webhook is told by a running gateway when a channel can no longer send, can send again, or has reached a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clock import isoformat
from gateway.settings import PoolSettings
from simulator.testing import RunningBank, running_bank
from tests.receiver import Received, Receiver
from tests.scenarios.box import Box, PassingClock, running_gateway

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
        # A channel is ready a moment before its SIM is written down.
        box.wait(lambda: box.call("/v1/limits", "POST", wish)[0] == 201, "a SIM in p0")
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


HALF_AN_HOUR_S = 30 * 60


def blocked(box: Box, bank: RunningBank, pbx: Receiver, clock: PassingClock) -> None:
    """The SIM of p0 is refused by its modem three times in a row; what it would have sent leaves by p1."""
    bank.fault("p0", "refuse", code=310, times=3)
    begun = clock.now()
    for n in range(3):
        sent = box.wait_status(box.send(text=f"refused {n}", pool="main"), "sent", "delivered")
        assert [one["channel"] for one in sent["attempts"]] == ["p0", "p1"], n
        clock.pass_(20)  # a rest is over
    first, second = pbx.wait_for(2)
    assert told([first, second]) == [("channel.blocked", "p0"), ("channel.down", "p0")]
    assert (first.data["state"], first.data["traffic"]) == ("ready", "blocked")
    assert first.data["reason"].startswith("three refusals in a row blamed this SIM: CMS 310 no SIM")
    assert isoformat(begun + HALF_AN_HOUR_S) < first.data["until"] < isoformat(clock.now() + HALF_AN_HOUR_S)
    explained = box.call("/v1/pools/main/explain?to=%2B4917012345")[1]
    p1, p0 = explained["channels"]
    assert (explained["next"], p1["channel"], p1["reason"]) == ("p1", "p1", "failover (choice 2 of 2), rotate: turn 4")
    assert (p0["standing"], p0["until"]) == ("blocked", first.data["until"])
    alone = box.call("/v1/channels/p0/explain")[1]
    assert {name: alone[name] for name in p0} == p0 and alone["health"]["reasons"]
    for n in range(2):
        sent = box.wait_status(box.send(text=f"by the other {n}", pool="main"), "sent", "delivered")
        assert [one["channel"] for one in sent["attempts"]] == ["p1"]


@pytest.mark.parametrize("by", ["itself", "a person"])
def test_a_sim_that_is_refused_three_times_is_told_as_blocked_and_comes_back_by(tmp_path: Path, by: str) -> None:
    clock, pools = PassingClock(), [PoolSettings("main", ("p0", "p1"), "failover")]
    with (
        running_bank(ports=2) as bank,
        Receiver() as pbx,
        running_gateway(tmp_path, bank, 2, webhook=pbx.url, events=EVENTS, clock=clock, pools=pools) as box,
    ):
        blocked(box, bank, pbx, clock)
        if by == "itself":
            clock.pass_(HALF_AN_HOUR_S)
        else:
            status, channel = box.call("/v1/channels/p0/resume", "POST", {"reason": "the card sits again"})
            assert status == 200 and channel["traffic"]["state"] == "open"
        tried = box.wait_status(box.send(text="tried again", pool="main"), "sent", "delivered")
        assert [one["channel"] for one in tried["attempts"]] == ["p0"]
        up = pbx.wait_for(3)[2]
        assert told([up]) == [("channel.up", "p0")] and up.data["traffic"] == "open"
        whose = [(entry["who"], entry["what"]) for entry in box.call("/v1/audit")[1]["data"] if entry["subject"] == "channel:p0"]
        assert [what for _, what in whose] == ([] if by == "itself" else ["channel.resume"])
