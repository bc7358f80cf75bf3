"""What the network saw, in order, for people and tests to read. Numbers never repeat; nothing here decides anything."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """An append-only list of entries, with waiting readers and an optional copy in a file."""

    def __init__(self, path: Path | None = None, keep: int = 200_000) -> None:
        self.entries: list[Entry] = []
        self._first = 1
        self._keep = keep
        self._waiting: set[asyncio.Future[None]] = set()
        # Unbuffered: a test that reads the file right after an answer must find the line.
        self._file = path.open("ab", buffering=0) if path else None

    @property
    def last(self) -> int:
        return self._first + len(self.entries) - 1

    def write(self, kind: str, **facts: Any) -> Entry:
        """Adds one entry and wakes whoever waits for it."""
        entry: Entry = {"n": self._first + len(self.entries), "t": round(time.time(), 3), "kind": kind, **facts}
        self.entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        if len(self.entries) > self._keep:
            self._forget_half()
        if self._waiting:
            for reader in self._waiting:
                if not reader.done():
                    reader.set_result(None)
            self._waiting.clear()
        return entry

    def read(self, since: int = 0, kind: str | None = None, **facts: Any) -> list[Entry]:
        """Entries after number `since`, of one kind, with these facts."""
        fresh = self.entries[max(0, since + 1 - self._first):]
        if kind is not None:
            fresh = [entry for entry in fresh if entry["kind"] == kind]
        for name, value in facts.items():
            fresh = [entry for entry in fresh if entry.get(name) == value]
        return fresh

    async def wait(self, seconds: float, since: int = 0, kind: str | None = None, count: int = 1,
                   **facts: Any) -> list[Entry]:
        """As `read`, but waits up to `seconds` until there are `count` entries; returns what there is by then."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        found = self.read(since, kind, **facts)
        while len(found) < count and (left := deadline - loop.time()) > 0:
            news: asyncio.Future[None] = loop.create_future()
            self._waiting.add(news)
            await asyncio.wait([news], timeout=left)
            self._waiting.discard(news)
            found = self.read(since, kind, **facts)
        return found

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _forget_half(self) -> None:
        gone = len(self.entries) // 2
        del self.entries[:gone]
        self._first += gone
