"""What the steps of one story share while it is played: bank, listener, gateway, values, and waiting."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.bank import Bank
from simulator.story.listener import Listener
from simulator.story.model import Failed, GatewayPlan, Step, Values
from simulator.story.programs import Program
from simulator.story.values import render

_PAUSE = 0.05
# Says what is still missing, or None when all is as it should be.
Check = Callable[[], str | None]


@dataclass(slots=True)
class World:
    """One story being played. `lasting`: what must still hold when it is over."""

    bank: Bank
    listener: Listener
    gateway: Program | None
    speed: float
    plan: GatewayPlan
    values: dict[str, str] = field(default_factory=dict)
    lasting: list[tuple[Step, Check]] = field(default_factory=list)

    def addressed(self, what: Values) -> Values:
        """A request with address and headers of the gateway, when it gives a path alone."""
        if not what["url"].startswith("/"):
            return what
        headers = render(self.plan.headers, self.values) | what.get("headers", {})
        return what | {"url": render(self.plan.url, self.values) + what["url"], "headers": headers}

    async def control(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """What the control of the bank does on such a request. Raises Failed when it says no."""
        assert self.bank.control
        status, answer = await self.bank.control.answer(method, path.split("/"), body)
        if status != 200:
            raise Failed(str(answer["error"]))
        return answer

    async def until(self, check: Check, within: float) -> None:
        """Waits until nothing is missing. Raises Failed with what still is, after `within` real seconds."""
        deadline = time.monotonic() + within
        while (missing := check()) is not None:
            if time.monotonic() > deadline:
                raise Failed(f"{missing}, after {within:g} s")
            await asyncio.sleep(_PAUSE)

    async def throughout(self, check: Check, within: float) -> None:
        """Watches that nothing is missing all the time. Raises Failed at once when something is."""
        deadline = time.monotonic() + within
        while True:
            if (missing := check()) is not None:
                raise Failed(missing)
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(_PAUSE)
