"""What a prepared modem does between sends: take in texts, watch the network, sweep the storages, refuse voice calls.

Everything in rounds of one piece of work each, so that what is urgent comes next, and sends get their turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.modem.calls import Calls
from gateway.modem.desk import Desk
from gateway.modem.profiles import Profile
from gateway.modem.reception import Reception
from gateway.modem.routing import Routing
from gateway.modem.session import Session
from gateway.modem.status import Network, Status
from gateway.modem.timing import Timing
from gateway.settings import ModemSettings

# The name may come a little later than the registration, or never.
_OPERATOR_TRIES = 3


@dataclass(frozen=True, slots=True)
class Observed:
    """What a look at the network found."""

    network: Network
    operator: str
    signal_dbm: int | None


class Duty:
    def __init__(
        self,
        session: Session,
        profile: Profile,
        settings: ModemSettings,
        timing: Timing,
        clock: Clock,
        *,
        desk: Desk,
        calls: Calls,
        reception: Reception,
        routing: Routing,
        status: Status,
        observed: Callable[[Observed], None],
        proved: Callable[[], None],
    ) -> None:
        self._session = session
        self._settings = settings
        self._timing = timing
        self._clock = clock
        self._desk = desk
        self._calls = calls
        self._refusal = profile.hang_up if settings.hang_up else ""
        self._reception = reception
        self._routing = routing
        self._status = status
        self._observed = observed
        self._proved = proved
        self._operator = ""
        self._operator_tries = _OPERATOR_TRIES
        self._observed_at = self._status_due = self._sweep_due = clock.monotonic()
        self._second_look_s = profile.second_look_s

    async def run(self) -> None:
        """Until the modem has to be prepared again. Raises LinkLost or NoAnswer."""
        while not self._desk.begin_again:
            if self._desk.fault is not None:
                raise self._desk.fault
            await self._round()

    async def _round(self) -> None:
        now = self._clock.monotonic()
        if self._desk.registration:
            self._desk.registration = False
            self._status_due = min(self._status_due, self._observed_at + self._timing.glance)
        if self._calls.due <= now:
            await self._calls.refuse(self._session, self._refusal)
        elif now >= self._status_due:
            await self.observe()
        elif self._reception.due <= now:
            await self._reception.step()
        elif self._desk.look or now >= self._sweep_due:
            await self._sweep()
        else:
            await self._desk.wait(min(self._status_due, self._sweep_due, self._reception.due, self._calls.due) - now)

    async def observe(self) -> None:
        network = await self._status.network()
        if not network.serves:
            self._operator, self._operator_tries = "", _OPERATOR_TRIES
        elif not self._operator and self._operator_tries:
            self._operator_tries -= 1
            self._operator = await self._status.operator()
        self._observed(Observed(network, self._operator, await self._status.signal()))
        self._observed_at = self._clock.monotonic()
        pause = self._settings.status_s if network.serves else min(self._timing.search, self._settings.status_s)
        self._status_due = self._observed_at + pause
        self._desk.begin_again = self._desk.begin_again or self._session.restarted

    async def _sweep(self) -> None:
        self._desk.look = False
        await self._routing.rearm()
        await self._reception.sweep()
        pause, self._second_look_s = self._second_look_s or self._settings.sweep_s, 0.0
        self._sweep_due = self._clock.monotonic() + pause
        self._proved()
