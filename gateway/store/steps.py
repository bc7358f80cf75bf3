"""The life of an outgoing message: which status may follow which, and what its parts add up to. Pure.

To change the life of a message, change `STEPS`; the store refuses every step that does not stand there.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.errors import SimrackError
from gateway.records import Status

STEPS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SENDING, Status.FAILED, Status.EXPIRED, Status.CANCELLED, Status.BLOCKED}),
    # sending -> failed: the network said "never" to this text; queueing it once more would only be a detour.
    Status.SENDING: frozenset({Status.SENT, Status.QUEUED, Status.UNKNOWN, Status.FAILED}),
    Status.UNKNOWN: frozenset({Status.SENT, Status.DELIVERED, Status.QUEUED, Status.FAILED}),
    Status.SENT: frozenset({Status.DELIVERED, Status.UNDELIVERED}),
    Status.DELIVERED: frozenset(),
    Status.UNDELIVERED: frozenset(),
    Status.FAILED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.BLOCKED: frozenset(),
    Status.RECEIVED: frozenset(),
}


class ForbiddenStep(SimrackError):
    """The program asked for a step that a message may not take: a fault of ours, never of the caller."""


def check(before: Status, after: Status) -> None:
    if after not in STEPS[before]:
        raise ForbiddenStep(f"a message that is {before} cannot become {after}")


def roll_up(parts: Collection[Status]) -> Status:
    """What a message is, from the statuses of its parts (all of them; never empty)."""
    for decisive in (Status.FAILED, Status.SENDING, Status.UNKNOWN, Status.QUEUED, Status.UNDELIVERED, Status.SENT):
        if decisive in parts:
            return decisive
    return Status.DELIVERED
