"""The text storages of one modem: which there are, which one is open, and how a record is read and deleted.

Keeps no texts and decides nothing about them (3GPP TS 27.005 clauses 3.2.2 and 3.4.2 to 3.5.4).
"""

from __future__ import annotations

import logging

from gateway.at import stored
from gateway.at.events import Refusal
from gateway.at.stored import StoredText
from gateway.modem.exchange import NoAnswer
from gateway.modem.profiles import Profile
from gateway.modem.session import Session
from gateway.modem.timing import Timing

log = logging.getLogger("simrack.modem")

# BM holds broadcasts. MT is ME and SM at once, with indexes of its own: used only where a modem offers nothing else.
_READABLE = ("SM", "ME", "SR")
_TOGETHER = "MT"


class Storages:
    def __init__(self, channel: str, session: Session, profile: Profile, timing: Timing) -> None:
        self._channel = channel
        self._session = session
        self._profile = profile
        self._timing = timing
        self._lists: tuple[tuple[str, ...], ...] = ()
        self._home = ""  # where incoming texts go
        self._open = ""  # mem1: what CMGL, CMGR and CMGD mean

    @property
    def names(self) -> tuple[str, ...]:
        """All storages a sweep has to read; an empty name is the only storage of a modem that names none."""
        offered = self._lists[0] if self._lists else ()
        single = tuple(store for store in _READABLE if store in offered or store == self._home)
        return single or ((_TOGETHER,) if _TOGETHER in offered else (self._home,))

    async def prepare(self) -> None:
        """Choose where incoming texts go, by what the modem offers and the family prefers."""
        offer = await self._session.ask_until_ready("AT+CPMS=?", self._timing.slow_command)
        self._lists = stored.storages(offer.lines)
        receive = self._lists[-1] if self._lists else ()
        for store in (*self._profile.stores, _TOGETHER):
            if store in receive and await self._choose(store):
                self._home = store
                return
        self._home = self._open = ""

    async def _choose(self, store: str) -> bool:
        """All storages the modem has roles for are set to `store`, as far as each role's list allows it."""
        roles = [store if store in offered else offered[0] for offered in self._lists]
        command = "AT+CPMS=" + ",".join(f'"{role}"' for role in roles)
        if isinstance(await self._session.ask_softly(command), Refusal):
            return False
        self._open = roles[0]
        return True

    async def read_all(self, store: str) -> list[StoredText]:
        if not await self._enter(store):
            return []
        answer = await self._session.ask("AT+CMGL=4", self._timing.slow_command)
        if isinstance(answer, Refusal):
            if answer.code in self._profile.unwell:
                raise NoAnswer(f"the modem's text storage is broken: {answer.text}")
            log.warning("%s: the texts in storage %r cannot be listed: %s", self._channel, store, answer.text)
        return stored.listing(answer.lines)

    async def read_one(self, store: str, index: int) -> StoredText | None:
        """None for an empty slot, which modems answer in four different ways."""
        if not await self._enter(store):
            return None
        answer = await self._session.ask(f"AT+CMGR={index}", self._timing.slow_command)
        return None if isinstance(answer, Refusal) else stored.single(answer.lines, index)

    async def delete(self, store: str, index: int) -> bool:
        if not await self._enter(store):
            return False
        return not isinstance(await self._session.ask(f"AT+CMGD={index}", self._timing.slow_command), Refusal)

    async def go_home(self) -> None:
        """Open the storage where texts come in, so that fetching one costs one command."""
        await self._enter(self._home)

    async def _enter(self, store: str) -> bool:
        """False if the modem does not open it: what it would then read or delete lies somewhere else."""
        if store == self._open or not store:
            return True
        if isinstance(await self._session.ask_softly(f'AT+CPMS="{store}"'), Refusal):
            return False
        self._open = store
        return True
