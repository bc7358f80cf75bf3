"""What each fault of the catalogue does to a modem."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.errors import Refused
from simulator.faults import ANSWER, NOW, RUN, Fault
from simulator.smspdu import Deliver, Submit, compose, write_service_centre, write_stamp
from simulator.stores import READ, Stored

if TYPE_CHECKING:
    from simulator.modem import Modem

_OLD = "old text"


def general(modem: "Modem", fault: Fault) -> bool:
    """Strikes that can come at any time. True when the command under way is lost by it."""
    deed = _DEEDS.get(fault.name)
    return bool(deed and deed(modem, fault))


def _no_answer(modem: "Modem", fault: Fault) -> bool:
    modem.talk.end(None)
    return True


def _quiet(modem: "Modem", fault: Fault) -> bool:
    modem.fall_silent(fault.name, fault.seconds)
    return fault.name == "hang"


def _garbage(modem: "Modem", fault: Fault) -> bool:
    # Bytes above 0x7F only: noise must not be read as a line end or as an answer.
    modem.voice.put(bytes(modem.faults.chance.randrange(0x80, 0x100) for _ in range(int(fault.options["count"]))))
    if fault.moment == NOW:
        modem.voice.flush()
    return False


def _drop(modem: "Modem", fault: Fault) -> bool:
    modem.voice.drop(int(fault.options["count"]))
    return False


def _slow(modem: "Modem", fault: Fault) -> bool:
    modem.voice.slow_down(float(fault.options["rate"]))
    if fault.seconds:
        modem.life.later(fault.seconds, modem.voice.slow_down, 0.0)
    return False


def _echo(modem: "Modem", fault: Fault) -> bool:
    modem.registers.echo = True
    return False


def _reset(modem: "Modem", fault: Fault) -> bool:
    modem.reset()
    return True


def _brown_out(modem: "Modem", fault: Fault) -> bool:
    for line in modem.personality.power_words:
        modem.voice.news([line])
    modem.voice.say_news(inside=True)
    modem.voice.flush()
    modem.reset()
    return True


def _power_down(modem: "Modem", fault: Fault) -> bool:
    modem.switch_off([words for words in modem.personality.switches_off.values() if words][:1])
    if fault.seconds:
        _call_later(modem, fault.seconds, modem.reset)
    return True


def _sim_removed(modem: "Modem", fault: Fault) -> bool:
    modem.card.set_present(False)
    if fault.seconds:
        modem.life.later(fault.seconds, modem.card.set_present, True)
    return False


def _sim_inserted(modem: "Modem", fault: Fault) -> bool:
    modem.card.set_present(True)
    return False


def _sim_full(modem: "Modem", fault: Fault) -> bool:
    fill_store(modem)
    if fault.seconds:
        modem.life.later(fault.seconds, empty_store, modem)
    return False


def _deaf(modem: "Modem", fault: Fault) -> bool:
    modem.registers.cnmi = (0, 0, 0, 0, modem.registers.cnmi[4])
    return False


_DEEDS: dict[str, Callable[["Modem", Fault], bool]] = {
    "no-answer": _no_answer, "silence": _quiet, "mute": _quiet, "hang": _quiet, "garbage": _garbage,
    "dropped-bytes": _drop, "slow-line": _slow, "echo-returns": _echo, "reset": _reset,
    "reset-before-payload": _reset, "reset-after-payload": _reset, "brown-out": _brown_out,
    "power-down": _power_down, "sim-removed": _sim_removed, "sim-inserted": _sim_inserted, "sim-full": _sim_full,
    "cnmi-reset": _deaf,
}


def on_command(modem: "Modem", name: str) -> None:
    """Strikes before one command of a line is run. Raises its refusal."""
    if fault := modem.faults.strike(RUN, command=name):
        raise Refused(str(fault.options["kind"]).upper(), int(fault.options["code"]))


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
        modem.life.later(fault.seconds, modem.talk.finish, lines)
    elif fault.name == "unplug-in-send":
        unplug(modem, fault.seconds)
    else:
        if fault.name == "report-first":
            modem.voice.say_news(inside=True)
        if not general(modem, fault):
            modem.talk.finish(lines)


def unplug(modem: "Modem", seconds: float) -> None:
    """Pulls the modem out, and puts it back after a while unless `seconds` is 0."""
    modem.unplug()
    if seconds > 0:
        loop = asyncio.get_running_loop()
        _call_later(modem, seconds, lambda: loop.create_task(modem.plug()))


def _call_later(modem: "Modem", seconds: float, act: Callable[[], object]) -> None:
    """Unlike `modem.life.later` this outlives the modem's power."""
    asyncio.get_running_loop().call_later(seconds * modem.network.pace.speed, act)


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
    data = compose(_OLD, 0)[0]
    stamp = write_stamp(1_000_000_000, 4)
    while (store := modem.stores.room(modem.memories[-1])) is not None:
        store.put(Stored(READ, Deliver("+491519999999", stamp, 0, data), prefix))


def empty_store(modem: "Modem") -> None:
    """Takes the old texts away again, as somebody else who deletes them would; what waited comes now."""
    for store in modem.stores.members(modem.memories[-1]):
        for index in [index for index, message in store.slots.items() if _is_old(message)]:
            del store.slots[index]
    modem.network.pump(modem.sim)


def _is_old(message: Stored) -> bool:
    return isinstance(message.content, Deliver) and message.content.data.text == _OLD
