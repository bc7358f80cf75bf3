"""Takes in the texts of a box by their rising numbers, each once, and never marks one as read.

How far it has read is a row that moves on only when a text is kept. The newest text that was read is asked for again each
time: when it is gone or another one, the numbers began anew or texts were deleted, and everything is read from the beginning.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.dinstar import wire
from gateway.dinstar.client import Answer
from gateway.dinstar.faults import BoxRefused
from gateway.dinstar.wire import Document
from gateway.records import Encoding, IncomingPart

log = logging.getLogger("simrack.dinstar")

Ask = Callable[[wire.Request], Awaitable[Answer]]
KeepPart = Callable[[IncomingPart], Awaitable[None]]
SimOf = Callable[[int, str], str | None]

# Texts that are numbered before others that were read: so many are looked at again.
_OVERLAP = 5
_MOST_KNOWN = 50_000
_INTERNATIONAL = re.compile(r"\+[0-9]{3,}")
_DIGITS = re.compile(r"[0-9*#]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest text that was kept: its number in the box, and a digest of the rest of it."""

    number: int = 0
    digest: str = ""


class Marks(Protocol):
    """Where marks survive."""

    def mark(self, box: str, sn: str) -> tuple[int, str] | None: ...

    async def set_mark(self, box: str, sn: str, number: int, digest: str) -> None: ...


class Inbox:
    """`sim_of(port, imsi)` is the SIM of a port as in ChannelFacts.sim, or the one with this IMSI; None for a port not ours."""

    def __init__(self, name: str, ask: Ask, keep: KeepPart, marks: Marks, sim_of: SimOf) -> None:
        self._name = name
        self._ask = ask
        self._keep = keep
        self._marks = marks
        self._sim_of = sim_of
        self._sn = ""
        self._mark = Mark()
        self._known: dict[int, str] = {}  # digests of the texts that were read since the start, by number
        self._unnumbered: set[str] = set()  # digests of texts to which the box gives no number
        self._turn = asyncio.Lock()

    async def look(self) -> None:
        """Read what is new. Raises BoxSilent, BoxRefused, StorageFull; what was not kept is read again next time."""
        async with self._turn:
            while await self._on():
                pass

    async def pushed(self, rows: Sequence[Document]) -> None:
        """The box told of these: read them the usual way, so that none comes twice, be it spelt otherwise here.

        What is not found there is kept as it was told. Raises as `look` does.
        """
        await self.look()
        async with self._turn:
            if any(0 < _number(row) <= self._mark.number and _number(row) not in self._known for row in rows):
                await self._from_the_beginning("a text that was pushed is not the newest")
            for row in rows:
                if _number(row) not in self._known:
                    await self._take(row)

    async def _on(self) -> bool:
        """Read what is behind the mark, and a little before it. True when there may be more."""
        sn, rows = await self._read(max(0, self._mark.number - _OVERLAP))
        if sn != self._sn:
            self._begin(sn)
            return True
        mark = self._mark
        if mark.number and mark.digest not in [_digest(row) for row in rows if _number(row) == mark.number]:
            await self._from_the_beginning(f"text {mark.number} is gone from it or another one")
            return False
        return await self._take_in(rows)

    def _begin(self, sn: str) -> None:
        """This is another box than the one before."""
        self._sn = sn
        self._mark = Mark(*(self._marks.mark(self._name, sn) or ()))
        self._known.clear()
        self._unnumbered.clear()

    async def _from_the_beginning(self, why: str) -> None:
        """Texts that were kept before are recognised by their facts when they are kept again."""
        log.warning("%s: its inbox is read from the beginning: %s", self._name, why)
        sn, rows = await self._read(0)
        if sn == self._sn:
            self._known.clear()
            await self._advance(Mark())
            await self._take_in(rows)

    async def _take_in(self, rows: Sequence[Document]) -> bool:
        """Keep what is not known. True if there was anything."""
        fresh = [row for row in rows if not self._knows(row)]
        for row in sorted(fresh, key=_number):
            await self._take(row)
            if _number(row) > self._mark.number:
                await self._advance(Mark(_number(row), _digest(row)))
        if len(self._known) > _MOST_KNOWN:
            kept = self._mark.number - _MOST_KNOWN // 2
            self._known = {number: digest for number, digest in self._known.items() if number > kept}
        return bool(fresh)

    def _knows(self, row: Document) -> bool:
        number, digest = _number(row), _digest(row)
        return digest in self._unnumbered if number == 0 else self._known.get(number) == digest

    async def _take(self, row: Document) -> None:
        part = incoming_part(row, self._name, self._sn, self._sim_of)
        if part is not None:
            await self._keep(part)
        if _number(row):
            self._known[_number(row)] = _digest(row)
        else:
            self._unnumbered.add(_digest(row))

    async def _advance(self, mark: Mark) -> None:
        if mark != self._mark:
            await self._marks.set_mark(self._name, self._sn, mark.number, mark.digest)
            self._mark = mark

    async def _read(self, after: int) -> tuple[str, list[Document]]:
        answer = await self._ask(wire.incoming(after))
        if answer.code not in wire.ACCEPTED:
            raise BoxRefused(answer.code, "query_incoming_sms")
        rows = [row for row in wire.tables(answer.document.get("sms")) if _number(row) > after or _number(row) == 0]
        return wire.serial_number(answer.document), rows


def incoming_part(row: Document, box: str, sn: str, sim_of: SimOf) -> IncomingPart | None:
    """None for a port that is not ours."""
    port, text = wire.whole(row.get("port")), row.get("text")
    sim = None if port is None else sim_of(port, wire.text(row.get("imsi")))
    if sim is None:
        return None
    sender, kind = _sender(wire.text(row.get("number")))
    time = wire.moment(wire.text(row.get("timestamp")))
    flaws = (() if time else ("its timestamp cannot be read",)) + (() if isinstance(text, str) else ("it holds no text",))
    return IncomingPart(
        channel=f"{box}.{port}",
        sim=sim,
        raw=wire.canonical({**row, "sn": sn}),
        sender=sender,
        sender_type=kind,
        smsc=wire.text(row.get("smsc")),
        service_time=time,
        text=text if isinstance(text, str) else "",
        encoding=Encoding.GSM7 if isinstance(text, str) and text.isascii() else Encoding.UCS2,  # the box does not say
        serial=f"{sn}:{_number(row)}",
        flaws=flaws,
    )


def _sender(written: str) -> tuple[str, str]:
    """As in IncomingPart: international with +, other digits bare, all else as it is."""
    if _INTERNATIONAL.fullmatch(written):
        return written, "international"
    if _DIGITS.fullmatch(written):
        return written, "unknown"
    return written, "alphanumeric"


def _number(row: Document) -> int:
    return wire.whole(row.get("incoming_sms_id")) or 0


def _digest(row: Document) -> str:
    """Of what poll and push tell alike."""
    facts = [str(row.get(name)) for name in ("incoming_sms_id", "port", "number", "timestamp", "text")]
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
