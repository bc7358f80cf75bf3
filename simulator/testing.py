"""A bank in a thread of its own, for tests: `with running_bank(ports=2) as bank: ...`. Calls are safe from any
thread; nothing here sleeps."""

import asyncio
import tempfile
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from simulator import control, network_control
from simulator.bank import Bank, Plan
from simulator.dinstar.plan import BoxPlan
from simulator.dinstar.running import RunningBox
from simulator.handsets import parse
from simulator.journal import Entry
from simulator.modem import Modem
from simulator.pace import Pace, span

Result = TypeVar("Result")
_PATIENCE = 30.0


class RunningBank:
    """A started bank as a test sees it."""

    def __init__(self, bank: Bank, loop: asyncio.AbstractEventLoop) -> None:
        self._bank = bank
        self._loop = loop

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        assert self._bank.plan.folder
        return self._bank.plan.folder

    @property
    def control_url(self) -> str:
        assert self._bank.control
        return self._bank.control.url

    def device(self, port: str, wire: int = 0) -> str:
        """What a client opens for this port."""
        return self._bank.modem(port).ports[wire].device

    def number(self, port: str) -> str:
        return self._bank.sim(port).number

    def box(self, name: str) -> RunningBox:
        """A box of the bank, as `boxes` of `running_bank` named it."""
        return RunningBox(self, self._bank.box(name))

    def state(self, port: str) -> dict[str, Any]:
        """The port as GET /ports/{port} shows it."""
        return self.on_loop(lambda: control.show(self._bank.modem(port)))

    # -- what happens to it --------------------------------------------------------------------------------------

    def text(self, sender: str, to: str, text: str, dcs: int | None = None) -> int:
        """A text arrives at a port; returns its number of parts."""
        return self.on_loop(lambda: self._bank.text(sender, to, text, dcs))

    def text_like(self, sender: str, to: str, what: str) -> int:
        """A message of a kind that outside.py knows arrives at a port; returns its number of parts."""
        return self.on_loop(lambda: self._bank.text_like(sender, to, what))

    def pdu(self, to: str, octets: str, sender: str = "") -> None:
        """A TPDU in hexadecimal arrives at a port."""
        self.on_loop(lambda: self._bank.pdu(sender, to, bytes.fromhex(octets)))

    def fault(self, port: str, name: str, **options: Any) -> None:
        """Arms a fault, as POST /ports/{port}/fault does."""
        self._on_modem(port, lambda modem: control.arm(modem, name, **options))

    def release(self, port: str, name: str | None = None) -> None:
        self._on_modem(port, lambda modem: control.release(modem, name))

    def unplug(self, port: str) -> None:
        self._on_modem(port, Modem.unplug)

    def reenumerate(self, port: str, link: str | None = None) -> None:
        """The modem goes and comes back under another device name."""
        self.run(lambda: self._bank.reenumerate(port, link))

    def quirk(self, port: str, name: str) -> None:
        self.on_loop(lambda: self._bank.give_quirk(port, name))

    def call(self, port: str, caller: str, seconds: float = 30.0) -> bool:
        """Somebody rings, until it is hung up or for so long."""
        return self.on_loop(lambda: self._bank.modem(port).calls.come_in(caller, seconds))

    def plug(self, port: str) -> None:
        self.run(lambda: self._bank.plug(port))

    def reset(self, port: str) -> None:
        self._on_modem(port, Modem.reset)

    def signal(self, port: str, csq: int) -> None:
        self._on_modem(port, lambda modem: modem.radio.set_signal(csq))

    def registration(self, port: str, stat: int) -> None:
        self._on_modem(port, lambda modem: modem.set_registration(stat))

    def sim(self, port: str, present: bool) -> None:
        self._on_modem(port, lambda modem: modem.card.set_present(present))

    def swap_sims(self, port: str, other: str) -> None:
        """The cards of two ports change places. Unplug both before: nobody takes a card out of a running modem."""
        def swap() -> None:
            one, two = self._bank.modem(port), self._bank.modem(other)
            one.sim, two.sim = two.sim, one.sim
            for modem in (one, two):
                self._bank.network.connect(modem.sim, modem)

        self.on_loop(swap)

    def service_centre(self, port: str, number: str) -> None:
        """Writes +CSCA to the card; an empty one is how some modems lose it."""
        self._on_modem(port, lambda modem: setattr(modem.sim, "service_centre", number))

    def say(self, port: str, *lines: str) -> None:
        """The modem says these lines unasked."""
        self._on_modem(port, lambda modem: modem.voice.news(lines))

    def lock(self, port: str, pin: str) -> None:
        self._on_modem(port, lambda modem: modem.sim.lock(pin))

    def last_reference(self, port: str, reference: int) -> None:
        """Sets the TP-MR of the last text; the next one gets the next."""
        self._on_modem(port, lambda modem: setattr(modem.sim, "last_reference", reference))

    def handset(self, prefix: str, behaviour: str) -> None:
        rule = parse(behaviour)
        self.on_loop(lambda: self._bank.network.handsets.rules.__setitem__(prefix, rule))

    def network(self, **values: Any) -> None:
        """Changes the network, as POST /network does."""
        self.on_loop(lambda: network_control.change(self._bank.network, values))

    # -- what the network saw ------------------------------------------------------------------------------------

    def journal(self, since: int = 0, kind: str | None = None, **facts: Any) -> list[Entry]:
        return self.on_loop(lambda: self._bank.journal.read(since, kind, **facts))

    def last(self) -> int:
        """The number of the newest journal entry, for a later `since`."""
        return self.on_loop(lambda: self._bank.journal.last)

    def wait_for(self, kind: str, count: int = 1, timeout: float = 30.0, since: int = 0, **facts: Any) -> list[Entry]:
        """Waits for `count` entries of a kind with these facts. Raises AssertionError when they do not come."""
        found = self.run(lambda: self._bank.journal.wait(timeout, since, kind, count, **facts), timeout + _PATIENCE)
        if len(found) < count:
            seen = "\n".join(map(str, self.journal(since)[-20:]))
            raise AssertionError(f"{len(found)} of {count} {kind} {facts} after {timeout} s; last entries:\n{seen}")
        return found

    # -- threads -------------------------------------------------------------------------------------------------

    def on_loop(self, act: Callable[[], Result]) -> Result:
        """Runs something in the bank's thread."""
        async def there() -> Result:
            return act()

        return self.run(there)

    def run(self, work: Callable[[], Awaitable[Result]], timeout: float = _PATIENCE) -> Result:
        async def there() -> Result:
            return await work()

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(timeout)

    def _on_modem(self, port: str, act: Callable[[Modem], Any]) -> None:
        self.on_loop(lambda: act(self._bank.modem(port)))


