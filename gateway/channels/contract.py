"""What a channel is to everything above it: something that can send a part, tell its facts, and live until it dies.

A modem port fulfils it, and a port of a network box. The contract knows no hardware.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from gateway.records import ChannelFacts, IncomingPart, Outcome, OutgoingPart, Refused, Report, Unanswered, UssdReply

KeepPart = Callable[[IncomingPart], Awaitable[None]]
KeepReport = Callable[[Report], Awaitable[None]]
FactsChanged = Callable[[ChannelFacts], None]
Called = Callable[[str, str], None]  # (channel, number): a call rang and was not taken; the number is empty when withheld
# A channel that can ask what became of a text after it was called unknown tells it here.
AnsweredLate = Callable[[int, int], None]  # (attempt, reference): it went
RefusedLate = Callable[[int, Refused], None]  # (attempt, why): it certainly did not go
AskUnanswered = Callable[[Sequence[str]], Awaitable[Sequence[Unanswered]]]  # of these channels, newest last
KnownCentre = Callable[[str], str]  # (SIM as in ChannelFacts.sim): the service centre it is known to use, or empty

OwnNumber = Callable[[str, str, str], str]  # (SIM, channel, what the SIM says itself): its own number, or empty


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def facts(self) -> ChannelFacts: ...

    @property
    def depth(self) -> int:
        """How many texts it may be given at once: 1 for a modem; a box is given the next one while it sends the first."""

    @property
    def whole(self) -> bool:
        """It is given texts whole, in one `OutgoingPart` without a concatenation element, and splits them itself."""

    async def run(self) -> None:
        """Open, prepare, serve. Returns only by raising: LinkLost and ModemSilent are tried again, ModemUnfit parks the channel."""

    async def roused(self) -> None:
        """While `run` is not running: returns when it is worth running again before a long pause is over.

        Its port has been plugged in again, or `unpark` was called.
        """

    def unpark(self) -> None:
        """A person says that whatever parked the channel has been seen to."""

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        """Put one part on the air. `begun` is called at the last moment before the payload leaves us.

        Never raises for anything the air or the modem does: the three outcomes say it. An outcome of Refused means
        the network certainly did not take it; if `begun` was not called, the payload certainly never left.
        """

    async def ussd(self, code: str, timeout_s: float) -> UssdReply:
        """Dial a service code, or answer an open menu, and wait for the network's words.

        `timeout_s` covers everything, the wait for the line too. Raises UssdFailed, and nothing else for anything the air or
        the modem does. A menu that nobody answers is closed by the channel, since texts may wait behind it.
        """
