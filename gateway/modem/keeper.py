"""Hands what came in to those who keep it, one after the other; says whether it is kept.

Knows neither the SIM's storages nor the database: it is the narrow place between them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from gateway.errors import SimrackError
from gateway.modem.incoming import read
from gateway.records import IncomingPart, Report

log = logging.getLogger("simrack.modem")


class Keeper:
    def __init__(
        self,
        channel: str,
        sim: Callable[[], str],
        keep_part: Callable[[IncomingPart], Awaitable[None]],
        keep_report: Callable[[Report], Awaitable[None]],
    ) -> None:
        self._channel = channel
        self._sim = sim
        self._keep_part = keep_part
        self._keep_report = keep_report

    async def keep(self, raw: str) -> bool:
        """True once it is committed. False leaves it where it is: the disk is full, or the store says no."""
        record = read(self._channel, self._sim(), raw)
        try:
            if isinstance(record, Report):
                await self._keep_report(record)
            else:
                await self._keep_part(record)
        except SimrackError as fault:
            log.error("%s: an incoming text could not be kept and is tried again: %s", self._channel, fault)
            return False
        return True
