"""Stories of SIM cards: service codes, balances, calls, and cards that change their ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.testing import RunningBank, running_bank
from tests.receiver import Received, Receiver
from tests.scenarios.box import Box, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"


def told(box: Box, receiver: Receiver, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """What webhooks were told of one kind, once there is so much of it."""

    def found() -> list[Received]:
        requests = [one for one in receiver.requests if one.type == kind]
        return requests if len(requests) >= count else []

    return [one.data for one in box.wait(found, f"{count} events {kind}")]


def swap(bank: RunningBank, box: Box) -> None:
    """The cards of p0 and p1 change places while both ports are unplugged."""
    for port in ("p0", "p1"):
        bank.unplug(port)
        box.wait_channel(port, "lost")
    bank.swap_sims("p0", "p1")
    for port in ("p0", "p1"):
        bank.plug(port)
        box.wait_channel(port, "ready")


def test_a_person_dials_a_service_code_and_walks_through_its_menu(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        assert box.call("/v1/channels/p0/ussd", "POST", {"code": "*100#"}) == (
            200, {"text": "Your balance is 12.34 EUR.", "open": False},
        )  # fmt: skip
        status, menu = box.call("/v1/channels/p0/ussd", "POST", {"code": "*101#"})
        assert (status, menu["open"]) == (200, True)
        assert box.call("/v1/channels/p0/ussd", "POST", {"code": "2"}) == (200, {"text": bank.number("p0"), "open": False})
        box.wait_status(box.send(HANDSET), "delivered")  # texts go on


def test_a_service_code_nobody_knows_is_refused_and_one_to_a_dead_port_at_once(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        status, problem = box.call("/v1/channels/p0/ussd", "POST", {"code": "*999#"})
        assert (status, problem["code"]) == (502, "ussd_refused")
        bank.unplug("p0")
        box.wait_channel("p0", "lost")
        status, problem = box.call("/v1/channels/p0/ussd", "POST", {"code": "*100#"})
        assert (status, problem["code"]) == (409, "ussd_not_ready")


def test_the_balance_is_read_shown_and_warned_of(tmp_path: Path) -> None:
    modem = {"balance_ussd": "*100#", "balance_warn_below": 20.0}
    with running_bank(1) as bank, Receiver() as receiver, running_gateway(
        tmp_path, bank, webhook=receiver.url, events=["channel.balance"], modem=modem
    ) as box:
        (told_,) = told(box, receiver, "channel.balance")
        assert (told_["channel"], told_["amount"], told_["warning"]) == ("p0", 12.34, True)
        shown = box.call("/v1/channels/p0")[1]
        assert (shown["balance"]["amount"], shown["balance"]["low"]) == (12.34, True)
        assert told_["sim"] == shown["sim"]


def test_a_text_of_the_operator_tells_the_balance_and_is_handed_on_all_the_same(tmp_path: Path) -> None:
    with running_bank(1) as bank, Receiver() as receiver, running_gateway(
        tmp_path, bank, webhook=receiver.url, modem={"balance_from": "8888"}
    ) as box:
        bank.text("8888", "p0", "Your balance is 7.50 EUR")
        assert told(box, receiver, "channel.balance")[0]["amount"] == 7.5
        assert told(box, receiver, "message.received")[0]["text"] == "Your balance is 7.50 EUR"


def test_a_call_is_hung_up_and_told_with_its_number(tmp_path: Path) -> None:
    with running_bank(1) as bank, Receiver() as receiver, running_gateway(
        tmp_path, bank, webhook=receiver.url, events=["call.missed"]
    ) as box:
        bank.call("p0", "+491701112233")
        bank.wait_for("call", how="hung up")
        (call,) = told(box, receiver, "call.missed")
        assert (call["channel"], call["number"]) == ("p0", "+491701112233")


def test_cards_that_changed_places_are_noticed_and_keep_their_counts(tmp_path: Path) -> None:
    with running_bank(2) as bank, Receiver() as receiver, running_gateway(
        tmp_path, bank, 2, webhook=receiver.url, events=["sim.changed"]
    ) as box:
        assert {one["kind"] for one in told(box, receiver, "sim.changed", 2)} == {"new"}
        sim = box.call("/v1/channels/p0")[1]["sim"]
        box.wait_status(box.send(HANDSET, channel="p0"), "delivered")
        swap(bank, box)

        changes = told(box, receiver, "sim.changed", 4)[2:]
        assert [one["kind"] for one in changes] == ["moved", "swapped"]
        (of_sim,) = [one for one in changes if one["sim"] == sim]
        assert (of_sim["was"], of_sim["channel"]) == ("p0", "p1")
        shown = box.call(f"/v1/sims/{sim}")[1]
        assert (shown["channel"], shown["total"]["sent"]) == ("p1", 1)
        box.wait_status(box.send(HANDSET, channel="p1"), "delivered")
        assert box.call(f"/v1/sims/{sim}")[1]["total"]["sent"] == 2


def test_a_report_finds_its_text_although_the_card_is_in_another_port_by_then(tmp_path: Path) -> None:
    with running_bank(3) as bank, running_gateway(tmp_path, bank, 2) as box:
        bank.unplug("p2")  # the recipient's phone is off: there is nothing to report
        sent = box.send(bank.number("p2"), channel="p0")
        box.wait_status(sent, "sent")
        swap(bank, box)
        bank.plug("p2")
        assert box.wait_status(sent, "delivered")["channel"] == "p0"


def test_a_modem_that_lost_the_service_centre_of_its_card_is_given_it_back(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        centre = box.call("/v1/channels/p0")[1]["smsc"]
        bank.unplug("p0")
        box.wait_channel("p0", "lost")
        bank.service_centre("p0", "")
        bank.plug("p0")
        assert centre and box.wait_channel("p0", "ready")["smsc"] == centre
        box.wait_status(box.send(HANDSET), "delivered")
