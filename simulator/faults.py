"""The faults a modem can have, by name, and when they strike. What they do to a modem is in strikes.py."""

import random
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import Unknown

# Moments at which a modem asks whether something goes wrong now.
NOW, COMMAND, SEND, PAYLOAD, NEWS, ANSWER = "now", "command", "send", "payload", "news", "answer"
# Ctrl-Z is typed; one command of a line is about to be run.
PROMPT_END, RUN = "ctrl-z", "run"


@dataclass(frozen=True, slots=True)
class Kind:
    """A named fault: a sentence for people, the moments it can strike at (the first is the usual one), its options."""

    sentence: str
    moments: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


CATALOGUE: dict[str, Kind] = {
    # Answers
    "refuse": Kind("The next send is refused with an error code.", (PAYLOAD, SEND), {"kind": "cms", "code": 500}),
    "refuse-command": Kind("The next `command` is refused with an error code.", (RUN,),
                           {"command": "+CMGL", "kind": "cms", "code": 500}),
    "delete-fails": Kind("The next delete is refused, and nothing is deleted.", (RUN,),
                         {"command": "+CMGD", "kind": "cms", "code": 500}),
    "no-answer": Kind("The next command is not answered.", (COMMAND,)),
    "silence": Kind("The modem stops answering for `seconds` (0: until released); what it owes comes out afterwards.",
                    (NOW, COMMAND, SEND, PAYLOAD), {"seconds": 0.0}),
    "mute": Kind("As silence, but what it owed is lost.", (NOW, COMMAND, SEND, PAYLOAD), {"seconds": 0.0}),
    "hang": Kind("No command is answered for `seconds` (0: until released), but news goes on.",
                 (NOW, COMMAND, SEND, PAYLOAD), {"seconds": 0.0}),
    "late-ok": Kind("The network takes the text at once, the answer comes `seconds` late.", (PAYLOAD,),
                    {"seconds": 5.0}),
    "late-prompt": Kind("The prompt comes `seconds` late.", (SEND,), {"seconds": 5.0}),
    "no-prompt": Kind("The modem waits for the payload, but never shows its prompt.", (SEND,)),
    "stuck-prompt": Kind("After Ctrl-Z the prompt is shown again, and again, until ESC; nothing is sent.",
                         (PROMPT_END,)),
    "lost-result": Kind("The network takes the text, the modem never says so.", (PAYLOAD,)),
    "echo-returns": Kind("The echo is on again.", (NOW, COMMAND)),
    # The line
    "garbage": Kind("`count` noise bytes come before the next answer.", (ANSWER, NOW), {"count": 8}),
    "dropped-bytes": Kind("`count` bytes of the next answer are lost.", (ANSWER, NOW), {"count": 2}),
    "slow-line": Kind("The modem says `rate` bytes a second for `seconds` (0: until released).", (NOW, COMMAND, SEND),
                      {"rate": 120.0, "seconds": 0.0}),
    # Power and presence
    "reset-before-payload": Kind("The modem restarts instead of showing its prompt.", (SEND,)),
    "reset-after-payload": Kind("The modem restarts with the payload in hand; `taken` says whether it went out.",
                                (PAYLOAD,), {"taken": True}),
    "reset": Kind("The modem restarts.", (NOW, COMMAND)),
    "brown-out": Kind("The supply breaks down: the family's words for it, then a restart; `taken` says whether a text "
                      "under way went out.", (NOW, COMMAND, SEND, PAYLOAD), {"taken": False}),
    "power-down": Kind("The modem says that it goes, and goes; `seconds` later it starts again (0: only when it is "
                       "plugged in).", (NOW, COMMAND), {"seconds": 0.0}),
    "unplug-in-send": Kind("The modem is unplugged between prompt and OK; `taken` says whether the text went out; "
                           "`seconds` later it is plugged in again (0: it stays away).", (PAYLOAD,),
                           {"taken": True, "seconds": 0.0}),
    "sim-removed": Kind("The SIM is taken out; `seconds` later it is back (0: it stays out until sim-inserted).",
                        (NOW, COMMAND, SEND), {"seconds": 0.0}),
    "sim-inserted": Kind("The SIM is put back in.", (NOW,)),
    # Texts coming in
    "sim-full": Kind("The store for received texts is filled up with old texts; deleting them helps, and `seconds` "
                     "later (0: never) they are gone by themselves and the backlog comes.", (NOW,), {"seconds": 0.0}),
    "full-notice": Kind("The next text is announced by `line` instead of +CMTI, though it is stored.", (NEWS,),
                        {"line": '^SMMEMFULL: "SM"'}),
    "lost-notification": Kind("The next text is stored, but nobody is told.", (NEWS,)),
    "index-lost": Kind("The next text is announced with `index` instead of its own.", (NEWS,), {"index": -1}),
    "announced-twice": Kind("The next text is stored once and announced twice.", (NEWS,)),
    "delivered-twice": Kind("The network delivers the next text twice.", (NEWS,)),
    "cnmi-reset": Kind("All of +CNMI falls to zero, and nobody is told.", (NOW, COMMAND, NEWS)),
    "news-in-reply": Kind("News waits for the next reply and comes out inside it, before its final code; `line` is "
                          "said when no news waits.", (ANSWER,), {"line": ""}),
    "report-first": Kind("The report of the next text comes out before the result of its send.", (PAYLOAD,)),
}


