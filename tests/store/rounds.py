"""Claims and their outcomes with the least that a test of rows needs: no limits, texts in the order they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peewee import SqliteDatabase

from gateway.core.fairness import Fairness
from gateway.records import Message, OnUnknown, Outcome, OutgoingPart, Refused, Report, Word
from gateway.store import air, claiming, limits
from gateway.store.air import Verdict
from gateway.store.claims import Claim, Offer, Round, Want


def want(
    channel: str,
    sim: str,
    lanes: Sequence[str],
    number: str = "",
    goes_on_with: int | None = None,
    able: Iterable[str] = ("somebody",),
    *,
    whole: bool = False,
    free: bool = True,
) -> Want:
    """A channel that may take any text of these lanes; `able` are the channels that could, this one beside them."""
    offers = tuple(Offer(lane, free, "its turn", able=frozenset(able)) for lane in lanes)
    return Want(channel, sim, offers, number, goes_on_with, whole)


def follow(one: Want, message_id: int) -> Want:
    return Want(one.channel, one.sim, one.offers, one.number, message_id, one.whole)


def round_of(db: SqliteDatabase, wants: Sequence[Want], now: float) -> Round:
    return claiming.claim(db, wants, Fairness(lambda key_id: 1.0), limits.load(db), now)


def claim(db: SqliteDatabase, wants: Sequence[Want], now: float) -> list[Claim]:
    return list(round_of(db, wants, now).claims)


def record(db: SqliteDatabase, one: Claim, outcome: Outcome, verdict: Verdict | None, now: float) -> list[Message]:
    return air.record(db, one, outcome, verdict, limits.load(db), now)


def release(db: SqliteDatabase, one: Claim, now: float) -> None:
    air.release(db, one, limits.load(db), now)


def a_claim(outgoing: OutgoingPart, *, on_unknown: OnUnknown, tries: int = 0, avoid: str = "") -> Claim:
    """The claim of a single part over p0, as code that only judges it is handed one."""
    return Claim(
        "p0", "sim0", 1, ((outgoing.attempt_id, 1),), outgoing, on_unknown, tries, 0, avoid,
        first=True, left=1, lane="", pool="", key_id=0, priority=0, sticky=False, follows=False, step=1.0,
    )  # fmt: skip


ELSEWHERE = Refused(Word.ELSEWHERE, "dinstar:failed", "the box could not send it")


def report(channel: str, sim: str, reference: int, raw: str, to: str = "+491701234567") -> Report:
    return Report(channel, sim, raw, reference, to, 0)
