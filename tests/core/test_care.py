"""What SIMs need now and then is due by rows: balances asked for, texts that keep a SIM alive, and neither too often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.clock import ManualClock
from gateway.core.balances import Balances
from gateway.core.care import Care
from gateway.core.sims import Sims
from gateway.core.ussd import Ussd
from gateway.errors import UssdFailed
from gateway.records import ChannelState, Message, Sent
from gateway.settings import ModemSettings, StoreSettings
from gateway.store import Store, outbox
from gateway.store.messages import MessageFilter
from tests.core.lines import Line
from tests.core.stage import story
from tests.store import rounds
from tests.store.conftest import new_message

BALANCE = ModemSettings("p0", "/dev/p0", balance_ussd="*100#", balance_every_hours=24.0)
KEEP_ALIVE = ModemSettings("p0", "/dev/p0", keep_alive_days=30, keep_alive_to="+4915112345678")
HOUR, DAY = 3600.0, 86400.0


class Ward:
    """One channel, its SIM known, on a real database and a clock moved by hand."""

    def __init__(self, folder: Path, modem: ModemSettings) -> None:
        self.clock = ManualClock()
        self.line = Line("p0")
        self.store = Store.open(StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0), self.clock, serving=True)
        self.woken = 0
        balances = Balances(self.store, [modem], self.clock, lambda: None)
        ussd = Ussd([self.line], balances.answered, callers=1)
        self.care = Care(self.store, [modem], self.clock, lambda: [self.line.facts], ussd, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def seen(self) -> None:
        await Sims(self.store, self.clock, lambda: None, {}, "DE").ready(self.line.facts)

    async def after(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.care.look()

    def texts(self) -> list[Message]:
        return list(self.store.messages.find(MessageFilter(), None, 100).messages)

    def send_one(self) -> None:
        """Whatever is first in the queue leaves."""
        now = self.clock.now()
        (claim,) = self.store.writer.run(lambda db: rounds.claim(db, [rounds.want("p0", "a", ("", "channel:p0"))], now))
        self.store.writer.run(lambda db: rounds.record(db, claim, Sent(1), None, now))


@story
async def test_a_balance_is_asked_for_at_once_and_then_every_so_many_hours(tmp_path: Path) -> None:
    ward = Ward(tmp_path, BALANCE)
    await ward.after(0)
    assert ward.line.dialled == ["*100#"] and ward.store.balances.all()["a"].amount == 12.34
    await ward.after(23 * HOUR)
    assert len(ward.line.dialled) == 1
    await ward.after(1 * HOUR)
    assert len(ward.line.dialled) == 2
    ward.store.close()


@story
async def test_a_code_that_was_not_answered_is_dialled_again_after_an_hour(tmp_path: Path) -> None:
    ward = Ward(tmp_path, BALANCE)
    ward.line.network = UssdFailed("timeout", "no answer", "try again later")
    await ward.after(0)
    await ward.after(HOUR / 2)
    assert len(ward.line.dialled) == 1
    await ward.after(HOUR / 2)
    assert len(ward.line.dialled) == 2 and ward.store.balances.all() == {}
    ward.store.close()


@story
async def test_a_restart_asks_for_no_balance_that_is_not_due(tmp_path: Path) -> None:
    ward = Ward(tmp_path, BALANCE)
    await ward.after(0)
    ward.store.close()

    ward = Ward(tmp_path, BALANCE)
    await ward.after(0)
    assert ward.line.dialled == []
    ward.store.close()


@story
async def test_a_channel_that_is_not_ready_is_left_alone(tmp_path: Path) -> None:
    ward = Ward(tmp_path, BALANCE)
    ward.line.facts = replace(ward.line.facts, state=ChannelState.LOST)
    await ward.after(0)
    assert ward.line.dialled == []
    ward.store.close()


@story
async def test_another_sim_in_the_same_channel_is_asked_at_once(tmp_path: Path) -> None:
    ward = Ward(tmp_path, BALANCE)
    await ward.after(0)
    ward.line.facts = replace(ward.line.facts, iccid="b")
    await ward.after(0)
    assert len(ward.line.dialled) == 2 and set(ward.store.balances.all()) == {"a", "b"}
    ward.store.close()


@story
async def test_a_balance_can_be_asked_for_by_text(tmp_path: Path) -> None:
    ward = Ward(tmp_path, ModemSettings("p0", "/dev/p0", balance_text="BAL", balance_from="8888"))
    await ward.after(0)
    await ward.after(HOUR)
    (asked,) = ward.texts()
    assert (asked.to, asked.text, asked.client_ref) == ("8888", "BAL", "simrack:balance:a")
    assert ward.woken == 1
    ward.store.close()


@story
async def test_a_sim_that_sent_nothing_for_long_sends_one_text_over_its_own_channel(tmp_path: Path) -> None:
    ward = Ward(tmp_path, KEEP_ALIVE)
    await ward.seen()
    await ward.after(29 * DAY)
    assert ward.texts() == []
    await ward.after(1 * DAY)
    (text,) = ward.texts()
    assert (text.to, text.client_ref) == ("+4915112345678", "simrack:keep-alive:a")
    assert ward.woken == 1
    lane = ward.store.read(lambda db: db.execute_sql("SELECT lane FROM messages").fetchone())
    assert lane == ("channel:p0",)
    ward.store.close()


@story
async def test_any_sent_text_of_the_sim_counts_whatever_channel_it_was_in(tmp_path: Path) -> None:
    ward = Ward(tmp_path, KEEP_ALIVE)
    await ward.seen()
    ward.clock.advance(20 * DAY)
    now = ward.clock.now()
    ward.store.writer.run(lambda db: outbox.add(db, [new_message()], now))
    ward.send_one()
    await ward.after(29 * DAY)
    assert len(ward.texts()) == 1
    await ward.after(1 * DAY)
    assert len(ward.texts()) == 2
    ward.store.close()


@story
async def test_a_text_that_keeps_a_sim_alive_is_tried_once_a_day_until_it_goes(tmp_path: Path) -> None:
    ward = Ward(tmp_path, KEEP_ALIVE)
    await ward.seen()
    await ward.after(30 * DAY)
    await ward.after(HOUR)
    assert len(ward.texts()) == 1
    await ward.after(DAY)
    assert len(ward.texts()) == 2
    ward.send_one()
    await ward.after(DAY)
    assert len(ward.texts()) == 2
    ward.store.close()


@story
async def test_a_clock_that_was_never_set_makes_nothing_due(tmp_path: Path) -> None:
    ward = Ward(tmp_path, replace(KEEP_ALIVE, balance_ussd="*100#"))
    await ward.seen()
    ward.clock.jump(-ward.clock.now() + 1000)
    await ward.after(0)
    assert ward.texts() == [] and ward.line.dialled == []
    ward.store.close()
