"""A box: its ports, its memory, its web server. What a request means is in api.py, what a fault does in strikes.py."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from simulator.dinstar import strikes
from simulator.dinstar.api import CALLS
from simulator.dinstar.ask import ApiError, call_of
from simulator.dinstar.faults import CATALOGUE, LOGIN, PUSH
from simulator.dinstar.login import Login
from simulator.dinstar.plan import CHANGEABLE, BoxPlan, read
from simulator.dinstar.port import HOME, BoxPort
from simulator.dinstar.push import Pusher
from simulator.dinstar.records import Memory
from simulator.dinstar.web import Reply, Request, WebServer
from simulator.faults import Faults
from simulator.journal import Journal
from simulator.network import Network
from simulator.sim import Sim, luhn

# A radio module needs some 10 to 30 seconds until it is in the network.
_START_SECONDS = 20.0
_SLOTS_APART = 200
_TAC = "86147503"
_MAC = "F8:A0:3D:00:00:01"


class Box:
    """A box of a plan on a network. Made outside a loop; `start` and `stop` belong to one loop."""

    def __init__(self, plan: BoxPlan, network: Network, journal: Journal, first_number: str, centre: str, seed: int) -> None:
        chance = random.Random(f"{seed}/{plan.name}")
        serial = f"dbd2-0300-{chance.randrange(10**4):04d}-{chance.randrange(10**4):04d}"
        self.plan: BoxPlan = replace(plan, sn=plan.sn or serial)
        self.network = network
        self.journal = journal
        self.memory = Memory()
        self.login = Login()
        self.faults = Faults(f"{seed}/{plan.name}", CATALOGUE)
        self.long_texts = 0
        # `down`: it is starting; `dead`: a fault keeps its web server shut.
        self.down = self.dead = False
        self.hurry = asyncio.Event()  # requests that wait until a fault is released
        self.requests: dict[str, int] = {}
        self._last_place = -1
        self._over = False
        self._opening: set[asyncio.Task[None]] = set()
        files = (plan.certificate, plan.key) if plan.certificate and plan.key else None
        self.web = WebServer(plan.host, plan.port, files, self.answer, lambda: self.plan.close)
        self.pusher = Pusher(self._pushed)
        first = int(first_number.removeprefix("+"))
        self.ports = [self._port(place, first + place, centre, chance) for place in range(plan.ports)]

    def _port(self, place: int, number: int, centre: str, chance: random.Random) -> BoxPort:
        sims = [Sim(f"+{number + slot * _SLOTS_APART}", f"26299{chance.randrange(10**10):010d}",
                    luhn(f"894929{chance.randrange(10**12):012d}"), centre) for slot in range(self.plan.slots)]
        return BoxPort(self, place, sims, luhn(f"{_TAC}{chance.randrange(10**6):06d}"))

    @property
    def url(self) -> str:
        return self.web.url

    async def start(self) -> None:
        await self.web.listen()
        self._tell_power_on()

    def listen(self) -> None:
        """Opens the web server again, soon; `settled` waits until it is done."""
        self.web.wanted = True
        if self._opening:
            return
        task = asyncio.get_running_loop().create_task(self.web.listen())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def settled(self) -> None:
        await asyncio.gather(*self._opening)

    async def stop(self) -> None:
        self._over = True
        await self.settled()
        await self.web.stop()
        await self.pusher.stop()

    def change(self, values: dict[str, Any]) -> None:
        """Changes what can be changed while it runs. Raises ValueError."""
        if strangers := set(values) - set(CHANGEABLE):
            raise ValueError(f"no {', '.join(sorted(strangers))} can be changed in a box; there are: {', '.join(CHANGEABLE)}")
        self.plan = replace(self.plan, **read(values))

    # -- its clock -----------------------------------------------------------------------------------------------

    def time(self) -> str:
        """Now, as its answers show times."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + self.plan.clock + self.plan.zone))

    def after_start(self, act: Callable[..., object], *arguments: object) -> None:
        """Does something when a port has had the time it needs to start."""
        self.network.later(_START_SECONDS * self.plan.boot, act, *arguments)

    # -- requests ------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Reply:
        """The web server asks this one request after the other."""
        if self.plan.delay:
            await asyncio.sleep(self.plan.delay * self.network.pace.speed)
        call = call_of(request)
        stale = bool(self.faults.strike(LOGIN, command=call))
        status, challenge = self.login.verdict(request, self.plan, stale)
        if status != 200:
            return self._page(status, (("WWW-Authenticate", challenge),) if challenge else ())
        self.requests[call] = self.requests.get(call, 0) + 1
        return await strikes.around(self, call, lambda: self._reply(call, request))

    def _reply(self, call: str, request: Request) -> Reply:
        if call not in CALLS:
            return self._page(404)
        methods, act = CALLS[call]
        try:
            if request.method not in methods:
                raise ApiError(400)
            return self.json(act(self, request))
        except ApiError as error:
            return self.json({"error_code": error.code})

    def json(self, document: dict[str, Any]) -> Reply:
        code = {"error_code": document.pop("error_code")} if "error_code" in document else {}
        told = json.dumps(code | {"sn": self.plan.sn} | document, ensure_ascii=False, separators=(",", ":"))
        body = told.encode("utf-8", "replace")
        return Reply(200, body, self._headers())

    def _page(self, status: int, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        body = f"<html><head><title>{status}</title></head><body><h2>Access Error: {status}</h2></body></html>\r\n".encode()
        return Reply(status, body, self._headers() + headers, "text/html")

    def error_page(self, status: int) -> Reply:
        return self._page(status)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (("Date", formatdate(time.time() + self.plan.clock, usegmt=True)), ("Set-Cookie", f"devckie={self.plan.sn}"))

    # -- texts ---------------------------------------------------------------------------------------------------

    @property
    def in_queue(self) -> int:
        """Texts without a result: those that wait and those under way."""
        return sum(port.load for port in self.ports)

    def next_of(self, ports: list[BoxPort]) -> BoxPort:
        """The port for the next text: the one with the least to do, in turn among equals."""
        least = min(port.load for port in ports)
        idle = [port for port in ports if port.load == least]
        chosen = next((port for port in idle if port.place > self._last_place), idle[0])
        self._last_place = chosen.place
        return chosen

    def keep_incoming(self, port: BoxPort, sender: str, text: str) -> None:
        incoming = self.memory.keep_incoming(port.place, sender, port.sim.service_centre, self.time(), text, port.sim.imsi)
        self.push("sms", [incoming.shown()])

    # -- news ----------------------------------------------------------------------------------------------------

    def push(self, kind: str, what: Any) -> None:
        """Tells the push server, when there is one and it is to hear of this."""
        if self.plan.push_url and kind in self.plan.push and not self.faults.strike(PUSH, "lost-push"):
            self.pusher.put(self.plan.push_url, {"sn": self.plan.sn, kind: what})

    def _pushed(self, event: dict[str, Any], status: int) -> None:
        self.journal.write("push", box=self.plan.name, what=next(key for key in event if key != "sn"), status=status)

    def registration_changed(self, port: BoxPort) -> None:
        self.push("register", [{"port": port.place, "iccid": port.sim.iccid, "imsi": port.sim.imsi, "number": port.number,
                                "status": "up" if port.registered else "down", "sequence": 1, "slot": 0}])

    # -- restarts ------------------------------------------------------------------------------------------------

    def restart(self, seconds: float, factory: bool = False) -> None:
        """Queue and results are lost; a factory reset loses the inbox as well, and the push server."""
        lost = self.in_queue
        self.down = True
        self.web.refuse()
        for port in self.ports:
            port.forget()
        self.pusher.forget()
        self.login.forget()
        if factory:
            self.memory.factory_reset()
            self.plan = replace(self.plan, push_url="")
        else:
            self.memory.restart()
        self.journal.write("restart", box=self.plan.name, lost=lost, factory=factory)
        if seconds:
            self.network.later(seconds, self._up)
        else:
            self._up()

    def _up(self) -> None:
        if self._over:
            return
        self.down = False
        if not self.dead:
            self.listen()
        self._tell_power_on()
        for port in self.ports:
            self.network.pump(port.sim)

    def _tell_power_on(self) -> None:
        self.push("device", {"port_number": len(self.ports), "IP": self.plan.host, "MAC": _MAC, "status": "power_on"})

    def port(self, place: Any) -> list[BoxPort]:
        """The port at a place; all of them for -1. Raises ValueError."""
        if not -1 <= int(place) < len(self.ports):
            raise ValueError(f"{self.plan.name} has no port {place}; there are 0 to {len(self.ports) - 1}, -1 is all")
        return self.ports if int(place) == -1 else [self.ports[int(place)]]

    def coverage(self) -> int:
        return HOME if self.network.coverage else 2