@dataclass(slots=True)
class Fault:
    """A fault that is armed: `nth` counts its moments down, `times` its strikes (0: without end)."""

    name: str
    moment: str
    options: dict[str, Any]
    nth: int = 1
    times: int = 1
    chance: float = 0.0

    @property
    def seconds(self) -> float:
        return float(self.options.get("seconds", 0.0))


class Faults:
    """The armed faults of one modem, or of whatever else has a catalogue of its own."""

    def __init__(self, seed: int | str = 0, catalogue: dict[str, Kind] = CATALOGUE) -> None:
        self.chance = random.Random(seed)
        self.catalogue = catalogue
        self.armed: list[Fault] = []

    def arm(self, name: str, when: str | None = None, nth: int = 1, times: int | None = None, chance: float = 0.0,
            **options: Any) -> Fault:
        """Arms a fault. `when`: its moment; `nth`: strikes first at the nth such moment; `chance`: strikes at each
        with this probability. Raises Unknown or ValueError for what does not exist."""
        if name not in self.catalogue:
            raise Unknown(f"no fault {name!r}; there are: {', '.join(self.catalogue)}")
        kind = self.catalogue[name]
        moment = when or kind.moments[0]
        if moment not in kind.moments:
            raise ValueError(f"{name} strikes at {' or '.join(kind.moments)}, not at {moment!r}")
        if strangers := set(options) - set(kind.options):
            raise ValueError(f"{name} has no option {', '.join(sorted(strangers))}")
        endless = 0 if chance else 1
        fault = Fault(name, moment, kind.options | options, nth, endless if times is None else times, chance)
        if moment != NOW:
            self.armed.append(fault)
        return fault

    def release(self, name: str | None = None) -> None:
        """Takes a fault back, or all of them."""
        self.armed = [fault for fault in self.armed if name is not None and fault.name != name]

    def strike(self, moment: str, *names: str, command: str = "", place: int = -1) -> Fault | None:
        """The fault that is due at this moment, if any; `names` narrows what is asked for, `command` is what runs, `place`
        the port of a box."""
        if not self.armed:
            return None
        for fault in self.armed:
            if fault.moment != moment or (names and fault.name not in names):
                continue
            # One that names no command or port (-1) means any.
            if (fault.options.get("command") or command) != command or fault.options.get("port", -1) not in (-1, place):
                continue
            if fault.chance:
                if self.chance.random() >= fault.chance:
                    continue
            elif fault.nth > 1:
                fault.nth -= 1
                continue
            if fault.times:
                fault.times -= 1
                if not fault.times:
                    self.armed.remove(fault)
            return fault
        return None
