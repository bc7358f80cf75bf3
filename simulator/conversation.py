"""The running of command lines: one command after the other, the prompt and its payload, the final code."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from simulator import strikes
from simulator.commands import HANDLERS, PENDING, Handler
from simulator.commands.parsing import Call, parse
from simulator.errors import Refused, cme, cms
from simulator.faults import ANSWER, COMMAND, PROMPT_END
from simulator.intake import PROMPT

if TYPE_CHECKING:
    from simulator.modem import Modem

_NUMERIC = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "NO DIALTONE": "6", "BUSY": "7"}
# How the forms of a command are written behind its name where a personality names one.
_FORM_SIGNS = {"do": "", "set": "=", "read": "?", "test": "=?"}
_REFUSALS = ("ERROR", "NO CARRIER", "COMMAND NOT SUPPORT")

OnPayload = Callable[[bytes], None]


class Conversation:
    """Where one modem stands with its client; the intake listens to it."""

    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self.running = False
        self.prompting = False
        self.payload_has_lines = False
        self._on_payload: OnPayload | None = None
        self._stuck = False
        self._prompts = 0
        self._calls: Iterator[Call] = iter(())
        # When the last final code was given, in the time of the loop.
        self.ended_at = 0.0

    @property
    def idle(self) -> bool:
        return not (self.running or self.prompting)

    def clear(self) -> None:
        """Forgets what was being said."""
        self.running = self.prompting = self._stuck = False
        self._calls, self._on_payload = iter(()), None

    # -- what the intake hears -----------------------------------------------------------------------------------

    def echo(self, typed: bytes) -> None:
        if self._modem.registers.echo:
            self._modem.voice.put(typed * 2 if self._modem.personality.echo_twice else typed)

    def new_line(self) -> None:
        # 27.005 clause 3.5.1: after each CR the prompt is shown again.
        self._modem.voice.put(PROMPT)

    def command(self, line: str) -> None:
        """A whole command line; one without AT is noise and is not answered (V.250 clause 5.2.1)."""
        start = line.upper().find("AT")
        if start < 0:
            return
        if self._modem.habits.overhears(line[start:].strip().upper()):
            return
        self.running = True
        if (fault := self._modem.faults.strike(COMMAND)) and strikes.general(self._modem, fault):
            return
        try:
            self._calls = iter(parse(line[start + 2:].strip()))
        except Refused as refusal:
            self.fail(refusal)
            return
        self._go_on()

    def payload(self, typed: bytes) -> None:
        if self._stuck or self._modem.faults.strike(PROMPT_END):
            # Whatever is typed now, the prompt comes back; only ESC leads out.
            self._stuck = True
            self._modem.voice.put(PROMPT)
            return
        if self._modem.habits.chokes_on(typed):
            return
        on_payload, self._on_payload = self._on_payload, None
        self.running, self.prompting = True, False
        if on_payload is None:
            return
        try:
            on_payload(typed)
        except Refused as refusal:
            self.fail(refusal)

    def escape(self) -> None:
        """ESC at the prompt: nothing is sent."""
        self._on_payload = None
        self.prompting = self._stuck = False
        self.end("OK" if self._modem.personality.escape_answers_ok else None)

    # -- what commands do ----------------------------------------------------------------------------------------

    def ask(self, on_payload: OnPayload, has_lines: bool = False, show: bool = True) -> object:
        """Shows the prompt and waits for a payload; a handler returns what this returns."""
        self.running, self.prompting, self.payload_has_lines = False, True, has_lines
        self._on_payload = on_payload
        self._prompts += 1
        if show:
            self._modem.life.later(self._modem.takes(">"), self.show_prompt, self._prompts)
        if self._modem.personality.prompt_ends:
            self._modem.life.wait_for_client(self._modem.personality.prompt_ends[0], self._prompt_over, self._prompts)
        return PENDING

    def show_prompt(self, number: int | None = None) -> None:
        """Shows a prompt that was kept back, if it is still the one that is waited for."""
        if self.prompting and number in (None, self._prompts):
            self._modem.voice.put(PROMPT)

    def _prompt_over(self, number: int) -> None:
        """Firmware that loses its patience with an unfinished text."""
        if self.prompting and number == self._prompts:
            self._modem.intake.clear()
            self._on_payload, self.prompting = None, False
            self.fail(cms(int(self._modem.personality.prompt_ends[1])))

    def finish(self, lines: Sequence[str]) -> None:
        """The command that had to wait is done; the rest of its line follows."""
        self._inform(lines)
        self._go_on()

    def fail(self, refusal: Refused) -> None:
        """The command is refused, and the rest of its line is dropped (V.250 clause 5.3)."""
        self.end(refusal.line(self._modem.registers.cmee))

    def end(self, final: str | None) -> None:
        """Ends the command line with a final code, or without a word."""
        modem = self._modem
        if modem.faults.armed:
            strikes.before_final(modem)
        self.ended_at = asyncio.get_running_loop().time()
        if final is not None and not modem.registers.quiet:
            if modem.personality.blank_before_final:
                modem.voice.put(b"\r\n")
            if modem.registers.verbose:
                modem.voice.frame((final,))
            else:
                modem.voice.put(_NUMERIC.get(final, "4").encode() + b"\r")
        self._calls = iter(())
        self.running = False
        modem.voice.say_news()

    # -- running -------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Runs what is left of the command line, until a command has to wait."""
        for call in self._calls:
            try:
                lines = self._perform(call)
            except Refused as refusal:
                self.fail(refusal)
                return
            if lines is PENDING:
                return
            if seconds := self._modem.takes(call.name + _FORM_SIGNS[call.form]):
                self._modem.life.later(seconds, self.finish, lines)
                return
            self._inform(lines)
            if call.name + _FORM_SIGNS[call.form] in self._modem.personality.without_ok:
                self.end(None)
                return
        self.end("OK")

    def _perform(self, call: Call) -> Sequence[str]:
        modem = self._modem
        if modem.faults.armed:
            strikes.on_command(modem, call.name)
        # Only what needs SIM or network is answered so.
        if modem.busy_answers and call.name[0] == "+" and call.name != "+CMEE":
            modem.busy_answers -= 1
            raise cme(515)
        literal = modem.personality.answers.get(call.source)
        if literal is None:
            answer: Sequence[str] = self._handler(call)(modem, call)
            return answer
        if literal[-1] in _REFUSALS:
            raise Refused(literal[-1])
        return [line for line in literal if line != "OK"]

    def _handler(self, call: Call) -> Handler:
        personality = self._modem.personality
        if call.source in personality.iccid:
            return HANDLERS["iccid"]
        if call.source in personality.pin_counter:
            return HANDLERS["pin counter"]
        if call.source in personality.restarts:
            return HANDLERS["restart"]
        if call.source in personality.switches_off:
            return HANDLERS["switch off"]
        handler = HANDLERS.get(call.name)
        if handler is None or call.name in personality.refuses:
            raise Refused(personality.unknown_command)
        return handler

    def _inform(self, lines: Sequence[str]) -> None:
        modem = self._modem
        if not lines:
            return
        if modem.faults.armed and (fault := modem.faults.strike(ANSWER, "garbage", "dropped-bytes")):
            strikes.general(modem, fault)
        modem.voice.frame(lines, b"\r\n" if modem.registers.verbose else b"")
