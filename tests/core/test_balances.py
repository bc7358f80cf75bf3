"""Balances: read out of answers and texts, kept for each SIM, told; a low one warns once until it rises again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import ManualClock
from gateway.core.balances import Balances, amount_in
from gateway.core.webhooks import Webhooks
from gateway.records import ChannelFacts, ChannelState, Direction, Encoding, Message, Status, UssdReply
from gateway.settings import ModemSettings, StoreSettings
from gateway.store import Store

MODEM = ModemSettings("p0", "/dev/p0", balance_ussd="*100#", balance_from="8888", balance_warn_below=5.0)
FACTS = ChannelFacts("p0", ChannelState.READY, iccid="a")


class Desk:
    """Balances on a real database, and a webhook for what they tell."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.balances = Balances(store, [MODEM], clock, lambda: None)
        self._webhooks = Webhooks(store, clock, lambda: None)
        self._webhook = self._webhooks.add("https://pbx.example/sms", ["channel.balance"])[0]

    def answer(self, text: str, code: str = "*100#", facts: ChannelFacts = FACTS) -> None:
        asyncio.run(self.balances.answered(facts, code, UssdReply(text)))

    def text(self, sender: str, text: str) -> None:
        message = Message(
            "msg_1", Direction.IN, Status.RECEIVED, "", sender, text, Encoding.GSM7, 1, "p0", None, created_at=0.0
        )
        self.store.writer.run(lambda db: self.balances.heard(db, message, "a"))

    def told(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [dict(one.data) for one in reversed(self._webhooks.deliveries(self._webhook.id).forwards)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = ManualClock()
    store = Store.open(StoreSettings(path=str(tmp_path / "simrack.db"), reserve_mb=0), clock, serving=True)
    yield Desk(store, clock)
    store.close()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Your balance is 12.34 EUR.", 12.34),
        ("Guthaben: 9,90 EUR", 9.90),
        ("Saldo 1.234,56 EUR", 1234.56),
        ("Balance 1,234.56 USD", 1234.56),
        ("You have 0.00 left", 0.0),
        ("9" * 400 + ".00", None),
        ("Please wait for a text", None),
        ("Call 22922 for help", None),
    ],
)
def test_the_usual_pattern_finds_amounts_as_operators_write_them(text: str, amount: float | None) -> None:
    assert amount_in(text, MODEM.balance_pattern) == amount


def test_a_pattern_of_ones_own_says_where_the_amount_stands() -> None:
    pattern = r"(?:credit|bonus) (?P<amount>\d+)|no (?P<none>credit)"
    assert amount_in("until 31.12. your credit 25 is valid", pattern) == 25.0
    assert amount_in("no credit", pattern) is None


def test_a_text_that_is_made_for_it_has_no_amount() -> None:
    assert amount_in("1" * 40_000, r"(([0-9]*)*)*(?P<amount>[0-9]+) EUR") is None


def test_the_answer_to_the_code_is_kept_for_the_sim_and_told(desk: Desk) -> None:
    desk.answer("Your balance is 12.34 EUR.")
    kept = desk.store.balances.all()["a"]
    assert (kept.amount, kept.channel, kept.low) == (12.34, "p0", False)
    (told,) = desk.told()
    assert (told["amount"], told["sim"], told["channel"], told["warning"]) == (12.34, "a", "p0", False)


def test_answers_to_other_codes_and_of_other_channels_are_no_balance(desk: Desk) -> None:
    desk.answer("Your tariff costs 12.34 EUR", code="*101#")
    desk.answer("Your balance is 12.34", facts=ChannelFacts("p9", ChannelState.READY, iccid="z"))
    assert desk.store.balances.all() == {} and desk.told() == []


def test_a_low_balance_warns_once_until_it_has_risen_again(desk: Desk) -> None:
    for amount in ("9.00", "4.99", "4.50", "20.00", "3.00"):
        desk.answer(f"Your balance is {amount} EUR")
    assert [(one["low"], one["warning"]) for one in desk.told()] == [
        (False, False), (True, True), (True, False), (False, False), (True, True),
    ]  # fmt: skip


def test_an_answer_without_an_amount_is_shown_and_changes_no_warning(desk: Desk) -> None:
    desk.answer("Your balance is 4.00 EUR")
    desk.answer("Service not available, try again")
    kept = desk.store.balances.all()["a"]
    assert (kept.amount, kept.low, kept.text) == (None, True, "Service not available, try again")
    desk.answer("Your balance is 3.00 EUR")
    assert [one["warning"] for one in desk.told()] == [True, False]


def test_a_text_of_the_operator_tells_the_balance_and_its_advertisements_do_not(desk: Desk) -> None:
    desk.text("8888", "Your balance is 7.50 EUR")
    desk.text("8888", "Win a phone!")
    desk.text("+491701234567", "I owe you 99.00")
    assert desk.store.balances.all()["a"].amount == 7.50
    assert [one["amount"] for one in desk.told()] == [7.50]
