"""One modem and one handset of a running bank, as a test holds them in its hands."""

import re
from dataclasses import dataclass
from typing import Any

from simulator.journal import Entry
from simulator.testing import RunningBank


@dataclass(frozen=True, slots=True)
class PluggedModem:
    """One port of a bank."""

    bank: RunningBank
    name: str

    @property
    def device(self) -> str:
        """What a client opens."""
        return self.bank.device(self.name)

    @property
    def number(self) -> str:
        return self.bank.number(self.name)

    @property
    def state(self) -> dict[str, Any]:
        return self.bank.state(self.name)

    def fault(self, name: str, **options: Any) -> None:
        """Arms a fault; `simrack-sim faults` lists them."""
        self.bank.fault(self.name, name, **options)

    def release(self, name: str | None = None) -> None:
        self.bank.release(self.name, name)

    def unplug(self) -> None:
        self.bank.unplug(self.name)

    def plug(self) -> None:
        self.bank.plug(self.name)

    def signal(self, csq: int) -> None:
        self.bank.signal(self.name, csq)

    def registration(self, stat: int) -> None:
        self.bank.registration(self.name, stat)

    def wait_for(self, kind: str, count: int = 1, timeout: float = 30.0, **facts: Any) -> list[Entry]:
        """Journal entries of a kind about this port. Raises AssertionError when they do not come."""
        return self.bank.wait_for(kind, count, timeout, port=self.name, **facts)


@dataclass(frozen=True, slots=True)
class Handset:
    """A telephone outside, by its number."""

    bank: RunningBank
    number: str

    def behaves(self, behaviour: str) -> None:
        """What it does from now on, as `echo` or `late:5;answer:Thank you`."""
        self.bank.handset(self.number, behaviour)

    def text(self, to: PluggedModem | str, text: str) -> int:
        """Texts a modem, a port or a number; returns the number of parts."""
        return self.bank.text(self.number, to if isinstance(to, str) else to.name, text)

    def send(self, to: PluggedModem | str, what: str) -> int:
        """Sends a message of a kind, as `hindi` or `long:shuffled`; returns the number of parts."""
        return self.bank.text_like(self.number, to if isinstance(to, str) else to.name, what)

    @property
    def received(self) -> list[str]:
        """The whole texts it has got so far."""
        return [entry["text"] for entry in self.bank.journal(kind="text", to=self.number)]

    def wait_for_text(self, pattern: str = "", count: int = 1, timeout: float = 30.0) -> list[str]:
        """Waits until it has got `count` texts and returns those that fit. Raises AssertionError when too few do."""
        self.bank.wait_for("text", count, timeout, to=self.number)
        fitting = [text for text in self.received if re.search(pattern, text)]
        assert len(fitting) >= count, f"{self.number} got {self.received}, of which {len(fitting)} fit {pattern!r}"
        return fitting
