"""How long the driver waits for what. All in seconds, each with its reason; tests pass their own."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.modem.ladder import RUNGS, Rung


@dataclass(frozen=True, slots=True)
class Timing:
    wake: float = 1.0  # for OK to the first AT; a modem that sleeps or learns its speed loses one or two
    wakes: int = 10
    command: float = 5.0  # CSQ, CREG, CNMI … answer at once or not at all
    slow_command: float = 30.0  # CMGL and CMGD of a full SIM take up to 25 s, COPS while it searches
    soft: float = 1.0  # commands that some firmware executes without a final
    prompt: float = 10.0  # normally below 1 s
    send: float | None = None  # None: as long as the family's profile says
    quiet: float = 0.1  # the line counts as drained when nothing came for so long
    most_drains: int = 20  # notifications never end on some firmware: the drain does
    retry: float = 2.0  # between two probes of a modem that has fallen silent
    rungs: tuple[Rung, ...] = RUNGS  # what is done about a modem that stays silent, step by step
    ladder: float = 1.0  # a factor on all times of the ladder
    reset: float = 4.0  # between the OK to a reset and the moment it happens
    dtr: float = 1.0  # how long DTR stays low
    power: float = 30.0  # for the configured power command
    quarantine: float = 3600.0  # then a modem that nothing has helped is tried once more
    last_word: float = 20.0  # how long a stopping gateway waits for the outcome of what is on the air
    busy_pause: float = 1.0  # between tries while the SIM or the text storage is not ready yet
    busy_tries: int = 30
    error_tries: int = 5  # a plain ERROR may mean the same, or that it will never work
    glance: float = 1.0  # registration is asked at most so often, however much the modem says about it
    search: float = 5.0  # how often registration is asked while there is no network
    keep_again: float = 5.0  # a text that came unstored and could not be kept is tried again after this
    clip: float = 1.5  # the caller's number comes with the first ring, or a moment after it
    ring_gap: float = 8.0  # it rings every 5 or 6 s: a call that has not rung for so long is over
    doubled: float = 1.0  # the same answer to a service code within this time is the same answer
    menu: float = 30.0  # how long texts wait behind a menu that nobody answers
    presence: float = 0.5  # how often a parked port is looked at, whether somebody has plugged it in again
    connect: float = 10.0  # for a port behind TCP
