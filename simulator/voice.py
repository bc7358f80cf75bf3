"""What a modem says and when: answers at once, news between answers or on a wire of its own, nothing while a fault
keeps it silent; slowly or with gaps when the line is bad."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence

from simulator.ports import Port

# A slow line hands its bytes on in ticks of this length.
_TICK = 0.01


class Voice:
    """The output of one modem: `ports` get the answers, `aside` (if any) the news. `may_interrupt` says whether news
    may be said now, among the answers or aside of them."""

    def __init__(self, ports: Sequence[Port], aside: Sequence[Port], may_interrupt: Callable[[bool], bool],
                 chance: random.Random) -> None:
        self.ports = ports
        self.aside = list(aside)
        self._may_interrupt = may_interrupt
        self._chance = chance
        self._out = bytearray()
        self._out_aside = bytearray()
        self._news: deque[Sequence[str]] = deque()
        self._owed = bytearray()
        self._late = bytearray()
        self._rate = 0.0
        self._credit = 0.0
        self._to_drop = 0
        self.silent: str | None = None

    def clear(self) -> None:
        """Forgets everything, as a modem does that loses its power."""
        for waiting in (self._out, self._out_aside, self._owed, self._news, self._late):
            waiting.clear()
        self._to_drop = 0
        self.silent = None

    def put(self, shown: bytes) -> None:
        """Bytes that stand for themselves."""
        self._out += shown

    def frame(self, lines: Sequence[str], head: bytes = b"\r\n") -> None:
        """Lines as a verbose answer shows them."""
        self._out += _framed(lines, head)

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    def news(self, lines: Sequence[str]) -> None:
        """Something unasked: said at once, or after the answer that is being given."""
        self._news.append(lines)
        self.say_news()

    def say_news(self, inside: bool = False) -> bool:
        """Says the news that waits, `inside` an answer only when a fault wants it. Whether there was any."""
        aside = bool(self.aside) and not inside
        free = self._may_interrupt(aside)
        if not self._news or not (free or inside):
            return False
        for lines in self._news:
            if aside:
                self._out_aside += _framed(lines)
            else:
                self.frame(lines)
        self._news.clear()
        if free:
            self.flush()
        return True

    def flush(self) -> None:
        """Sends what has been said, unless the modem is made to keep silent."""
        if self._out_aside:
            said = _taken(self._out_aside)
            if self.silent in (None, "hang"):
                for port in self.aside:
                    port.write(said)
        if not self._out:
            return
        said = _taken(self._out)
        if self.silent in ("silence", "mute"):
            if self.silent == "silence":
                self._owed += said
            return
        self._send(said)

    # -- faults --------------------------------------------------------------------------------------------------

    def hold(self, kind: str) -> None:
        """`silence` owes what it would have said, `mute` loses it; with `hang` news goes on."""
        self.flush()
        self.silent = kind

    def speak_again(self) -> None:
        self.silent = None
        if self._owed:
            self._send(_taken(self._owed))

    def drop(self, count: int) -> None:
        """Loses so many bytes of what is said next."""
        self._to_drop = count

    def slow_down(self, rate: float) -> None:
        """Says `rate` bytes a second from now on; 0 is as fast as the wire."""
        self._rate = rate
        if not rate and self._late:
            self._write(_taken(self._late))

    def _send(self, said: bytes) -> None:
        if self._to_drop:
            gaps = set(self._chance.sample(range(len(said)), min(self._to_drop, len(said))))
            said = bytes(octet for place, octet in enumerate(said) if place not in gaps)
            self._to_drop = 0
        if not self._rate:
            self._write(said)
            return
        if not self._late:
            asyncio.get_running_loop().call_later(_TICK, self._trickle)
        self._late += said

    def _trickle(self) -> None:
        if not self._late or not self._rate:
            return
        self._credit += self._rate * _TICK
        count = int(self._credit)
        self._credit -= count
        self._write(bytes(self._late[:count]))
        del self._late[:count]
        if self._late:
            asyncio.get_running_loop().call_later(_TICK, self._trickle)

    def _write(self, said: bytes) -> None:
        for port in self.ports:
            port.write(said)


def _framed(lines: Sequence[str], head: bytes = b"\r\n") -> bytes:
    return head + "\r\n".join(lines).encode("latin-1") + b"\r\n"


def _taken(waiting: bytearray) -> bytes:
    taken = bytes(waiting)
    waiting.clear()
    return taken
