"""Plays a conversation to a Dialogue in many ways: whole, byte by byte, and cut at places a seed chooses.

A conversation is a list of steps: a Command is asked, bytes are fed, PAYLOAD is typed at the prompt, GIVE_UP gives up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from gateway.at.command import Command
from gateway.at.dialogue import Dialogue
from gateway.at.events import Event

PAYLOAD = "payload"
GIVE_UP = "give up"
Step = Command | bytes | str
Cut = Callable[[bytes], list[bytes]]


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def cut_by(seed: int) -> Cut:
    chance = random.Random(seed)

    def cut(data: bytes) -> list[bytes]:
        places = sorted(chance.sample(range(1, len(data)), min(len(data) - 1, chance.randint(0, 6)))) if len(data) > 1 else []
        return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]

    return cut


EVERY_WAY: tuple[Cut, ...] = (whole, byte_by_byte, *(cut_by(seed) for seed in range(20)))


def heard(*steps: Step) -> list[Event]:
    """The events of the conversation, which must be the same in every way it is cut."""
    first = _heard(steps, whole)
    for cut in EVERY_WAY[1:]:
        assert _heard(steps, cut) == first
    return first


def _heard(steps: Sequence[Step], cut: Cut) -> list[Event]:
    dialogue = Dialogue()
    events: list[Event] = []
    for step in steps:
        if isinstance(step, Command):
            dialogue.ask(step)
        elif isinstance(step, bytes):
            for piece in cut(step):
                events += dialogue.feed(piece)
        elif step == PAYLOAD:
            dialogue.payload()
        else:
            dialogue.give_up()
    return events
