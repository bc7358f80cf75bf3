"""The Asterisk Manager Interface as octets: actions out, greeting and replies in. PURE: opens no connection, waits for nothing.

Source: docs.asterisk.org, "AMI v2 Specification" and the pages of Challenge, Login, MessageSend, UserEvent, Ping and Logoff.
Asterisk reads a line into 1,024 octets and throws longer ones away; no line here is longer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.pbx.request import NotPosted

LONGEST_LINE = 1024  # with its CR LF
_LONGEST_GREETING = 256
_LONGEST_BLOCK = 256 * 1024
# Answers that speak of what the user of manager.conf may do, or of how Asterisk is built: no other text would fare better.
_OF_THE_WHOLE = ("permission denied", "authentication", "message technology not found", "invalid/unknown command")


class NotAmi(Exception):
    """Whoever answers there is no Asterisk manager."""


@dataclass(frozen=True, slots=True)
class Action:
    """`id` is its ActionID; `about` tells a person whom it is for."""

    id: str
    octets: bytes
    about: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply says. `whole`: it is no fault of this text."""

    fault: str = ""
    whole: bool = False


def action(name: str, id: str, *fields: tuple[str, str], about: str = "") -> Action:
    """Whatever a value holds, it stays on its line. Raises NotPosted for a line that Asterisk would not read."""
    lines = [f"{key}: {_one_line(value)}".encode() + b"\r\n" for key, value in (("Action", name), ("ActionID", id), *fields)]
    for line in lines:
        if len(line) > LONGEST_LINE:
            key = line.partition(b":")[0].decode()
            raise NotPosted(f"{key} comes to {len(line)} octets, and Asterisk reads {LONGEST_LINE}; shorten the option behind it")
    return Action(id, b"".join(lines) + b"\r\n", about)


def mark(actions: Sequence[Action]) -> str:
    """Tells that exactly these were done, in this order."""
    return hashlib.sha256(b"".join(one.octets for one in actions)).hexdigest()[:16]


def rest(actions: tuple[Action, ...], done: str | None) -> tuple[Action, ...]:
    """What is still to be done after what `done` marks: all, if that was about others, say for another destination."""
    taken = (number for number in range(1, len(actions)) if done == mark(actions[:number]))
    return actions[next(taken, 0) :]


def challenge() -> Action:
    return action("Challenge", "challenge", ("AuthType", "MD5"))


def login(user: str, secret: str, challenged: str) -> Action:
    """With the answer to a challenge; without one (`challenged` is empty) in clear. Events are not wanted."""
    known = (("Username", user), ("Events", "off"))
    if not challenged:
        return action("Login", "login", *known, ("Secret", secret))
    key = hashlib.md5((challenged + secret).encode(), usedforsecurity=False).hexdigest()
    return action("Login", "login", ("AuthType", "MD5"), *known, ("Key", key))


def logoff() -> Action:
    return action("Logoff", "logoff")


def succeeded(reply: Mapping[str, str]) -> bool:
    return reply.get("response", "").lower() in ("success", "pong")  # Pong: of versions before 1.6


def words_of(reply: Mapping[str, str]) -> str:
    return " ".join(reply.get("message", "").split())[:200] or f"Response: {reply.get('response', '')[:40]}"


def verdict(reply: Mapping[str, str], about: str) -> Verdict:
    if succeeded(reply):
        return Verdict()
    said = words_of(reply)
    if said.lower().startswith(_OF_THE_WHOLE):
        remedy = "look at the permissions (write) of the user in manager.conf, and at the option destination"
        return Verdict(f"Asterisk answered {said!r}: {remedy}", whole=True)
    return Verdict(f"Asterisk answered {said!r} for {about}: no phone of it is registered now, or there is no such endpoint")


class Replies:
    """Octets as they come, cut anywhere, to the greeting and whole replies; events are left out."""

    def __init__(self) -> None:
        self.greeting: str | None = None
        self._unread = b""
        self._block: dict[str, str] = {}
        self._octets = 0

    def feed(self, octets: bytes) -> list[dict[str, str]]:
        """The replies that are complete now; names of fields in lower case. Raises NotAmi."""
        *lines, self._unread = (self._unread + octets).split(b"\n")
        if self.greeting is None and len(lines[0] if lines else self._unread) > _LONGEST_GREETING:
            raise NotAmi("it greets with something long")
        found: list[dict[str, str]] = []
        for line in lines:
            self._take(line.rstrip(b"\r"), found)
        if self._octets + len(self._unread) > _LONGEST_BLOCK:
            raise NotAmi("it says something that does not end")
        return found

    def _take(self, line: bytes, found: list[dict[str, str]]) -> None:
        text = line.decode(errors="replace")
        if self.greeting is None:
            if "Call Manager" not in text:
                raise NotAmi(f"it greets with {text[:80]!r}")
            self.greeting = text
        elif text:
            name, _, value = text.partition(":")
            self._block.setdefault(name.strip().lower(), value.strip())
            self._octets += len(line)
        else:
            if "response" in self._block:
                found.append(self._block)
            self._block, self._octets = {}, 0


def _one_line(value: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in value)
