"""Which own number each channel has now, and which one a SIM has, whatever port it is in. PURE.

A number that the configuration gives to a port is meant for the SIM that was in this port when it was first read. When SIMs are
moved it goes with its SIM, until somebody changes the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.channels.rotation import Lane
from gateway.records import ChannelFacts, ChannelState, Message, MessageError, Status
from gateway.settings import Settings
from gateway.store import lanes


def configured_numbers(settings: Settings) -> dict[str, str]:
    """By channel, as written."""
    found = {modem.name: modem.number for modem in settings.modems if modem.number}
    for box in settings.dinstars:
        found.update({f"{box.name}.{port}": number for port, number in box.numbers.items()})
    return found


def numbers_now(facts: Iterable[ChannelFacts]) -> dict[str, str]:
    """By channel. Where a channel that is ready has a number, another that is not (its SIM was taken out) has it no longer."""
    known = list(facts)
    taken = {one.number for one in known if one.state is ChannelState.READY}
    return {one.name: one.number for one in known if one.number and (one.state is ChannelState.READY or one.number not in taken)}


def nowhere(lane: Lane | None) -> bool:
    """Are the numbers to which a lane is held nowhere now, or not where they were asked for?"""
    return lane is not None and bool(lanes.groups_of(lane.name)) and not lane.channels


def explained(message: Message, lane: Lane | None) -> Message:
    """The message, with the reason why it waits where no channel has the number it asked for."""
    if message.status is not Status.QUEUED or not nowhere(lane):
        return message
    numbers = " or ".join(lanes.numbers_of(message.lane))
    reason = f"no channel that it may leave by has the number {numbers} now"
    advice = "it leaves when a SIM with this number is back; GET /v1/sims"
    return replace(message, error=MessageError("number:nowhere", reason, advice))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a SIM. `port` is the channel for which its number was configured; empty if it told it itself."""

    number: str
    port: str
    channel: str  # where it is; empty when another one has been seen there since
    first_seen: float


Known = Mapping[str, Remembered]  # by SIM


def number_of(sim: str, channel: str, told: str, configured: str, known: Known) -> str:
    """The number of a SIM that is in a channel now. `told` is what it says itself, `configured` what is written for this port."""
    mine = _own(sim, channel, known)
    if configured and not _is_anothers(sim, channel, configured, known):
        return configured
    if mine is None:
        return told
    if mine.port and (mine.port != channel or configured):
        return mine.number
    return told or ("" if mine.port else mine.number)


def _own(sim: str, channel: str, known: Known) -> Remembered | None:
    """What is remembered of this SIM, if a number is. One that only took the place of another loses the number to that one, and
    what a SIM once said of itself counts less than that another has this number now."""
    mine = known.get(sim)
    if mine is None or not mine.number:
        return None
    others = [one for name, one in known.items() if name != sim and one.number == mine.number and one.channel]
    if mine.port:
        now = replace(mine, channel=channel)
        others = [one for one in others if one.port == mine.port and _age(one) < _age(now)]
    return None if others else mine


def usurpers(sim: str, known: Known) -> list[str]:
    """SIMs that only took the place of this one, and had its number as long as it was nowhere."""
    mine = known[sim]
    same = {name: one for name, one in known.items() if name != sim and (one.number, one.port) == (mine.number, mine.port)}
    return [name for name, one in same.items() if mine.number and mine.port and _age(mine) < _age(one)]


def _age(one: Remembered) -> tuple[bool, float]:
    """Of two SIMs with the number of one port, the one that is elsewhere had it before the one that is in its place now."""
    return one.channel == one.port, one.first_seen


def _is_anothers(sim: str, channel: str, configured: str, known: Known) -> bool:
    """It was written for another SIM, which is in another port now, or this one is known by a number of its own.

    A SIM of which nothing is known, in the place of one that is gone, is a new card for the same number.
    """
    mine = _own(sim, channel, known)
    if mine is not None and mine.number == configured:
        return False
    owners = [one for name, one in known.items() if name != sim and (one.number, one.port) == (configured, channel)]
    return bool(owners) and (mine is not None or any(one.channel not in ("", channel) for one in owners))
