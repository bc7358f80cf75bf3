"""Bytes to lines and prompts. CR, LF and any mixture of them end a line; blank lines do not exist.

The buffer is bounded: a line that never ends is counted and thrown away, so garbage at a wrong speed cannot fill the
memory. What a line means is not known here (ITU-T V.250 clause 5.7; the prompt: 3GPP TS 27.005 clause 4.3).
"""

from __future__ import annotations

from typing import NamedTuple

# The longest honest lines are +CLAC lists and USSD answers, some 2000 characters.
LONGEST_LINE = 4096

# Framing noise at a wrong speed is full of NUL; no AT text holds one.
_CR_AS_LF = bytes.maketrans(b"\r", b"\n")
_NOISE = b"\0"
_BLANKS = " \t\x1a\x1b"  # echoes of Ctrl-Z and ESC are blanks too


class Overlong(NamedTuple):
    """A line of `length` bytes was thrown away."""

    length: int


class Lines:
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # no line end lies before this offset
        self._discarded = 0  # bytes of the current, overlong line that are gone already

    def feed(self, data: bytes) -> None:
        self._buffer += data.translate(_CR_AS_LF, _NOISE)

    def next_line(self) -> str | Overlong | None:
        """The next line without blanks around it, or None when more bytes are needed."""
        buffer = self._buffer
        while True:
            end = buffer.find(b"\n", self._searched)
            if end < 0:
                self._bound()
                return None
            raw = bytes(buffer[:end])
            del buffer[: end + 1]
            self._searched = 0
            length, self._discarded = self._discarded + len(raw), 0
            if length > LONGEST_LINE:
                return Overlong(length)
            line = _text(raw).strip(_BLANKS)
            if line:
                return line

    def take_prompt(self) -> bool:
        """True, and the prompt is consumed, if the next thing that is not blank begins with `>`.

        The prompt is not followed by a line end, so it can only be seen by somebody who waits for it.
        """
        if self._discarded:
            return False
        start = len(self._buffer) - len(self._buffer.lstrip(b"\n "))
        if self._buffer[start : start + 1] != b">":
            return False
        del self._buffer[: start + 1]
        self._searched = 0
        return True

    def _bound(self) -> None:
        if self._discarded or len(self._buffer) > LONGEST_LINE:
            self._discarded += len(self._buffer)
            self._buffer.clear()
        self._searched = len(self._buffer)


def _text(raw: bytes) -> str:
    """USSD answers and operator names come in any coding; Latin-1 takes every byte, so nothing is refused."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
