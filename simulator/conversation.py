"""The running of command lines: one command after the other, the prompt and its payload, the final code."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from simulator import strikes
from simulator.commands import HANDLERS, PENDING, Handler
from simulator.commands.parsing import Call, parse
from simulator.errors import Refused, cme
from simulator.faults import ANSWER, COMMAND
from simulator.intake import PROMPT

if TYPE_CHECKING:
    from simulator.modem import Modem

_NUMERIC = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "NO DIALTONE": "6", "BUSY": "7"}
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
        self._calls: Iterator[Call] = iter(())

    @property
    def idle(self) -> bool:
        return not (self.running or self.prompting)

    def clear(self) -> None:
        """Forgets what was being said."""
        self.running = self.prompting = False
        self._calls, self._on_payload = iter(()), None

    # -- what the intake hears -----------------------------------------------------------------------------------

    def echo(self, typed: bytes) -> None:
        if self._modem.registers.echo:
            self._modem.voice.put(typed)

    def new_line(self) -> None:
        # 27.005 clause 3.5.1: after each CR the prompt is shown again.
        self._modem.voice.put(PROMPT)

    def command(self, line: str) -> None:
        """A whole command line; one without AT is noise and is not answered (V.250 clause 5.2.1)."""
        start = line.upper().find("AT")
        if start < 0:
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
        self.prompting = False
        self.end("OK" if self._modem.personality.escape_answers_ok else None)

    # -- what commands do ----------------------------------------------------------------------------------------

    def ask(self, on_payload: OnPayload, has_lines: bool = False, show: bool = True) -> object:
        """Shows the prompt and waits for a payload; a handler returns what this returns."""
        self.running, self.prompting, self.payload_has_lines = False, True, has_lines
        self._on_payload = on_payload
        if show:
            self._modem.voice.put(PROMPT)
        return PENDING

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
        if final is not None and not modem.registers.quiet:
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
            self._inform(lines)
            if call.name == "+CPIN" and call.form == "read" and self._modem.personality.cpin_without_ok:
                self.end(None)
                return
        self.end("OK")

    def _perform(self, call: Call) -> Sequence[str]:
        modem = self._modem
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
        handler = HANDLERS.get(call.name)
        if handler is None or call.name in personality.refuses:
            raise Refused(personality.unknown_command)
        return handler

    def _inform(self, lines: Sequence[str]) -> None:
        modem = self._modem
        if not lines:
            return
        if modem.faults.armed and (fault := modem.faults.strike(ANSWER, "garbage")):
            strikes.general(modem, fault)
        modem.voice.frame(lines, b"\r\n" if modem.registers.verbose else b"")
