"""The conversation with one modem as a state machine: give it a command, feed it bytes, get events.

It knows which line belongs to what was asked, what is news, and which answers are late. It writes nothing and waits for
nothing (3GPP TS 27.005 clause 3, TS 27.007 clause 4, ITU-T V.250 clause 5).

Rules, in the order in which a line is judged:
 1. after a header that announces a body, the next line is the body, unless it is plainly something else;
 2. a line equal to what was typed is its echo;
 3. a final ends the pending command, unless it ends an answer that came too late;
 4. a line with a known notification name is news, unless the pending command asked for that very form;
 5. what is left belongs to the pending command; without one it is a surprise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.at import news
from gateway.at.command import CTRL_Z, Command
from gateway.at.events import Event, News, Prompt, Refusal, Reply, Surprise
from gateway.at.finals import Final, read_final
from gateway.at.lines import Lines, Overlong

# 255 stored texts of 360 characters make 90 KB; a reply beyond this is a runaway.
LONGEST_REPLY = 512 * 1024

_HEX = re.compile(r"[0-9A-Fa-f]+")
_USSD_END = re.compile(r'"\s*(?:,\s*\d*\s*)?$')
_LONGEST_USSD = 2000
_MOST_BODIES = 4
_LISTINGS = ("+CMGL", "+CMGR")


@dataclass(slots=True)
class _Awaited:
    """A header whose body has not come yet; `name` is empty for a header inside the pending reply."""

    name: str
    value: str
    pdu: bool


class Dialogue:
    """One command at a time. `ask` gives bytes to write, `feed` takes bytes read and gives events."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._command: Command | None = None
        self._names: tuple[str, ...] = ()
        self._wants_prompt = False
        self._info: list[str] = []
        self._info_size = 0
        self._awaited: list[_Awaited] = []
        self._ussd = ""  # a USSD answer whose closing quote has not come yet
        self._overdue: set[str] = set()  # names of commands that were given up and may still be answered
        self._in_late_answer = False
        self._in_step = True
        self.echoed = False  # what was typed last came back
        self._heard: list[Event] = []

    @property
    def in_step(self) -> bool:
        """False after a command was given up: only a probe may be asked until it has been answered."""
        return self._in_step

    @property
    def busy(self) -> bool:
        return self._command is not None

    def ask(self, command: Command) -> bytes:
        """Begin a command; returns what to write."""
        if self._command is not None:
            raise RuntimeError(f"{command.text} asked while {self._command.text} is pending")
        if not self._in_step and not command.probe:
            raise RuntimeError(f"{command.text} asked before a probe was answered")
        self._command = command
        self.echoed = False
        self._names = command.names()
        self._wants_prompt = bool(command.payload)
        self._info = []
        self._info_size = 0
        return command.text.encode("latin-1", "replace") + b"\r"

    def payload(self) -> bytes:
        """What to write after a Prompt event."""
        if self._command is None:
            raise RuntimeError("no command is pending")
        return (self._command.payload + CTRL_Z).encode("latin-1", "replace")

    def give_up(self) -> tuple[str, ...]:
        """Stop waiting for the pending command; returns the lines it has got. Its answer may yet come."""
        if self._command is not None:
            self._overdue.update(self._names)
        self._in_step = False
        return self._end().lines

    def trust(self) -> None:
        """Somebody who knows says that no late answer can come any more."""
        self._in_step = True

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes read; returns what they complete, in order."""
        self._lines.feed(data)
        heard: list[Event] = []
        self._heard = heard
        while True:
            if self._wants_prompt and not self._awaited and self._lines.take_prompt():
                self._prompted()
                continue
            line = self._lines.next_line()
            if line is None:
                return heard
            if isinstance(line, Overlong):
                heard.append(Surprise("", f"a line of {line.length} bytes was thrown away"))
            else:
                self._judge(line)

    def _prompted(self) -> None:
        assert self._command is not None
        self._wants_prompt = False
        self._heard.append(Prompt(self._command.text))

    def _judge(self, line: str) -> None:
        if self._ussd and self._continues_ussd(line):
            return
        if self._awaited and self._is_body(line):
            self._take_body(line)
        elif self._command is None:
            self._judge_unasked(line)
        else:
            self._judge_asked(line, self._command)

    # -- bodies

    def _is_body(self, line: str) -> bool:
        awaited = self._awaited[-1]
        if not awaited.pdu or _HEX.fullmatch(line):
            return True
        if line[0] in news.SIGNS or news.is_plain(line) or read_final(line):
            return False
        # Firmware returns stored PDUs with strange characters (gammu tests/at-sms-failing/17); they are kept. While an
        # answer is due, a body of news must be hexadecimal, or it would swallow that answer.
        return not awaited.name or self._command is None

    def _take_body(self, line: str) -> None:
        awaited = self._awaited.pop()
        if awaited.name:
            self._heard.append(News(awaited.name, awaited.value, line))
        else:
            self._inform(line)

    def _await_body(self, awaited: _Awaited) -> None:
        self._awaited.append(awaited)
        if len(self._awaited) > _MOST_BODIES:
            lost = self._awaited.pop(0)
            self._surprise(f"{lost.name}: {lost.value}", "its body never came")

    # -- lines while nothing is asked

    def _judge_unasked(self, line: str) -> None:
        name, value = news.name_and_value(line)
        if self._is_news(name, value, line):
            return
        if name in self._overdue:
            self._late(line)
            return
        if self._in_late_answer and read_final(line):
            self._close_late_answer()
        self._surprise(line, "nothing was asked")

    # -- lines while a command is pending

    def _judge_asked(self, line: str, command: Command) -> None:
        if line == command.text or line == command.payload:
            self.echoed = True
            return
        final = read_final(line, basic=command.is_basic(), dials=command.dials())
        if final is not None:
            self._final(final, line, command)
            return
        name, value = news.name_and_value(line)
        if name and name in self._names:
            self._judge_own(name, value, line, command)
        elif self._is_news(name, value, line):
            return
        elif self._in_late_answer or name in self._overdue:
            self._late(line)
        else:
            self._inform(line)

    def _judge_own(self, name: str, value: str, line: str, command: Command) -> None:
        if news.unasked_form(name, value, read=command.is_read(), answered=self._answered()):
            self._news(name, value)
            return
        self._in_late_answer = False
        self._inform(line)
        if name in _LISTINGS and value.rpartition(",")[2].strip() != "0":
            self._drop_reply_headers()
            self._await_body(_Awaited("", value, news.body_is_pdu(value)))

    def _inform(self, line: str) -> None:
        self._info_size += len(line)
        if self._info_size > LONGEST_REPLY:
            self._surprise(line[:80], "the reply is too long; its end was thrown away")
        else:
            self._info.append(line)

    def _final(self, final: Final, line: str, command: Command) -> None:
        if self._in_late_answer:
            self._close_late_answer()
            self._surprise(line, "it ends an answer that came too late", late=True)
            return
        if not self._in_step and not self._back_in_step() and not final.code:
            self._surprise(line, "the probe's own line has not come", late=True)
            return
        reply = self._end()
        self._heard.append(Refusal(command.text, final.code, line, reply.lines) if final.code else reply)

    def _back_in_step(self) -> bool:
        """True if the probe was answered by a line of its own name: everything that was owed before it has come."""
        if not self._answered():
            return False
        self._overdue.difference_update(self._names)
        self._in_step = True
        return True

    def _answered(self) -> bool:
        return any(news.name_and_value(line)[0] in self._names for line in self._info)

    def _end(self) -> Reply:
        text = self._command.text if self._command else ""
        reply = Reply(text, tuple(self._info))
        self._command = None
        self._names = ()
        self._wants_prompt = False
        self._info = []
        self._drop_reply_headers()
        return reply

    def _drop_reply_headers(self) -> None:
        if self._awaited:
            self._awaited = [awaited for awaited in self._awaited if awaited.name]

    # -- late answers and surprises

    def _late(self, line: str) -> None:
        self._in_late_answer = True
        self._surprise(line, "it answers a command that was given up", late=True)

    def _close_late_answer(self) -> None:
        self._in_late_answer = False
        self._overdue.clear()

    def _surprise(self, line: str, why: str, late: bool = False) -> None:
        self._heard.append(Surprise(line, why, late))

    # -- news

    def _is_news(self, name: str, value: str, line: str) -> bool:
        if name in news.NAMED:
            self._news(name, value)
            return True
        if news.is_plain(line):
            self._heard.append(News(line.upper()))
            return True
        return False

    def _news(self, name: str, value: str) -> None:
        if news.has_body(name, value):
            self._await_body(_Awaited(name, value, news.body_is_pdu(value)))
        elif name == "+CUSD" and '"' in value and not _USSD_END.search(value.partition('"')[2]):
            self._ussd = value
        else:
            self._heard.append(News(name, value))

    def _continues_ussd(self, line: str) -> bool:
        """A USSD menu may hold line ends inside its quotes; it ends with the closing quote and perhaps the coding."""
        broken_off = read_final(line) is not None or news.name_and_value(line)[0] in news.NAMED
        if not broken_off:
            self._ussd += "\n" + line
            if not _USSD_END.search(line) and len(self._ussd) < _LONGEST_USSD:
                return True
        self._heard.append(News("+CUSD", self._ussd))
        self._ussd = ""
        return not broken_off