@contextmanager
def running_bank(ports: int = 1, family: str | tuple[str, ...] = "generic", folder: Path | None = None,
                 latency: Any = 0, report_delay: float = 0.0, answer_delay: float = 0.0,
                 redeliver_after: float = 0.05, speed: float = 1.0, boxes: Sequence[BoxPlan] = (),
                 **plan: Any) -> Iterator[RunningBank]:
    """A bank that runs while the block does. Its network takes no time unless asked to; `boxes` as [BoxPlan("box1")];
    `plan`: fields of Plan."""
    with tempfile.TemporaryDirectory(prefix="bank-") as own:
        pace = Pace(span(latency), report_delay, answer_delay, redeliver_after, speed=speed)
        families = (family,) if isinstance(family, str) else family
        bank = Bank(Plan(ports=ports, folder=folder or Path(own), families=families, pace=pace, boxes=tuple(boxes), **plan))
        loop = asyncio.new_event_loop()
        mishaps: list[str] = []
        loop.set_exception_handler(lambda _, context: mishaps.append(_told(context)))
        thread = threading.Thread(target=loop.run_forever, name="bank", daemon=True)
        thread.start()
        running = RunningBank(bank, loop)
        try:
            running.run(bank.start)
            yield running
        finally:
            running.run(bank.stop)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_PATIENCE)
            loop.close()
        # A fault of the simulator itself must not hide behind a test that happens to pass.
        assert not mishaps, "\n".join(mishaps)


def _told(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return "".join(traceback.format_exception(error)) if error else str(context["message"])
