"""What a modem says and when: answers at once, news between answers, nothing while a fault keeps it silent."""

from collections import deque
from collections.abc import Callable, Sequence

from simulator.ports import Port


class Voice:
    """The output of one modem. `may_interrupt` says whether news may be said now."""

    def __init__(self, ports: Sequence[Port], may_interrupt: Callable[[], bool]) -> None:
        self.ports = ports
        self._may_interrupt = may_interrupt
        self._out = bytearray()
        self._news: deque[Sequence[str]] = deque()
        self._owed = bytearray()
        self.silent: str | None = None

    def clear(self) -> None:
        """Forgets everything, as a modem does that loses its power."""
        self._out.clear()
        self._owed.clear()
        self._news.clear()
        self.silent = None

    def put(self, shown: bytes) -> None:
        """Bytes that stand for themselves."""
        self._out += shown

    def frame(self, lines: Sequence[str], head: bytes = b"\r\n") -> None:
        """Lines as a verbose answer shows them."""
        self._out += head + "\r\n".join(lines).encode("latin-1") + b"\r\n"

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    def news(self, lines: Sequence[str]) -> None:
        """Something unasked: said at once, or after the answer that is being given."""
        self._news.append(lines)
        self.say_news()

    def say_news(self, inside: bool = False) -> bool:
        """Says the news that waits, `inside` an answer only when a fault wants it. Whether there was any."""
        free = self._may_interrupt()
        if not self._news or not (free or inside):
            return False
        for lines in self._news:
            self.frame(lines)
        self._news.clear()
        if free:
            self.flush()
        return True

    def flush(self) -> None:
        """Sends what has been said, unless the modem is made to keep silent."""
        if not self._out:
            return
        said = bytes(self._out)
        self._out.clear()
        if self.silent:
            if self.silent == "silence":
                self._owed += said
            return
        for port in self.ports:
            port.write(said)

    def hold(self, kind: str) -> None:
        """`silence` owes what it would have said, `mute` loses it."""
        self.flush()
        self.silent = kind

    def speak_again(self) -> None:
        self.silent = None
        owed = bytes(self._owed)
        self._owed.clear()
        if owed:
            for port in self.ports:
                port.write(owed)
