"""What becomes of a message whose part did not go out: when it is tried again, where, and when it is given up. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection

from gateway.records import MessageError, OnUnknown, Refused, Status, Unknown, Word
from gateway.settings import SendingSettings
from gateway.store.air import Verdict
from gateway.store.claims import Claim

# A message is sent again once after an unknown outcome (promise 3).
MOST_RESENDS = 1

_RETRY_JITTER = 0.2


def settle_at(on_unknown: OnUnknown, settings: SendingSettings, now: float) -> float | None:
    """When waiting for a late answer or a report ends; None waits for a report or a person."""
    return now + settings.unknown_wait_s if on_unknown is OnUnknown.RESEND else None


def after_unknown(outcome: Unknown, claim: Claim, settings: SendingSettings, now: float) -> Verdict:
    advice = {
        OnUnknown.RESEND: "it is sent again after a wait, unless a report comes first",
        OnUnknown.HOLD: "it is held until a report comes or a person settles it",
    }[claim.on_unknown]
    error = MessageError("unknown", outcome.reason, advice)
    return Verdict(Status.UNKNOWN, error, settle_at=settle_at(claim.on_unknown, settings, now))


def after_refusal(
    outcome: Refused, claim: Claim, others: Collection[str], settings: SendingSettings, now: float, chance: random.Random
) -> Verdict:
    """`others` are the channels that could send this message now, besides the one that refused it."""
    error = MessageError(outcome.code, outcome.reason, outcome.advice)
    if outcome.word is Word.NEVER:
        return Verdict(Status.FAILED, error)
    if outcome.word in (Word.ELSEWHERE, Word.CHANNEL) and not _begun_and_held(claim):
        avoid = f"{claim.avoid or ','}{claim.channel},"
        if any(f",{other}," not in avoid for other in others):
            return Verdict(Status.QUEUED, error, due_at=now, avoid=avoid, restart=True, counts=False)
    # A channel that needs rest or a person is no reason to give a message up: it waits until it expires.
    counts = outcome.word is not Word.CHANNEL
    if counts and claim.tries + 1 >= settings.retry_tries:
        return Verdict(Status.FAILED, error)
    return Verdict(Status.QUEUED, error, due_at=now + _pause(claim.tries, settings, chance), counts=counts)


def _begun_and_held(claim: Claim) -> bool:
    """Another channel would have to send the parts that went already once more, and this message must not be doubled."""
    concat = claim.outgoing.part.concat
    return claim.on_unknown is OnUnknown.HOLD and concat is not None and concat.number > 1


def longest_pause(settings: SendingSettings) -> float:
    return settings.retry_longest_s * (1 + _RETRY_JITTER)


def _pause(tries: int, settings: SendingSettings, chance: random.Random) -> float:
    """Twice as long each time, up to a bound, with jitter so that what failed together does not come back together."""
    pause = min(settings.retry_first_s * 2 ** min(tries, 16), settings.retry_longest_s)
    return pause * (1 + _RETRY_JITTER * chance.random())
