"""Having texts and reports announced: CSMS and CNMI, by what a modem offers, what it accepts and what it then says.

Store-and-notify is preferred: a text that lies on the SIM survives a crash of the host. In any case the sweep polls
(3GPP TS 27.005 clauses 3.2.1 and 3.4.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.at import stored
from gateway.at.events import Refusal
from gateway.modem.profiles import Profile
from gateway.modem.session import Session

# What a modem that does not tell its ranges is tried with: every value the standard knows.
_UNKNOWN = ((0, 1, 2, 3), (0, 1, 2, 3), (0,), (0, 1, 2), (0, 1))
_NOTIFY, _DIRECT, _SILENT = 1, 2, 0

Route = tuple[int, ...]


class Routing:
    def __init__(self, session: Session, profile: Profile) -> None:
        self._session = session
        self._profile = profile
        self._route: Route = ()
        self.acknowledges = False  # the network waits for our AT+CNMA after a text that was not stored

    @property
    def route(self) -> Route:
        """mode, mt, bm, ds, bfr as the modem took them; empty when it took nothing."""
        return self._route

    async def prepare(self) -> None:
        ranges = stored.routing_ranges((await self._session.ask("AT+CNMI=?")).lines) or _UNKNOWN
        direct = _NOTIFY not in ranges[1] and _DIRECT in ranges[1]
        await self._choose_service(direct)
        self._route = ()
        for route in _ladder(ranges, self._profile, _DIRECT if direct else _NOTIFY):
            if await self._arm(route):
                self._route = route
                return

    async def rearm(self) -> None:
        """Put the routing back if it is no longer ours: a restart, another program or a missed CNMA cleared it."""
        if not self._route:
            await self.prepare()  # refused at first, perhaps because the modem was still starting
        elif not await self._in_force(self._route):
            await self._arm(self._route)

    async def _choose_service(self, direct: bool) -> None:
        """Phase 2+ (CSMS=1) has the network wait for our acknowledgement: wanted only for texts that are not stored."""
        await self._session.ask("AT+CSMS=1" if direct else "AT+CSMS=0")
        answer = await self._session.ask("AT+CSMS?")
        self.acknowledges = stored.numbers_of(answer.lines, "+CSMS")[:1] == (1,)

    async def _arm(self, route: Route) -> bool:
        """Advertised is not accepted, and accepted is not in force: Qualcomm parts do both."""
        answer = await self._session.ask_until_ready("AT+CNMI=" + ",".join(map(str, route)))
        return not isinstance(answer, Refusal) and await self._in_force(route)

    async def _in_force(self, route: Route) -> bool:
        """mt and ds are what matters; a modem that cannot be asked is believed."""
        present = stored.numbers_of((await self._session.ask("AT+CNMI?")).lines, "+CNMI")
        return len(present) < 4 or (present[1], present[3]) == (route[1], route[3])


def _ladder(ranges: tuple[Route, ...], profile: Profile, mt: int) -> Iterator[Route]:
    """Routes to try, best first: reports matter more than the mode; without any routing there is still the sweep."""
    modes = [mode for mode in profile.routing_modes if mode in ranges[0]] or list(ranges[0][:1])
    reports = [ds for ds in profile.report_routes if ds in ranges[3]] or [0]
    kind = mt if mt in ranges[1] else _SILENT
    bfr = 0 if 0 in ranges[4] else 1
    for ds in reports:
        for mode in modes:
            yield (mode, kind, 0, ds, bfr)
