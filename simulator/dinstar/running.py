"""A started box as a test sees it. Calls are safe from any thread; nothing here sleeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from simulator.dinstar import control, strikes
from simulator.dinstar.box import Box

if TYPE_CHECKING:
    from simulator.testing import RunningBank

Result = TypeVar("Result")


class RunningBox:
    """One box of a running bank."""

    def __init__(self, bank: RunningBank, box: Box) -> None:
        self._bank = bank
        self._box = box

    @property
    def name(self) -> str:
        return self._box.plan.name

    @property
    def url(self) -> str:
        return self._box.url

    @property
    def user(self) -> str:
        return self._box.plan.user

    @property
    def password(self) -> str:
        return self._box.plan.password

    @property
    def sn(self) -> str:
        return self._box.plan.sn

    def number(self, port: int) -> str:
        return self._box.ports[port].sim.number

    def imsi(self, port: int) -> str:
        return self._box.ports[port].sim.imsi

    def state(self) -> dict[str, Any]:
        """The box as GET /boxes/{name} shows it."""
        return self._do(lambda: control.show(self._box))

    def fault(self, name: str, **options: Any) -> None:
        """Arms a fault, as POST /boxes/{name}/fault does."""
        self._do(lambda: strikes.arm(self._box, name, **options))

    def release(self, name: str | None = None) -> None:
        self._do(lambda: strikes.release(self._box, name))

    def change(self, **settings: Any) -> None:
        """Changes settings, as POST /boxes/{name}/settings does: delay, push_url, login, clock, limit …"""
        self._do(lambda: self._box.change(settings))

    def registration(self, port: int, stat: int) -> None:
        self._do(lambda: self._box.ports[port].set_registration(stat))

    def sim(self, port: int, present: bool) -> None:
        self._do(lambda: self._box.ports[port].set_sim(present))

    def text(self, sender: str, port: int, text: str) -> int:
        """A text from outside arrives at a port; returns its number of parts."""
        return self._bank.text(sender, f"{self.name}.{port}", text)

    def _do(self, act: Callable[[], Result]) -> Result:
        async def there() -> Result:
            done = act()
            await self._box.settled()
            return done

        return self._bank.run(there)
