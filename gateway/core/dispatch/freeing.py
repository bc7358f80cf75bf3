"""Frees what is bound to channels that cannot send it: decks, messages half sent, conversations. Gives it to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from gateway.clock import Clock
from gateway.core.dispatch.berth import PATIENCE_S, Berth
from gateway.core.dispatch.decks import Decks
from gateway.core.dispatch.lookout import Lookout
from gateway.store import Store, air, line, unknowns

# A channel that could not send for so long no longer keeps texts it has sent parts of.
_AWAY_S = 60.0


class Freeing:
    """`freed` is called on the loop when texts came free."""

    def __init__(
        self, berths: Mapping[str, Berth], lookout: Lookout, decks: Decks, store: Store, clock: Clock, freed: Callable[[], None]
    ) -> None:
        self._berths = berths
        self._lookout = lookout
        self._decks = decks
        self._store = store
        self._clock = clock
        self._freed = freed

    async def free(self, wanted: Collection[str]) -> bool:
        """`wanted` are the channels that texts wait for. True while more such texts are to be freed than were freed at once."""
        now = self._clock.monotonic()
        able = self._lookout.look(self._berths).able
        for berth in self._berths.values():
            if berth.name in able:
                berth.unfit_since = None
            else:
                berth.unfit_since = now if berth.unfit_since is None else berth.unfit_since
                await self.put_back_owed(berth)
            if berth.deck is not None and berth.slow(now) and not berth.deck.follows:
                await self._decks.clear(berth)
        more = False
        for channel in wanted:
            if self._keeps_waiting(channel, now):
                more |= await self._free_wanting(channel)
            await self._unpin_if_away(channel, now)
        return more

    async def put_back_owed(self, berth: Berth) -> None:
        """Once nothing of it is on the air or unwritten: until then nobody knows whether there is something to put back."""
        if berth.owes is None or not berth.at_rest:
            return
        owed, now = berth.owes, self._clock.now()
        await self._store.writer.arun(lambda db: air.put_back(db, owed, berth.name, now))
        berth.owes = None
        self._freed()

    def _keeps_waiting(self, channel: str, now: float) -> bool:
        """Texts that only prefer this channel would wait too long for it."""
        berth = self._berths.get(channel)
        return berth is None or berth.slow(now) or (berth.unfit_since is not None and now - berth.unfit_since > PATIENCE_S)

    async def _free_wanting(self, channel: str) -> bool:
        return await self._store.writer.arun(lambda db: line.free_wanting(db, channel))

    async def _unpin_if_away(self, channel: str, now: float) -> None:
        berth = self._berths.get(channel)
        if berth is None or berth.unfit_since is None or now - max(berth.unfit_since, berth.unpinned_at) <= _AWAY_S:
            return
        berth.unpinned_at = now - _AWAY_S + PATIENCE_S
        at = self._clock.now()
        if await self._store.writer.arun(lambda db: unknowns.unpin(db, [channel], at)):
            self._freed()
