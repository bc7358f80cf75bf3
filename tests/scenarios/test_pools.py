"""Pools told whole, over modem ports and ports of a box: turns, conversations, prices, dial strings, routes, pauses, limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import DinstarSettings, NumbersSettings, PoolSettings, TariffSettings
from simulator.dinstar.plan import BoxPlan
from simulator.testing import RunningBank, running_bank
from tests.scenarios.box import Box, running_gateway
from tests.simulator.dinstar_client import BoxClient

pytestmark = pytest.mark.slow

PORTS = ("p0", "p1", "box1.0", "box1.1")
HANDSET = "+4917099001"


@contextmanager
def rack(
    folder: Path, *pools: PoolSettings, tariffs: dict[str, str] | None = None, **given: Any
) -> Iterator[tuple[RunningBank, Box]]:
    """Two modem ports and a box with two."""
    with ExitStack() as stack:
        bank = stack.enter_context(running_bank(ports=2, boxes=[BoxPlan("box1", ports=2)]))
        yield bank, stack.enter_context(gateway(folder, bank, *pools, tariffs=tariffs, **given))


@contextmanager
def gateway(
    folder: Path, bank: RunningBank, *pools: PoolSettings, tariffs: dict[str, str] | None = None, **given: Any
) -> Iterator[Box]:
    there, of = bank.box("box1"), tariffs or {}
    one = DinstarSettings(
        "box1", there.url, there.user, there.password, "0-1", poll_s=0.05, inbox_s=0.1, tariff=of.get("box1", ""),
        dial=given.pop("box_dial", "e164"),
    )  # fmt: skip
    modem = {"tariff": of.get("modems", ""), **given.pop("modem", {})}
    given.setdefault("numbers", NumbersSettings("DE", open=("*",)))
    prices = given.pop("prices", ())
    with running_gateway(folder, bank, 2, pools=pools, dinstars=(one,), modem=modem, tariffs=prices, **given) as box:
        yield box


def send(bank: RunningBank, box: Box, text: str, to: str = "+4917012345", **given: object) -> str:
    """The port that a text left by, once it is sent."""
    message = box.wait_status(box.send(to, text, **given), "sent", "delivered")
    assert message["attempts"][-1]["why"]
    return str(message["attempts"][-1]["channel"])


def test_texts_go_round_modem_ports_and_box_ports_alike_and_a_restart_remembers_whose_turn_it_is(tmp_path: Path) -> None:
    main = PoolSettings("main", ("p0-1", "box1.0-1"))
    with running_bank(ports=2, boxes=[BoxPlan("box1", ports=2)]) as bank:
        with gateway(tmp_path, bank, main) as box:
            assert [send(bank, box, f"{n}", pool="main") for n in range(6)] == [*PORTS, "p0", "p1"]
        with gateway(tmp_path, bank, main) as box:
            assert [send(bank, box, f"{n}", pool="main") for n in range(3)] == ["box1.0", "box1.1", "p0"]


def test_a_dial_string_is_a_pool_of_its_own(tmp_path: Path) -> None:
    with rack(tmp_path) as (bank, box):
        assert [send(bank, box, f"{n}", channel="(1.3)") for n in range(4)] == ["p1", "box1.0", "box1.1", "p1"]
        status, problem = box.call("/v1/messages", "POST", {"to": "+4917012345", "text": "x", "channel": "0-9"})
        assert status == 422 and "positions are 0 to 3" in problem["detail"]


def test_a_person_who_wrote_to_a_sim_is_answered_from_it_and_keeps_it_while_it_is_fit(tmp_path: Path) -> None:
    with rack(tmp_path, PoolSettings("desk", ("p0-1", "box1.0-1"), "sticky, least-used")) as (bank, box):
        bank.text(HANDSET, "box1.1", "hello?")
        box.wait(box.received, "the text of the handset")
        assert [send(bank, box, f"{n}", HANDSET, pool="desk") for n in range(3)] == ["box1.1"] * 3
        message = box.call("/v1/messages?direction=out&limit=1")[1]["data"][0]
        assert box.message(message["id"])["attempts"][0]["why"] == "sticky: the number of this conversation"

        assert box.call("/v1/channels/box1.1/pause", "POST", {"reason": "being moved"})[0] == 200
        elsewhere = send(bank, box, "still there?", HANDSET, pool="desk")
        assert elsewhere != "box1.1"
        assert box.call("/v1/channels/box1.1/resume", "POST", {})[0] == 200
        assert send(bank, box, "and now?", HANDSET, pool="desk") == elsewhere  # the conversation goes on where it is


def test_the_cheapest_takes_each_text_and_the_next_when_it_cannot(tmp_path: Path) -> None:
    prices = (TariffSettings("home", {"+49": 0.07, "+": 0.5}), TariffSettings("world", {"+49": 0.09, "+": 0.2}))
    with rack(
        tmp_path,
        PoolSettings("main", ("p0-1", "box1.0-1"), "cheapest"),
        tariffs={"modems": "home", "box1": "world"},
        prices=prices,
    ) as (bank, box):
        assert {send(bank, box, f"home {n}", pool="main") for n in range(4)} == {"p0", "p1"}
        assert {send(bank, box, f"abroad {n}", "+33612345678", pool="main") for n in range(4)} == {"box1.0", "box1.1"}
        for name in ("p0", "p1"):
            box.call(f"/v1/channels/{name}/pause", "POST", {})
        assert send(bank, box, "home again", pool="main") in ("box1.0", "box1.1")


def test_failover_stays_with_the_first_entry_until_nothing_of_it_is_able(tmp_path: Path) -> None:
    with rack(tmp_path, PoolSettings("main", ("box1.0-1", "p0-1"), "failover")) as (bank, box):
        assert [send(bank, box, f"{n}", pool="main") for n in range(3)] == ["box1.0", "box1.1", "box1.0"]
        bank.box("box1").fault("dead", how="refused")
        box.wait_channel("box1.0", "lost")
        box.wait_channel("box1.1", "lost")
        assert send(bank, box, "box is gone", pool="main") in ("p0", "p1")


def test_a_pool_is_changed_while_it_runs_and_set_back(tmp_path: Path) -> None:
    with rack(tmp_path, PoolSettings("main", ("p0",))) as (bank, box):
        assert send(bank, box, "one", pool="main") == "p0"
        status, pool = box.call("/v1/pools/main", "PUT", {"channels": ["box1.1"]})
        assert (status, pool["origin"]) == (200, "changed")
        assert send(bank, box, "two", pool="main") == "box1.1"
        assert box.call("/v1/pools/main", "DELETE")[0] == 204
        assert send(bank, box, "three", pool="main") == "p0"


def test_routes_choose_pools_and_closed_numbers_are_refused_with_the_remedy(tmp_path: Path) -> None:
    pools = (PoolSettings("home", ("p0",)), PoolSettings("away", ("box1.0",)))
    with rack(tmp_path, *pools, numbers=NumbersSettings("DE", open=("FR",))) as (bank, box):
        for name, country, pool in (("fr", "FR", "away"), ("de", "DE", "home")):
            assert box.call("/v1/routes", "POST", {"name": name, "country": country, "pool": pool})[0] == 201
        assert send(bank, box, "salut", "+33612345678") == "box1.0"
        assert send(bank, box, "hallo") == "p0"
        status, found = box.call("/v1/routes/explain", "POST", {"to": "+33612345678"})
        assert status == 200 and [one["channel"] for one in found["channels"]] == ["box1.0"]
        status, problem = box.call("/v1/messages", "POST", {"to": "+41791234567", "text": "grüezi"})
        assert status == 422 and "[numbers]" in problem["detail"]


def test_numbers_are_spelled_as_each_operator_wants_them(tmp_path: Path) -> None:
    with rack(tmp_path, modem={"dial": "national"}, box_dial="00") as (bank, box):
        for channel in ("p0", "box1.0"):
            send(bank, box, channel, "+4917012345678", channel=channel)
        # TP-DA: twelve digits, type of number unknown, 017012345678 in swapped semi-octets
        assert "0C81100721436587" in str(bank.wait_for("submit", text="p0")[0]["pdu"])
        there = bank.box("box1")
        client = BoxClient(there.url, there.user, there.password)
        assert client.post("query_sms_result", {"port": [0]})["result"][0]["number"] == "004917012345678"
        client.close()


def test_a_limit_holds_says_so_and_opens_when_it_is_set_back(tmp_path: Path) -> None:
    with rack(tmp_path, PoolSettings("main", ("p0", "box1.0"), "least-used")) as (bank, box):
        wish = {"subject": "sim:*", "counted": "texts", "per": "day", "most": 2}
        status, limit = box.call("/v1/limits", "POST", wish)
        assert status == 201
        assert sorted(send(bank, box, f"{n}", pool="main") for n in range(4)) == ["box1.0", "box1.0", "p0", "p0"]

        assert [box.call(f"/v1/channels/{name}")[1]["left_today"] for name in PORTS] == [0, 2, 0, 2]

        held = box.send(text="too many", pool="main")
        box.wait(lambda: _traffic(box, "p0") == "limited" and _traffic(box, "box1.0") == "limited", "both limited")
        assert box.message(held)["status"] == "queued"
        assert box.call(f"/v1/limits/{limit['id']}/reset", "POST", {})[0] == 200
        box.wait_status(held, "sent", "delivered")


def test_a_draining_channel_sends_what_is_bound_to_it_and_then_is_paused(tmp_path: Path) -> None:
    with rack(tmp_path, PoolSettings("main", ("p0-1",))) as (bank, box):
        bank.network(latency=0.2)
        bound = [box.send(text=f"bound {n}", channel="p0") for n in range(3)]
        assert box.call("/v1/channels/p0/drain", "POST", {})[0] == 200
        assert send(bank, box, "for anybody", pool="main") == "p1"
        for one in bound:
            box.wait_status(one, "sent", "delivered")
        box.wait(lambda: _traffic(box, "p0") == "paused", "p0 drained")


def _traffic(box: Box, name: str) -> str:
    return str(box.call(f"/v1/channels/{name}")[1]["traffic"]["state"])
