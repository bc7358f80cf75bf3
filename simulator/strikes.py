"""What each fault of the catalogue does to a modem."""

import asyncio
from typing import TYPE_CHECKING

from simulator.errors import Refused
from simulator.faults import ANSWER, Fault
from simulator.smspdu import Deliver, Submit, compose, write_service_centre, write_stamp
from simulator.stores import READ, Stored

if TYPE_CHECKING:
    from simulator.modem import Modem


def general(modem: "Modem", fault: Fault) -> bool:
    """Strikes that can come at any time. True when the command under way is lost by it."""
    if fault.name in ("silence", "mute"):
        modem.fall_silent(fault.name, fault.seconds)
    elif fault.name == "garbage":
        # Bytes above 0x7F only: noise must not be read as a line end or as an answer.
        modem.voice.put(bytes(modem.faults.chance.randrange(0x80, 0x100) for _ in range(int(fault.options["count"]))))
        modem.voice.flush()
    elif fault.name == "sim-full":
        fill_store(modem)
    elif fault.name.startswith("reset"):
        modem.reset()
        return True
    return False


def on_send(modem: "Modem", fault: Fault) -> bool:
    """Strikes between the send command and its prompt. True when the command is lost by it."""
    if fault.name == "refuse":
        raise Refused(str(fault.options["kind"]).upper(), int(fault.options["code"]))
    return general(modem, fault)


def on_payload(modem: "Modem", fault: Fault, submit: Submit, reference: int, lines: list[str]) -> None:
    """Strikes when the network should take the text now. Ends the command in its own way."""
    network, sim, options = modem.network, modem.sim, fault.options
    if fault.name == "refuse":
        modem.journal.write("refused", port=modem.name, **{"from": sim.number}, to=submit.to, mr=reference,
                            text=submit.data.text, code=int(options["code"]))
        raise Refused(str(options["kind"]).upper(), int(options["code"]))
    if options.get("taken", True):
        network.submit(sim, submit, reference, report_delay=-1.0 if fault.name == "report-first" else None)
    if fault.name == "lost-result":
        modem.talk.end(None)
    elif fault.name == "late-ok":
        modem.later(fault.seconds, modem.talk.finish, lines)
    elif fault.name == "unplug-in-send":
        unplug(modem, fault.seconds)
    elif not (fault.name == "reset-after-payload" and general(modem, fault)):
        if fault.name == "report-first":
            modem.voice.say_news(inside=True)
        general(modem, fault)
        modem.talk.finish(lines)


def unplug(modem: "Modem", seconds: float) -> None:
    """Pulls the modem out, and puts it back after a while unless `seconds` is 0."""
    modem.unplug()
    if seconds > 0:
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: loop.create_task(modem.plug()))


def before_final(modem: "Modem") -> None:
    """Strikes between the last line of an answer and its final code."""
    if keeps_news(modem) and (modem.voice.has_news or _line_of_news(modem)):
        fault = modem.faults.strike(ANSWER, "news-in-reply")
        if fault is not None and not modem.voice.say_news(inside=True):
            modem.voice.put(b"\r\n" + str(fault.options["line"]).encode("latin-1") + b"\r\n")


def keeps_news(modem: "Modem") -> bool:
    """Whether news must wait for the next answer."""
    return any(fault.name == "news-in-reply" for fault in modem.faults.armed)


def _line_of_news(modem: "Modem") -> bool:
    return any(fault.name == "news-in-reply" and fault.options["line"] for fault in modem.faults.armed)


def fill_store(modem: "Modem") -> None:
    """Fills the store for received texts with old, read ones."""
    prefix = write_service_centre(modem.sim.service_centre)
    data = compose("old text", 0)[0]
    stamp = write_stamp(1_000_000_000, 4)
    while (store := modem.stores.room(modem.memories[-1])) is not None:
        store.put(Stored(READ, Deliver("+491519999999", stamp, 0, data), prefix))
