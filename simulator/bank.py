"""A bank: so many modems and boxes with their SIMs on one network, built from a plan and started in a running loop."""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from simulator import personality, quirks, wires
from simulator.control import Control
from simulator.dinstar.box import Box
from simulator.dinstar.plan import BoxPlan
from simulator.errors import Unknown
from simulator.handsets import Handsets, parse
from simulator.journal import Journal
from simulator.modem import Modem
from simulator.network import Network
from simulator.pace import Pace
from simulator.parcels import Parcel, Raw
from simulator.ports import PtyPort, lock_folder
from simulator.sim import Sim, luhn

SERVICE_CENTRE = "+491760000443"
_NUMBERS_APART = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bank shall be. `families`: one name for all, several dealt in turn, or `p0=name` for one port;
    `quirks` likewise, but all of them count. `delays`: how slowly modems answer, 1 as the real family."""

    ports: int = 1
    folder: Path | None = None
    tcp: tuple[str, int] | None = None
    rfc2217: tuple[str, int] | None = None
    unix: bool = False
    abstract: str = ""
    composite: bool = False
    families: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    first_number: str = "+49151000000000"
    seed: int = 0
    pace: Pace = field(default_factory=Pace)
    handsets: dict[str, str] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    boot: float = 0.0
    delays: float = 0.0
    ack_seconds: float | None = None
    journal: Path | None = None
    control: tuple[str, int] | None = ("127.0.0.1", 0)
    boxes: tuple[BoxPlan, ...] = ()


class Bank:
    """The modems and boxes of a plan. Made outside a loop; `start` and `stop` belong to one loop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.journal = Journal(plan.journal)
        rules = {prefix: parse(behaviour) for prefix, behaviour in plan.handsets.items()}
        self.network = Network(self.journal, Handsets(rules), plan.pace, random.Random(plan.seed))
        self.modems: dict[str, Modem] = {}
        for place in range(plan.ports):
            self._add_modem(place)
        self.boxes: dict[str, Box] = {}
        for count, box in enumerate(plan.boxes, 1):
            self._add_box(count, box)
        self.control = Control(self, *plan.control) if plan.control else None
        self._lock = -1

    def _add_modem(self, place: int) -> None:
        plan, name = self.plan, f"p{place}"
        family = personality.load(family_of(plan.families, place))
        for quirk in quirks_of(plan.quirks, place):
            family = quirks.given(family, quirk)
        chance = random.Random(f"{plan.seed}/{name}")
        number = f"+{int(plan.first_number.removeprefix('+')) + place}"
        sim = Sim(number, f"26299{chance.randrange(10**10):010d}", luhn(f"894929{chance.randrange(10**12):012d}"),
                  SERVICE_CENTRE)
        if name in plan.pins:
            sim.lock(plan.pins[name])
        imei = luhn(f"{family.tac}{chance.randrange(10**6):06d}")
        sides = wires.beside(plan, place, family.composite) if plan.composite else []
        modem = Modem(name, family, imei, sim, self.network, self.journal, wires.for_commands(plan, place), plan.boot,
                      plan.ack_seconds, f"{plan.seed}/{name}", sides, plan.delays)
        self.modems[name] = modem
        self.network.connect(sim, modem)

    def _add_box(self, count: int, plan: BoxPlan) -> None:
        """A box has the numbers behind those of the modems and of the boxes before it, unless it is given others."""
        if plan.name in self.boxes or plan.name in self.modems:
            raise ValueError(f"two things of this bank are named {plan.name!r}")
        number = plan.first_number or f"+{int(self.plan.first_number.removeprefix('+')) + count * _NUMBERS_APART}"
        self.boxes[plan.name] = Box(plan, self.network, self.journal, number, SERVICE_CENTRE, self.plan.seed)

    async def start(self) -> None:
        """Opens all wires and powers the modems up. Raises BlockingIOError when the folder belongs to another bank."""
        if self.plan.folder:
            self._lock = lock_folder(self.plan.folder)
            (self.plan.folder / wires.BY_PATH).mkdir(exist_ok=True)
        for modem in self.modems.values():
            await modem.plug()
        for box in self.boxes.values():
            await box.start()
        if self.control:
            await self.control.start()
            if self.plan.folder:
                (self.plan.folder / "control").write_text(self.control.url + "\n")

    async def stop(self) -> None:
        self.journal.close()
        if self.plan.folder and self._lock < 0:
            return
        if self.control:
            await self.control.stop()
        for modem in self.modems.values():
            modem.unplug()
        for box in self.boxes.values():
            await box.stop()
        if self.plan.folder:
            (self.plan.folder / "control").unlink(missing_ok=True)
            (self.plan.folder / wires.BY_PATH).rmdir()
            (self.plan.folder / ".lock").unlink(missing_ok=True)
            os.close(self._lock)

    def modem(self, name: str) -> Modem:
        """A modem by port name or number. Raises Unknown."""
        found = self.modems.get(name) or next((m for m in self.modems.values() if m.sim.number == name), None)
        if found is None:
            there = f"p0 to p{len(self.modems) - 1}" if self.modems else "no modems"
            raise Unknown(f"no port {name!r}; there are {there}")
        return found

    def box(self, name: str) -> Box:
        """A box by name. Raises Unknown."""
        if name not in self.boxes:
            raise Unknown(f"no box {name!r}; there are: {', '.join(self.boxes) or 'none'}")
        return self.boxes[name]

    def sim(self, name: str) -> Sim:
        """The SIM of a modem (`p0`), of a port of a box (`box1.0`), or with a number. Raises Unknown."""
        for box in self.boxes.values():
            for port in box.ports:
                for sim in port.sims:
                    if name == sim.number or (name == port.name and sim is port.sim):
                        return sim
        return self.modem(name).sim

    def text(self, sender: str, to: str, text: str, dcs: int | None = None) -> int:
        """A text from outside for a port; returns its number of parts."""
        return self.network.send(sender, self.sim(to).number, text, dcs)

    def text_like(self, sender: str, to: str, what: str) -> int:
        """A message of a kind from outside for a port, as `long:shuffled`; returns its number of parts."""
        return self.network.send_like(sender, self.sim(to).number, what)

    def pdu(self, sender: str, to: str, octets: bytes) -> None:
        """A TPDU from outside for a port, whatever it holds."""
        number = self.sim(to).number
        self.network.send_octets(sender, number, Parcel(Raw(octets), sender))

    async def plug(self, name: str) -> None:
        await self.modem(name).plug()

    async def reenumerate(self, name: str, link: str | None = None) -> None:
        """A modem goes and comes back under another name in the folder, as ttyUSB1 comes back as ttyUSB2; its link in
        by-path stays. Raises ValueError when the name is taken or there is none to change."""
        modem, folder = self.modem(name), self.plan.folder
        port = modem.ports[0]
        if not isinstance(port, PtyPort) or folder is None:
            raise ValueError(f"{modem.name} has no terminal that could get another name")
        taken = {other.path.name for each in self.modems.values() for other in each.ports
                 if isinstance(other, PtyPort) and other is not port and each.wired}
        fresh = link or next(f"{modem.name}.{count}" for count in range(1, 10_000)
                             if f"{modem.name}.{count}" not in taken | {port.path.name})
        if fresh in taken or "/" in fresh or fresh.startswith("."):
            raise ValueError(f"{fresh!r} cannot be the name of {modem.name}: it is taken, or no name")
        modem.unplug()
        port.path = folder / fresh
        await modem.plug()

    def give_quirk(self, name: str, quirk: str) -> None:
        """A modem gets one more habit of the list. Raises Unknown."""
        modem = self.modem(name)
        modem.personality = quirks.given(modem.personality, quirk)


def quirks_of(wanted: tuple[str, ...], place: int) -> list[str]:
    """The quirks of the port at a place: plain names count everywhere, `p0=name` there alone."""
    own = f"p{place}="
    return [each.removeprefix(own) for each in wanted if "=" not in each or each.startswith(own)]


def family_of(families: tuple[str, ...], place: int) -> str:
    """The family of the port at a place: its own assignment, else the next of the plain names in turn."""
    own = dict(each.split("=", 1) for each in families if "=" in each)
    plain = [each for each in families if "=" not in each] or ["generic"]
    return own.get(f"p{place}", plain[place % len(plain)])
