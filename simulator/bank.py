"""A bank: so many modems with their SIMs on one network, built from a plan and started in a running loop."""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from simulator import personality
from simulator.control import Control
from simulator.errors import Unknown
from simulator.handsets import Handsets, parse
from simulator.journal import Journal
from simulator.modem import Modem
from simulator.network import Network
from simulator.pace import Pace
from simulator.parcels import Parcel, Raw
from simulator.ports import Port, PtyPort, TcpPort, UnixPort, lock_folder
from simulator.sim import Sim, luhn

SERVICE_CENTRE = "+491760000443"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bank shall be. `families`: one name for all, several dealt in turn, or `p0=name` for one port."""

    ports: int = 1
    folder: Path | None = None
    tcp: tuple[str, int] | None = None
    unix: bool = False
    families: tuple[str, ...] = ()
    first_number: str = "+49151000000000"
    seed: int = 0
    pace: Pace = field(default_factory=Pace)
    handsets: dict[str, str] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    boot: float = 0.0
    ack_seconds: float | None = None
    journal: Path | None = None
    control: tuple[str, int] | None = ("127.0.0.1", 0)


class Bank:
    """The modems of a plan. Made outside a loop; `start` and `stop` belong to one loop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.journal = Journal(plan.journal)
        rules = {prefix: parse(behaviour) for prefix, behaviour in plan.handsets.items()}
        self.network = Network(self.journal, Handsets(rules), plan.pace, random.Random(plan.seed))
        self.modems: dict[str, Modem] = {}
        for place in range(plan.ports):
            self._add_modem(place)
        self.control = Control(self, *plan.control) if plan.control else None
        self._lock = -1

    def _add_modem(self, place: int) -> None:
        plan, name = self.plan, f"p{place}"
        family = personality.load(family_of(plan.families, place))
        chance = random.Random(f"{plan.seed}/{name}")
        number = f"+{int(plan.first_number.removeprefix('+')) + place}"
        sim = Sim(number, f"26299{chance.randrange(10**10):010d}", luhn(f"894929{chance.randrange(10**12):012d}"),
                  SERVICE_CENTRE)
        if name in plan.pins:
            sim.lock(plan.pins[name])
        imei = luhn(f"{family.tac}{chance.randrange(10**6):06d}")
        modem = Modem(name, family, imei, sim, self.network, self.journal, self._wires(place), plan.boot,
                      plan.ack_seconds, f"{plan.seed}/{name}")
        self.modems[name] = modem
        self.network.connect(sim, modem)

    def _wires(self, place: int) -> list[Port]:
        plan, name = self.plan, f"p{place}"
        wires: list[Port] = []
        if plan.folder and not plan.unix:
            wires.append(PtyPort(plan.folder / name))
        if plan.folder and plan.unix:
            wires.append(UnixPort(plan.folder / f"{name}.sock"))
        if plan.tcp:
            host, first = plan.tcp
            wires.append(TcpPort(host, first + place if first else 0))
        return wires

    async def start(self) -> None:
        """Opens all wires and powers the modems up. Raises BlockingIOError when the folder belongs to another bank."""
        if self.plan.folder:
            self._lock = lock_folder(self.plan.folder)
        for modem in self.modems.values():
            await modem.plug()
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
        if self.plan.folder:
            (self.plan.folder / "control").unlink(missing_ok=True)
            (self.plan.folder / ".lock").unlink(missing_ok=True)
            os.close(self._lock)

    def modem(self, name: str) -> Modem:
        """A modem by port name or number. Raises Unknown."""
        found = self.modems.get(name) or next((m for m in self.modems.values() if m.sim.number == name), None)
        if found is None:
            raise Unknown(f"no port {name!r}; there are p0 to p{len(self.modems) - 1}")
        return found

    def text(self, sender: str, to: str, text: str, dcs: int | None = None) -> int:
        """A text from outside for a port; returns its number of parts."""
        return self.network.send(sender, self.modem(to).sim.number, text, dcs)

    def text_like(self, sender: str, to: str, what: str) -> int:
        """A message of a kind from outside for a port, as `long:shuffled`; returns its number of parts."""
        return self.network.send_like(sender, self.modem(to).sim.number, what)

    def pdu(self, sender: str, to: str, octets: bytes) -> None:
        """A TPDU from outside for a port, whatever it holds."""
        number = self.modem(to).sim.number
        self.network.send_octets(sender, number, Parcel(Raw(octets), sender))

    async def plug(self, name: str) -> None:
        await self.modem(name).plug()


def family_of(families: tuple[str, ...], place: int) -> str:
    """The family of the port at a place: its own assignment, else the next of the plain names in turn."""
    own = dict(each.split("=", 1) for each in families if "=" in each)
    plain = [each for each in families if "=" not in each] or ["generic"]
    return own.get(f"p{place}", plain[place % len(plain)])
