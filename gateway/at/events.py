"""What a modem can be heard to say. Events are facts: frozen, and equal however the bytes were cut on their way.

Who asked, and what to do about an event, is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """The command was answered and accepted. `lines` holds its information lines, bodies after their headers."""

    command: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The command was answered with an error. `code`: `cms:21`, `cme:10`, `error`, `unsupported`; `text`: the line."""

    command: str
    code: str
    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for the payload of `command`."""

    command: str


@dataclass(frozen=True, slots=True)
class News:
    """The modem speaks unasked: `+CMTI` with its value, `RING`, or a two-line notification with its body."""

    name: str
    value: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Surprise:
    """A line nobody waits for: a late answer, an overlong line, noise. `why` is for the log."""

    line: str
    why: str
    late: bool = False


Event = Reply | Refusal | Prompt | News | Surprise
