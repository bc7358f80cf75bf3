"""The errors that cross package borders, and whom each one blames.

An error says what is wrong, where, and what the person who can mend it should do. It holds no behaviour beyond its words.
"""

from __future__ import annotations

import math
from typing import Literal


class SimrackError(Exception):
    """Base of every error this project raises on purpose."""


class BadValue(SimrackError):
    """A caller gave something impossible. `field` names it, `remedy` says what would be accepted."""

    def __init__(self, field: str, reason: str, remedy: str = "") -> None:
        super().__init__(f"{field}: {reason}" + (f" ({remedy})" if remedy else ""))
        self.field = field
        self.reason = reason
        self.remedy = remedy


class BadSetting(BadValue):
    """The configuration file holds an unknown key or an impossible value; `field` is the key's path in the file."""


class AgainstRule(BadValue):
    """The value is sound, but a rule that people made refuses it: a route, or the pattern of a pool."""


class NotFound(SimrackError):
    """The thing named does not exist. `field` is where the caller named it, if that was a field."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class Conflict(SimrackError):
    """The request contradicts what is already so (a key in use, a message that has left). `field` as of NotFound."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class IdempotencyMismatch(Conflict):
    """The same Idempotency-Key came with another body."""


class StorageFull(SimrackError):
    """The disk or the database refuses to take more. Nothing was accepted, nothing was lost."""


class QueueFull(StorageFull):
    """As many texts wait as the configuration allows. Nothing was accepted."""


class TooFast(SimrackError):
    """A key gives more texts in a second than it may. Nothing was accepted; `wait_s` seconds later it may go on."""

    def __init__(self, reason: str, wait_s: float) -> None:
        self.wait_s = max(math.ceil(wait_s), 1)
        super().__init__(f"{reason}; go on in {self.wait_s} s")


class AlreadyRunning(SimrackError):
    """Another gateway holds the same database or port."""


class LinkLost(SimrackError):
    """The port is gone or cannot be opened: unplugged, refused, or held by somebody else."""


class ModemSilent(SimrackError):
    """The modem did not answer a command in time."""


class ModemUnfit(SimrackError):
    """The modem answers but cannot serve: no SIM, a PIN it may not be given, no text service.

    `remedy` is for the person standing at the box.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} ({remedy})")
        self.reason = reason
        self.remedy = remedy


class UssdFailed(SimrackError):
    """A service code has no answer; `why` in one word for programs, `remedy` for whoever dialled it."""

    def __init__(self, why: Literal["busy", "not-ready", "refused", "timeout"], reason: str, remedy: str) -> None:
        super().__init__(f"{reason} ({remedy})")
        self.why = why
        self.reason = reason
        self.remedy = remedy
