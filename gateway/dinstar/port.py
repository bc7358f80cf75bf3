"""What is known of one port of a box, across the lives of the box."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway.dinstar import ports
from gateway.dinstar.recovery import Recovery
from gateway.dinstar.ussd import Ussd
from gateway.dinstar.wire import PortInfo
from gateway.errors import ModemUnfit


@dataclass(eq=False, slots=True)
class BoxPort:
    """`news` is set whenever the box has said something of it, and when a person has."""

    number: int
    recovery: Recovery
    ussd: Ussd
    info: PortInfo | None = None  # None: the box has said nothing yet
    absent: bool = False  # the box has no such port
    off_at: float | None = None  # when we switched it off, to switch it on again
    unparked: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def fault(self) -> ModemUnfit | None:
        """Why a person is needed at this port."""
        if self.absent:
            return ModemUnfit(f"the box has no port {self.number}", "correct ports in its [[dinstar]] table; they count from 0")
        return None if self.info is None else ports.unfit(self.info)

    @property
    def serves(self) -> bool:
        return self.info is not None and ports.serves(self.info)

    def told(self, info: PortInfo | None) -> None:
        self.info, self.absent = info, info is None
        self.news.set()

    def unknown(self) -> None:
        """What was known of it may be so no more."""
        self.info, self.absent = None, False
