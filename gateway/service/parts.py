"""Builds every part of a gateway and connects them. Starts nothing and stops nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import TypeVarTuple

from gateway.channels.contract import Channel
from gateway.channels.dinstar_channel import dinstar_boxes, dinstar_channels
from gateway.channels.modem_channel import modem_channels
from gateway.channels.supervisor import Supervisor
from gateway.clock import Clock
from gateway.core.balances import Balances
from gateway.core.boxes import BoxRows, Pushes
from gateway.core.care import Care
from gateway.core.channel_news import ChannelNews
from gateway.core.choices import Choices
from gateway.core.dispatch import Dispatch
from gateway.core.fitness import Fitness
from gateway.core.forwarding import Forwarding
from gateway.core.forwarding.addresses import Reach
from gateway.core.inbound.rules import Inbound
from gateway.core.keys import Keys
from gateway.core.limits import Limits
from gateway.core.own_numbers import configured_numbers
from gateway.core.pools import Pools
from gateway.core.receiving import Receiving
from gateway.core.recovering import recover
from gateway.core.replying import Replying
from gateway.core.reporting import Reporting, announce
from gateway.core.routing.routes import Routes
from gateway.core.sending import Sending
from gateway.core.sims import Sims
from gateway.core.submitting import Submitting
from gateway.core.timetable import Timetable
from gateway.core.ussd import Ussd
from gateway.core.webhooks import Webhooks
from gateway.modem.timing import Timing
from gateway.pbx.request import AsBox
from gateway.records import Forward
from gateway.settings import Settings
from gateway.smpp.server import SmppServer
from gateway.store import Store
from gateway.store.air import Verdict
from gateway.store.airmarks import AirMarks

Ts = TypeVarTuple("Ts")


class Parts:
    """Each stage needs those before it alone. But the parts of a gateway stand in a circle: what comes in wakes what goes out, and
    what goes out wakes what tells of it. Where that closes, the later part is called by a method under `Wires`."""

    def __init__(self, settings: Settings, clock: Clock, timing: Timing | None) -> None:
        self.settings = settings
        self.clock = clock
        self.loop = asyncio.get_running_loop()
        self._open_store()
        self._build_telling()
        self._build_what_people_set()
        self._build_channels(timing)
        self._build_sending()
        self._build_what_has_its_time()
        self._build_taking_in()

    # Stages

    def _open_store(self) -> None:
        self.store = Store.open(self.settings.store, self.clock, serving=True)
        marks = self.store.path.with_name(f"{self.store.path.name}.air")
        recover(self.store, self.settings, self.clock, marks)
        self.marks = AirMarks(marks, self.settings.channel_names)

    def _build_telling(self) -> None:
        doors = self.settings.doors
        self.forwarding = Forwarding(
            self.store,
            self.settings.forwarding,
            self.clock,
            reach=Reach.of(self.settings),
            country=self.settings.numbers.country,
            as_box=AsBox(doors.dinstar_sn, doors.ports_of(self.settings.channel_names) if "dinstar" in doors.open else {}),
            callback_secrets={"twilio": doors.twilio_secret, "vonage": doors.vonage_secret},
            reply=self._reply,
        )
        self.reporting = Reporting(self.store, self.clock, self._tell, self._wake)

    def _build_what_people_set(self) -> None:
        wake, forward = self.from_thread(self._wake), self.from_thread(self.forwarding.wake)
        self.keys = Keys(self.store, self.clock)
        self.webhooks = Webhooks(self.store, self.clock, forward, Reach.of(self.settings))
        self.pools = Pools(self.store, self.settings, self.clock, wake)
        self.limits = Limits(self.store, self.clock, self.from_thread(self._limits_changed))
        self.fitness = Fitness(self.store, self.clock, self.settings.channel_names, wake, forward)

    def _build_channels(self, timing: Timing | None) -> None:
        numbers, country = configured_numbers(self.settings), self.settings.numbers.country
        self.sims = Sims(self.store, self.clock, self.forwarding.wake, numbers, country)
        self.balances = Balances(self.store, self.settings.modems, self.clock, self.forwarding.wake)
        self.news = ChannelNews(
            self.store,
            self.clock,
            self.sims,
            self.fitness,
            self.reporting,
            wake=self._wake,
            forward=self.forwarding.wake,
            care=self._care_sooner,
            numbers=self._look_at_numbers,
        )
        self.supervisor = Supervisor(self.clock, self.news.changed)
        self.inbound = Inbound(self.store, self.settings, self.clock, self.pools, self.supervisor.facts)
        self.receiving = Receiving(
            self.store,
            self.settings.receiving,
            self.clock,
            self._own_number,
            forward=self._tell,
            parts_wait=self._look_sooner,
            heard=self.balances.heard,
            decide=self.inbound.decide,
            country=self.settings.numbers.country,
            smpp_open=bool(self.settings.smpp.listen),
        )
        self.channels = [*self._modems(timing), *self._ports_of_boxes()]
        for channel in self.channels:
            self.supervisor.add(channel)

    def _modems(self, timing: Timing | None) -> list[Channel]:
        return modem_channels(
            self.settings.modems,
            self.clock,
            keep_part=self.receiving.keep,
            keep_report=self.news.reported,
            changed=self.supervisor.heard,
            answered_late=self.news.answered_late,
            called=self.news.called,
            known_smsc=self.sims.known_smsc,
            own_number=self.sims.own_number,
            timing=timing,
            country=self.settings.numbers.country,
        )

    def _ports_of_boxes(self) -> list[Channel]:
        rows = BoxRows(self.store, self.clock)
        boxes = dinstar_boxes(
            self.settings.dinstars,
            self.clock,
            keep_part=self.receiving.keep,
            keep_report=self.news.reported,
            answered_late=self.news.answered_late,
            refused_late=self.news.refused_late,
            unanswered=rows.unanswered,
            unreported=rows.unreported,
            marks=rows,
        )
        self.pushes = Pushes({name: box.pushed for name, box in boxes.items()}, callers=self._half_of_the_web)
        return dinstar_channels(boxes, self.supervisor.heard, self.settings.numbers.country, self.sims.own_number)

    def _build_sending(self) -> None:
        self.dispatch = Dispatch(
            self.store,
            self.settings.sending,
            self.pools.lanes,
            self.fitness,
            self.limits,
            self.clock,
            self.marks,
            announce=lambda db, message: announce(db, message, self.clock.now()),
            changed=self._recorded,
            chance=random.Random(),
        )
        for channel in self.channels:
            self.dispatch.add(channel)

    def _build_what_has_its_time(self) -> None:
        facts, wake = self.supervisor.facts, self.dispatch.wake
        self.ussd = Ussd(self.channels, self.balances.answered, callers=self._half_of_the_web)
        self.care = Care(self.store, self.settings.modems, self.clock, facts, self.ussd, wake)
        self.timetable = Timetable(
            self.store, self.settings, self.clock, self.receiving, facts, wake, self._tell, self.limits.look_again
        )

    def _build_taking_in(self) -> None:
        choices = Choices(self.pools, self.supervisor.facts, self.fitness)
        self.routes = Routes(self.store, self.settings, self.clock, self.pools, choices.of)
        self.sending = Sending(
            self.store,
            self.settings,
            self.clock,
            self.supervisor.facts,
            self.pools,
            self.routes,
            wake=self.from_thread(self.dispatch.wake),
            came_in=self.from_thread(self.dispatch.came_in),
            due=self.from_thread(self.timetable.sooner),
        )
        self.replying = Replying(self.sending)
        submitting = Submitting(self.store, self.sending, self.clock)
        self.smpp = SmppServer(self.settings, self.store, self.keys, submitting, self.clock, self.supervisor.facts)

    # Wires

    def from_thread(self, call: Callable[[*Ts], None]) -> Callable[[*Ts], None]:
        """The same call, for threads that are not the loop's. It does not wait."""

        def from_thread(*arguments: *Ts) -> None:
            self.loop.call_soon_threadsafe(call, *arguments)

        return from_thread

    def _wake(self) -> None:
        """A text may have become ready to go, or a channel ready to take one."""
        self.dispatch.wake()

    def _limits_changed(self) -> None:
        self.dispatch.limits_changed()

    def _tell(self) -> None:
        """Something happened to a message, and is committed."""
        self.forwarding.wake()
        self.smpp.wake()

    def _recorded(self, verdict: Verdict | None) -> None:
        """An outcome is committed."""
        self.dispatch.wake()
        self._tell()
        if verdict is not None:
            self.timetable.sooner()

    def _look_sooner(self) -> None:
        self.timetable.sooner()

    def _care_sooner(self) -> None:
        self.care.sooner()

    async def _reply(self, row: Forward, texts: Sequence[str]) -> None:
        await self.replying.reply(row, texts)

    def _look_at_numbers(self) -> None:
        self.pools.look_at_numbers(self.supervisor.facts())

    def _own_number(self, channel: str) -> str:
        return next((facts.number for facts in self.supervisor.facts() if facts.name == channel), "")

    @property
    def _half_of_the_web(self) -> int:
        """So many of its threads may wait for the answers of networks and boxes."""
        return max(1, self.settings.http.threads // 2)
