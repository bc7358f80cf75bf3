"""One life of a modem: from the open port through preparation and service to its loss, and back on its feet in between.

A modem that restarts or falls silent is prepared again on the same port; a lost link or a long silence ends the life.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.at import replies
from gateway.at.events import News, Surprise
from gateway.at.news import is_boot
from gateway.clock import Clock
from gateway.errors import LinkLost, ModemSilent, SimrackError
from gateway.modem.calls import Calls
from gateway.modem.desk import Desk
from gateway.modem.duty import Duty, Observed
from gateway.modem.exchange import Exchange, NoAnswer, Restarted
from gateway.modem.keeper import Keeper
from gateway.modem.ladder import Ladder, Step
from gateway.modem.link import open_link
from gateway.modem.pin import PinGuard
from gateway.modem.reception import Reception
from gateway.modem.rescue import Rescue
from gateway.modem.routing import Routing
from gateway.modem.sending import Sending
from gateway.modem.session import Session
from gateway.modem.start import Start
from gateway.modem.status import Status
from gateway.modem.storages import Storages
from gateway.modem.timing import Timing
from gateway.modem.ussd import Ussd
from gateway.records import ChannelState
from gateway.settings import ModemSettings

log = logging.getLogger("simrack.modem")


class Life:
    """`note(**facts)` tells what was learnt; `late(reference)` that a +CMGS came after its time; `called(number)` that it rang.

    `known_smsc()` is the service centre that the SIM in place is known to use, or empty; `known_number()` its own number.
    """

    def __init__(
        self,
        settings: ModemSettings,
        clock: Clock,
        timing: Timing,
        guard: PinGuard,
        keeper: Keeper,
        *,
        note: Callable[..., None],
        late: Callable[[int], None],
        called: Callable[[str], None],
        known_smsc: Callable[[], str],
        known_number: Callable[[], str],
        ladder: Ladder,
        family: str,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._timing = timing
        self._guard = guard
        self._note = note
        self._late = late
        self._known_smsc = known_smsc
        self._known_number = known_number
        self._exchange = Exchange(
            settings.name, timing, on_news=self._hear, on_surprise=self._surprised, on_lost=self._lost
        )
        self.session = Session(self._exchange, timing)
        self._reception = Reception(self.session, keeper, timing, clock)
        self._calls = Calls(timing, clock, called)
        self._desk = Desk(settings.name, self._reception, self._calls)
        self._ladder = ladder
        self._rescue = Rescue(self.session, settings, timing, family or settings.family)
        self.sending: Sending | None = None  # None until the modem is prepared
        self.ussd: Ussd | None = None  # likewise

    async def open(self) -> None:
        link = await open_link(self._settings.port, self._settings.baud, self._exchange, self._timing.connect)
        self.session.attach(link)

    async def serve(self) -> None:
        """Until the link is lost (LinkLost) or to be opened anew (ModemSilent), or a person is needed (ModemUnfit)."""
        while True:
            try:
                duty = await self._prepare()
                await duty.run()
                self._pause("the modem has restarted, or its SIM was changed")
            except Restarted as fault:
                self._pause(str(fault))
            except (NoAnswer, ModemSilent) as fault:
                await self._recover(str(fault))

    async def close(self) -> None:
        self._retire(LinkLost("the port is closed"))
        await self.session.close()

    def _retire(self, fault: SimrackError) -> None:
        """Nothing more is sent or dialled before the modem is prepared again."""
        self.sending = None
        self.session.admits_sends = False
        if self.ussd is not None:
            self.ussd.give_up(fault)
        self.ussd = self._desk.ussd = None

    def fall_silent(self, why: str) -> None:
        """A send found nobody answering: nothing more is sent before the modem has been heard again."""
        self._pause(why)
        self._desk.give_up(NoAnswer(why))

    # -- preparing and recovering

    async def _prepare(self) -> Duty:
        self._desk.begin_again = False
        self._desk.fault = self._desk.fault if isinstance(self._desk.fault, LinkLost) else None
        start = Start(self.session, self._settings, self._timing, self._guard)
        await self._identify(start)
        profile = start.profile
        await start.text_service()
        routing = Routing(self.session, profile)
        await routing.prepare()
        storages = Storages(self._settings.name, self.session, profile, self._timing)
        await storages.prepare()
        status = Status(self.session, profile, self._timing)
        await status.prepare()
        self._note(smsc=await start.service_centre(self._known_smsc()))
        self._reception.serve(profile, storages, routing)
        duty = Duty(
            self.session, profile, self._settings, self._timing, self._clock,
            desk=self._desk, calls=self._calls, reception=self._reception, routing=routing, status=status, observed=self._observed,
            proved=self._ladder.succeeded,
        )  # fmt: skip
        self.session.prepared()
        self.sending = Sending(self.session, profile, self._timing)
        self.ussd = self._desk.ussd = Ussd(self._settings.name, self.session, profile, start.model, self._timing)
        await duty.observe()
        return duty

    async def _identify(self, start: Start) -> None:
        identity = await start.identify()
        self._note(
            manufacturer=identity.manufacturer,
            model=identity.model,
            revision=identity.revision,
            imei=identity.imei,
            family=start.profile.name,
        )
        self._rescue.profile = start.profile
        self._exchange.guard_s = start.profile.pause_s
        await start.adapt()
        await start.unlock(identity.imei)
        self._note(iccid=await start.iccid(), imsi=await start.imsi(), number="")
        # What is written for this port counts more than what the SIM says itself, which many answer slowly or not at all. It is
        # asked where nothing is written, or where that is the number of a SIM that is elsewhere by now.
        if not self._settings.number or self._known_number() != self._settings.number:
            self._note(number=await start.own_number())

    def _observed(self, seen: Observed) -> None:
        serves = seen.network.serves
        self._note(
            state=ChannelState.READY if serves else ChannelState.UNREGISTERED,
            reason=seen.network.reason,
            registration=seen.network.registration,
            operator=seen.operator,
            signal_dbm=seen.signal_dbm,
        )

    def _pause(self, why: str) -> None:
        self._retire(NoAnswer(why))
        self._note(state=ChannelState.LOST, reason=why)

    async def _recover(self, why: str) -> None:
        """Step by step until a command is answered; then the modem is prepared anew."""
        if not self._ladder.exhausted:
            self._pause(f"the modem does not answer: {why}")
        while (rung := self._ladder.next()) is not None:
            pause = self._ladder.due_in(rung)
            if pause and await self._rescue.listen(pause):
                return
            self._ladder.take(rung, why)
            if rung.step is Step.REOPEN:
                raise ModemSilent(f"the modem does not answer: {why}")
            if await self._rescue.take(rung):
                return
            why = f"still no answer after {rung.step}"
        await self._quarantine()

    async def _quarantine(self) -> None:
        """Nothing has helped. Left by a person's word, by a modem that starts, or for one try after a long pause.

        The port stays open: re-plugging ends this life, and the next begins with the gentlest step.
        """
        self._note(
            state=ChannelState.PARKED,
            reason=f"the modem does not answer, and nothing has helped ({self._ladder.tried}): switch it off and on, check its"
            " supply, or take it out",
        )
        until = self._clock.monotonic() + self._timing.quarantine
        self._desk.begin_again = False
        while not self._desk.begin_again and self._ladder.exhausted and (left := until - self._clock.monotonic()) > 0:
            if isinstance(self._desk.fault, LinkLost):
                raise self._desk.fault
            await self._desk.wait(left)
        if self._desk.begin_again:
            self._ladder.restart()

    def unpark(self) -> None:
        self._desk.wake()

    # -- what the session tells

    def _hear(self, news: News) -> None:
        if is_boot(news.name, news.value):
            self.session.interrupt(Restarted("the modem has restarted"))
        self._desk.hear(news)

    def _lost(self, fault: LinkLost) -> None:
        self._desk.give_up(fault)

    def _surprised(self, surprise: Surprise) -> None:
        reference = replies.sent_reference(surprise.line) if surprise.line else None
        if reference is not None:
            self._late(reference)
        log.debug("%s: %r: %s", self._settings.name, surprise.line, surprise.why)
