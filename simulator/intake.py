"""Bytes from a client become command lines and payloads; echo and the text-mode prompt happen here. Runs nothing."""

from typing import Protocol

CR, LF, BACKSPACE, CTRL_Z, ESC = 0x0D, 0x0A, 0x08, 0x1A, 0x1B
PROMPT = b"\r\n> "

# A client that never ends its line must not fill the memory.
_MOST_BYTES = 65536


class Listener(Protocol):
    """The conversation as the intake sees it."""

    running: bool
    prompting: bool
    payload_has_lines: bool

    def echo(self, typed: bytes) -> None: ...
    def new_line(self) -> None: ...
    def command(self, line: str) -> None: ...
    def payload(self, typed: bytes) -> None: ...
    def escape(self) -> None: ...


class Intake:
    """The typed bytes that have not been acted on; while a command runs they wait."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._typed = bytearray()
        self._seen = 0
        self._after_cr = False

    def clear(self) -> None:
        self._typed.clear()
        self._seen = 0
        self._after_cr = False

    def feed(self, data: bytes) -> None:
        self._typed += data
        if len(self._typed) > _MOST_BYTES:
            self.clear()
        self.advance()

    def advance(self) -> None:
        """Acts on what has been typed, as far as anybody listens."""
        while self._typed and not self._listener.running:
            if self._after_cr:
                # Many clients end a line with CR LF; the LF belongs to the line before.
                self._after_cr = False
                if self._typed[0] == LF:
                    del self._typed[0]
                    continue
            if not (self._take_payload() if self._listener.prompting else self._take_line()):
                return

    def _take_line(self) -> bool:
        end = self._typed.find(b"\r")
        if end < 0:
            self._listener.echo(bytes(self._typed[self._seen:]))
            self._seen = len(self._typed)
            return False
        self._listener.echo(bytes(self._typed[self._seen:end + 1]))
        line = self._cut(end)
        self._after_cr = True
        line = line[line.rfind(b"\x1b") + 1:]
        self._listener.command(_edited(line).decode("latin-1"))
        return True

    def _take_payload(self) -> bool:
        end = self._typed.find(b"\x1a", self._seen)
        escape = self._typed.find(b"\x1b", self._seen)
        if escape >= 0 and (end < 0 or escape < end):
            self._cut(escape)
            self._listener.escape()
            return True
        fresh = bytes(self._typed[self._seen:end if end >= 0 else None])
        if self._listener.payload_has_lines and b"\r" in fresh:
            *lines, rest = fresh.split(b"\r")
            for line in lines:
                self._listener.echo(line + b"\r")
                self._listener.new_line()
            self._listener.echo(rest)
        else:
            self._listener.echo(fresh)
        if end < 0:
            self._seen = len(self._typed)
            return False
        self._listener.payload(self._cut(end))
        return True

    def _cut(self, end: int) -> bytes:
        taken = bytes(self._typed[:end])
        del self._typed[:end + 1]
        self._seen = 0
        return taken


def _edited(line: bytes) -> bytes:
    """The line without what only moves a cursor, after its backspaces."""
    if not any(control in line for control in (LF, CTRL_Z, 0, BACKSPACE)):
        return line
    kept = bytearray()
    for octet in line:
        if octet == BACKSPACE:
            del kept[-1:]
        elif octet not in (LF, CTRL_Z, 0):
            kept.append(octet)
    return bytes(kept)
