"""The picture of one SIM: what became of its last texts, and what to do about it. Pure: outcomes in, a verdict out.

Runs end with a success, and only with one. What a recipient or the network is to blame for never counts against a SIM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from gateway.records import Outcome, Refused, Sent, Traffic, Word

REMEMBERED = 50
REST_FIRST_S = 5.0
REST_LONGEST_S = 300.0
BLAMES_TO_BLOCK = 3
UNKNOWNS_TO_REST = 2
UNKNOWNS_TO_BLOCK = 5
UNKNOWN_REST_S = 30.0
# Nobody is to blame, but a network that puts off so many texts is left alone for a moment.
LATERS_TO_REST = 8
LATER_REST_S = 15.0
BLOCK_FIRST_S = 30 * 60.0
BLOCK_LONGEST_S = 24 * 3600.0
_NEWEST_COUNTS = 0.2  # of the moving average
_MOST_DOUBLINGS = 16
_WORDS_KEPT = 200

SENT, UNKNOWN, BLAMED = "s", "u", "c"
_LETTERS = {Word.CHANNEL: BLAMED, Word.ELSEWHERE: "e", Word.LATER: "l", Word.NEVER: "n"}
_NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}


@dataclass(frozen=True, slots=True)
class Picture:
    recent: str = ""  # one letter for each of the last attempts, newest last
    blamed: int = 0  # refusals since the last success that blamed the SIM
    unknowns: int = 0  # outcomes since the last success that nobody told
    laters: int = 0  # refusals since the last success that the network asked to repeat
    blocks: int = 0  # how often it was blocked since the last success
    seconds: float | None = None  # a text takes, on a moving average
    said: tuple[str, ...] = ()  # what the last refusals that blamed it said, newest last


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with the SIM now: go on (open), rest or block it for `seconds`, and why, for a person."""

    traffic: Traffic = Traffic.OPEN
    seconds: float = 0.0
    reason: str = ""


GO_ON = Verdict()


def after(picture: Picture, outcome: Outcome, seconds: float) -> Picture:
    """One more attempt ended; it took `seconds`."""
    seen = during_block(picture, outcome, seconds)
    if isinstance(outcome, Sent):
        return seen
    if not isinstance(outcome, Refused):
        unknowns = seen.unknowns + 1
        return replace(seen, unknowns=unknowns, blocks=seen.blocks + (unknowns >= UNKNOWNS_TO_BLOCK))
    if outcome.word is Word.CHANNEL:
        blamed = seen.blamed + 1
        said = (*seen.said, _said(outcome))[-BLAMES_TO_BLOCK:]
        # One that is tried again after a block is blocked again by the first refusal.
        return replace(seen, blamed=blamed, said=said, blocks=seen.blocks + (blamed >= BLAMES_TO_BLOCK or seen.blocks > 0))
    return replace(seen, laters=seen.laters + (outcome.word is Word.LATER))


def during_block(picture: Picture, outcome: Outcome, seconds: float) -> Picture:
    """What was on the air already when the SIM was blocked ended: seen, but no reason to block it for longer."""
    recent = (picture.recent + letter(outcome))[-REMEMBERED:]
    if not isinstance(outcome, Sent):
        return replace(picture, recent=recent)
    average = seconds if picture.seconds is None else picture.seconds + _NEWEST_COUNTS * (seconds - picture.seconds)
    return Picture(recent, seconds=average)


def verdict(picture: Picture) -> Verdict:
    """What the newest attempt means for the SIM."""
    newest = picture.recent[-1:]
    if newest == BLAMED:
        if picture.blocks:
            return Verdict(Traffic.BLOCKED, block_s(picture.blocks), _blames(picture))
        return Verdict(Traffic.RESTING, doubled(REST_FIRST_S, picture.blamed - 1), picture.said[-1])
    if newest == UNKNOWN:
        if picture.unknowns >= UNKNOWNS_TO_BLOCK:
            why = f"{_number(picture.unknowns)} texts in a row were never answered; see its antenna, its signal and its credit"
            return Verdict(Traffic.BLOCKED, block_s(picture.blocks), why)
        if picture.unknowns >= UNKNOWNS_TO_REST:
            pause = doubled(UNKNOWN_REST_S, picture.unknowns - UNKNOWNS_TO_REST)
            return Verdict(Traffic.RESTING, pause, f"{picture.unknowns} texts in a row were never answered")
    if newest == _LETTERS[Word.LATER] and picture.laters % LATERS_TO_REST == 0:
        return Verdict(Traffic.RESTING, LATER_REST_S, f"the network put off {picture.laters} texts in a row")
    return GO_ON


def forgiven(picture: Picture) -> Picture:
    """A person says that whatever was wrong has been seen to: the runs begin anew."""
    return Picture(picture.recent, seconds=picture.seconds)


def letter(outcome: Outcome) -> str:
    if isinstance(outcome, Sent):
        return SENT
    return _LETTERS[outcome.word] if isinstance(outcome, Refused) else UNKNOWN


def doubled(first: float, times: int) -> float:
    return min(first * 2.0 ** min(times, _MOST_DOUBLINGS), REST_LONGEST_S)


def block_s(blocks: int) -> float:
    """How long the so-many-th block since the last success lasts."""
    return min(BLOCK_FIRST_S * 2.0 ** min(blocks - 1, _MOST_DOUBLINGS), BLOCK_LONGEST_S)


def as_plain(picture: Picture) -> dict[str, object]:
    """For JSON."""
    return {field.name: getattr(picture, field.name) for field in fields(picture)}


def from_plain(plain: Mapping[str, object]) -> Picture:
    """Of another version it takes what it knows; what is no picture at all becomes an empty one."""
    try:
        average = plain.get("seconds")
        said = plain.get("said", [])
        return Picture(
            recent=str(plain.get("recent", ""))[-REMEMBERED:],
            blamed=int(str(plain.get("blamed", 0))),
            unknowns=int(str(plain.get("unknowns", 0))),
            laters=int(str(plain.get("laters", 0))),
            blocks=int(str(plain.get("blocks", 0))),
            seconds=None if average is None else float(str(average)),
            said=tuple(str(one) for one in said) if isinstance(said, list) else (),
        )
    except ValueError:
        return Picture()


def _blames(picture: Picture) -> str:
    """As "three refusals in a row blamed this SIM: CMS 310 no SIM; last: CMS 313 SIM failure"."""
    first, last = picture.said[0], picture.said[-1]
    if picture.blocks > 1:
        return f"tried again after a block, and refused again: {last}"
    more = "" if all(one == first for one in picture.said) else f"; last: {last}"
    return f"{_number(picture.blamed)} refusals in a row blamed this SIM: {first}{more}"


def _said(refused: Refused) -> str:
    family, _, number = refused.code.partition(":")
    code = f"{family.upper()} {number}" if number.isdigit() else refused.code
    return f"{code} {refused.reason}{f' ({refused.advice})' if refused.advice else ''}"[:_WORDS_KEPT]


def _number(count: int) -> str:
    return _NUMBERS.get(count, str(count))
