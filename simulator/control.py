"""The bank's control: what can be done to modems, boxes and network, and what the network saw, by path. Knows no users."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from simulator import network_control, quirks, strikes
from simulator.dinstar import control as box_control
from simulator.dinstar.faults import CATALOGUE as BOX_CATALOGUE
from simulator.errors import Unknown
from simulator.faults import CATALOGUE, NOW, Kind
from simulator.handsets import parse
from simulator.json_server import Body, JsonServer

if TYPE_CHECKING:
    from simulator.bank import Bank
    from simulator.modem import Modem

_LONGEST_WAIT = 60.0


class Control:
    """The control of one bank."""

    def __init__(self, bank: "Bank", host: str, port: int) -> None:
        self._bank = bank
        self._server = JsonServer(host, port, self.answer)
        self._routes: dict[tuple[str, str], Callable[[Body], Awaitable[Any]]] = {
            ("GET", "bank"): self._show_bank, ("GET", "journal"): self._journal, ("POST", "text"): self._text,
            ("POST", "network"): self._network, ("GET", "network"): self._show_network,
            ("POST", "handsets"): self._handsets, ("GET", "handsets"): self._show_handsets,
            ("GET", "faults"): self._show_faults, ("GET", "box-faults"): self._show_box_faults,
            ("GET", "quirks"): self._show_quirks,
        }
        self._port_routes: dict[tuple[str, str], Callable[[Modem, Body], Awaitable[Any]]] = {
            ("POST", "unplug"): self._unplug, ("POST", "plug"): self._plug, ("POST", "reset"): self._reset,
            ("POST", "signal"): self._signal, ("POST", "registration"): self._registration,
            ("POST", "reenumerate"): self._reenumerate, ("POST", "call"): self._call, ("DELETE", "call"): self._end_call,
            ("POST", "quirk"): self._quirk, ("POST", "fault"): self._fault,
            ("DELETE", "fault"): self._release, ("GET", "fault"): self._armed,
            ("POST", "pin"): self._pin, ("POST", "sim"): self._sim, ("POST", "say"): self._say,
            ("GET", ""): self._show_port,
        }

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def answer(self, method: str, path: list[str], body: Body) -> tuple[int, Any]:
        """Status and answer of one request."""
        try:
            if path[0] == "ports" and len(path) in (2, 3):
                modem = self._bank.modem(path[1])
                deed = self._port_routes.get((method, path[2] if len(path) == 3 else ""))
                if deed is not None:
                    return 200, await deed(modem, body)
            elif path[0] == "boxes" and len(path) in (2, 3):
                box = self._bank.box(path[1])
                done = box_control.answer(box, method, path[2] if len(path) == 3 else "", body)
                await box.settled()
                if done is not None:
                    return 200, done
            elif len(path) == 1 and (method, path[0]) in self._routes:
                return 200, await self._routes[method, path[0]](body)
        except Unknown as unknown:
            return 404, {"error": str(unknown)}
        except KeyError as missing:
            return 400, {"error": f"{missing} is missing"}
        except (ValueError, TypeError) as wrong:
            return 400, {"error": str(wrong)}
        return 404, {"error": f"nothing at {method} /{'/'.join(path)}"}

    # -- the bank ------------------------------------------------------------------------------------------------

    async def _show_bank(self, body: Body) -> Any:
        return {"control": self.url, "last": self._bank.journal.last,
                "ports": [show(modem) for modem in self._bank.modems.values()],
                "boxes": [box_control.show(box) for box in self._bank.boxes.values()]}

    async def _journal(self, body: Body) -> Any:
        journal = self._bank.journal
        facts = {name: value for name, value in body.items() if name in ("port", "box", "from", "to", "text", "how")}
        seconds = min(float(body.get("wait", 0)), _LONGEST_WAIT)
        entries = await journal.wait(seconds, int(body.get("since", 0)), body.get("kind"),
                                     int(body.get("count", 1)), **facts)
        return {"last": journal.last, "entries": entries}

    async def _text(self, body: Body) -> Any:
        if "pdu" in body:
            self._bank.pdu(body.get("from", ""), body["to"], bytes.fromhex(body["pdu"]))
            return {"parts": 1}
        if "like" in body:
            return {"parts": self._bank.text_like(body["from"], body["to"], body["like"])}
        dcs = body.get("dcs")
        return {"parts": self._bank.text(body["from"], body["to"], body["text"], None if dcs is None else int(dcs))}

    async def _network(self, body: Body) -> Any:
        network_control.change(self._bank.network, body)
        return await self._show_network(body)

    async def _show_network(self, body: Body) -> Any:
        return network_control.show(self._bank.network)

    async def _handsets(self, body: Body) -> Any:
        rules = {prefix: parse(behaviour) for prefix, behaviour in body.items()}
        self._bank.network.handsets.rules.update(rules)
        return await self._show_handsets(body)

    async def _show_handsets(self, body: Body) -> Any:
        return {prefix: str(behaviour) for prefix, behaviour in self._bank.network.handsets.rules.items()}

    async def _show_faults(self, body: Body) -> Any:
        return _told(CATALOGUE)

    async def _show_box_faults(self, body: Body) -> Any:
        return _told(BOX_CATALOGUE)

    async def _show_quirks(self, body: Body) -> Any:
        return {name: {"sentence": quirk.sentence, "rows": quirk.rows} for name, quirk in quirks.LIST.items()}

    # -- one port ------------------------------------------------------------------------------------------------

    async def _show_port(self, modem: "Modem", body: Body) -> Any:
        return show(modem)

    async def _unplug(self, modem: "Modem", body: Body) -> Any:
        modem.unplug()
        return show(modem)

    async def _plug(self, modem: "Modem", body: Body) -> Any:
        await self._bank.plug(modem.name)
        return show(modem)

    async def _reset(self, modem: "Modem", body: Body) -> Any:
        modem.reset()
        return show(modem)

    async def _signal(self, modem: "Modem", body: Body) -> Any:
        modem.radio.set_signal(int(body["csq"]))
        return show(modem)

    async def _registration(self, modem: "Modem", body: Body) -> Any:
        modem.set_registration(int(body["stat"]))
        return show(modem)

    async def _reenumerate(self, modem: "Modem", body: Body) -> Any:
        """Away, and back under another name."""
        await self._bank.reenumerate(modem.name, body.get("as"))
        return show(modem)

    async def _call(self, modem: "Modem", body: Body) -> Any:
        """Somebody rings, until it is hung up or for `seconds`."""
        return {"rings": modem.calls.come_in(str(body["from"]), float(body.get("seconds", 30.0)))}

    async def _end_call(self, modem: "Modem", body: Body) -> Any:
        """The caller gives up."""
        return {"ended": modem.calls.give_up()}

    async def _quirk(self, modem: "Modem", body: Body) -> Any:
        self._bank.give_quirk(modem.name, str(body["name"]))
        return show(modem)

    async def _fault(self, modem: "Modem", body: Body) -> Any:
        arm(modem, **body)
        return show(modem)

    async def _release(self, modem: "Modem", body: Body) -> Any:
        release(modem, body.get("name"))
        return show(modem)

    async def _armed(self, modem: "Modem", body: Body) -> Any:
        return show(modem)["faults"]

    async def _pin(self, modem: "Modem", body: Body) -> Any:
        """The SIM asks for this PIN from now on; without a PIN it never asks again."""
        if body.get("pin"):
            modem.sim.lock(str(body["pin"]))
        else:
            modem.sim.pin_wanted, modem.sim.unlocked = False, True
        return show(modem)

    async def _sim(self, modem: "Modem", body: Body) -> Any:
        if "present" in body:
            modem.card.set_present(bool(body["present"]))
        if "last_reference" in body:
            modem.sim.last_reference = int(body["last_reference"]) & 255
        return show(modem)

    async def _say(self, modem: "Modem", body: Body) -> Any:
        """Any line, unasked."""
        modem.voice.news([str(body["line"])])
        return show(modem)


def _told(catalogue: dict[str, Kind]) -> Body:
    return {name: {"sentence": kind.sentence, "moments": kind.moments, "options": kind.options}
            for name, kind in catalogue.items()}


def arm(modem: "Modem", name: str, **options: Any) -> None:
    """Arms a fault, and lets it strike when it is one that strikes at once."""
    fault = modem.faults.arm(name, **options)
    if fault.moment == NOW:
        strikes.general(modem, fault)


def release(modem: "Modem", name: str | None = None) -> None:
    """Takes a fault back, or all of them; a silent modem speaks again."""
    modem.faults.release(name)
    if name in (None, "slow-line"):
        modem.voice.slow_down(0.0)
    if name is None or name == modem.voice.silent:
        modem.voice.speak_again()


def show(modem: "Modem") -> Body:
    """A port as the control shows it."""
    stores = modem.stores
    return {
        "name": modem.name, "devices": [port.device for port in modem.ports], "number": modem.sim.number,
        "family": modem.personality.name, "plugged": modem.wired, "powered": modem.powered, "reachable": modem.reachable,
        "imei": modem.imei, "imsi": modem.sim.imsi, "iccid": modem.sim.iccid, "sim": modem.sim.state,
        "sim_present": modem.card.present, "registration": modem.radio.shown_registration, "signal": modem.radio.signal,
        "silent": modem.voice.silent, "waiting": len(modem.sim.waiting), "last_reference": modem.sim.last_reference,
        "stores": {name: [stores.used(name), stores.capacity(name)] for name in modem.personality.stores},
        "faults": [{"name": fault.name, "moment": fault.moment, "nth": fault.nth, "times": fault.times,
                    "chance": fault.chance, **fault.options} for fault in modem.faults.armed],
    }
