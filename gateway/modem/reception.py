"""Incoming texts and reports of one modem: announced, fetched, kept, and only then deleted or acknowledged.

Owns everything that waits on this way. One step at a time, so that sends get their turn between two.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from gateway.at import stored
from gateway.at.events import News
from gateway.at.stored import StoredText
from gateway.clock import Clock
from gateway.modem.incoming import Kind, came_whole, kind_of, without_filling
from gateway.modem.keeper import Keeper
from gateway.modem.profiles import Profile
from gateway.modem.routing import Routing
from gateway.modem.session import Session
from gateway.modem.storages import Storages
from gateway.modem.timing import Timing

# Deleting waits while texts come in, but not until the storage is full of texts that are kept already.
_MOST_UNDELETED = 4
# A line that loses bytes gives another reading each time.
_MOST_READINGS = 4
# Texts that came unstored wait here while the disk is full; a modem holds back more than a few anyway.
_MOST_DIRECT = 1000


@dataclass(frozen=True, slots=True)
class _Notice:
    store: str
    index: int | None


class Reception:
    def __init__(self, session: Session, keeper: Keeper, timing: Timing, clock: Clock) -> None:
        self._session = session
        self._keeper = keeper
        self._timing = timing
        self._clock = clock
        self._storages: Storages | None = None
        self._routing: Routing | None = None
        self._filling = ""
        self._direct: deque[str] = deque(maxlen=_MOST_DIRECT)
        self._direct_again = 0.0  # not before this, by the monotonic clock
        self._notices: list[_Notice] = []
        self._kept: dict[tuple[str, int], str] = {}  # committed here, perhaps not deleted yet
        self._deletions: deque[tuple[str, int]] = deque()

    def serve(self, profile: Profile, storages: Storages, routing: Routing) -> None:
        """The modem is prepared. What was kept before a restart may lie elsewhere now."""
        self._filling = profile.report_filling
        self._storages, self._routing = storages, routing
        self._kept.clear()
        self._deletions.clear()

    # -- what the modem announces

    def announced(self, news: News) -> None:
        """+CMTI, +CDSI."""
        self._notices.append(_Notice(*stored.notice(news.value)))

    def came(self, news: News) -> None:
        """+CMT, +CDS: the PDU itself."""
        self._direct.append(news.body)

    # -- work

    @property
    def due(self) -> float:
        """When `step` has something to do, by the monotonic clock."""
        if self._notices or self._deletions:
            return 0.0
        return self._direct_again if self._direct else math.inf

    async def step(self) -> None:
        if self._direct and self._clock.monotonic() >= self._direct_again:
            await self._take_direct()
        elif self._notices and len(self._deletions) < _MOST_UNDELETED:
            await self._fetch()
        elif self._deletions:
            await self._delete()

    async def sweep(self) -> None:
        """Read every storage: a notification that was lost costs minutes, never a text."""
        assert self._storages is not None
        self._notices.clear()
        for store in self._storages.names:
            await self._keep_all(store)
        await self._delete_all()
        await self._storages.go_home()

    async def _take_direct(self) -> None:
        """Acknowledge after the commit and not before; without an acknowledgement the network sends it again."""
        if not await self._keeper.keep(self._direct[0]):
            self._direct_again = self._clock.monotonic() + self._timing.keep_again
            return
        self._direct.popleft()
        if self._routing is not None and self._routing.acknowledges:
            await self._session.ask("AT+CNMA")

    async def _fetch(self) -> None:
        """One notice is read by its index; several are read by one listing."""
        assert self._storages is not None
        notices, self._notices = self._notices, []
        if len(notices) == 1 and await self._fetch_one(notices[0]):
            return
        named = {notice.store for notice in notices}
        known = self._storages.names
        exact = len(notices) > 1 and named <= set(known)
        for store in known:
            if store in named or not exact:
                await self._keep_all(store)

    async def _fetch_one(self, notice: _Notice) -> bool:
        """False if the place that was named is empty: some firmware names the wrong storage, or no index at all."""
        if notice.index is None or self._storages is None:
            return False
        text = await self._storages.read_one(notice.store, notice.index)
        if text is None:
            return False
        await self._keep_stored(notice.store, text)
        return True

    async def _keep_all(self, store: str) -> None:
        for text in await self._list(store):
            await self._keep_stored(store, text)

    async def _list(self, store: str) -> list[StoredText]:
        """A listing whose indexes do not rise was read over a bad line: what is deleted by it could be another text."""
        assert self._storages is not None
        for _ in range(_MOST_READINGS):
            texts = await self._storages.read_all(store)
            indexes = [text.index for text in texts]
            if indexes == sorted(set(indexes)):
                return texts
        return []

    async def _keep_stored(self, store: str, listed: StoredText) -> None:
        text = await self._read_well(store, listed)
        if text is None or text.blank or kind_of(text.pdu) is Kind.DRAFT:
            return
        place = (store, text.index)
        if self._kept.get(place) != text.pdu:
            if not await self._keeper.keep(without_filling(text.pdu, self._filling)):
                return
            self._kept[place] = text.pdu
        if place not in self._deletions:
            self._deletions.append(place)

    async def _read_well(self, store: str, text: StoredText) -> StoredText | None:
        """A text that came flawed is read again: only what is read twice alike is flawed itself, and not the line.

        None if every reading differs: it stays on the SIM for the next sweep.
        """
        assert self._storages is not None
        for _ in range(_MOST_READINGS):
            if text.blank or came_whole(without_filling(text.pdu, self._filling), text.length):
                return text
            again = await self._storages.read_one(store, text.index)
            if again is None or again.pdu == text.pdu:
                return again
            text = again
        return None

    async def _delete(self) -> None:
        """A refused deletion leaves the place in `_kept`: the next sweep deletes without keeping it twice."""
        assert self._storages is not None
        place = self._deletions.popleft()
        if await self._storages.delete(*place):
            self._kept.pop(place, None)

    async def _delete_all(self) -> None:
        while self._deletions:
            await self._delete()
