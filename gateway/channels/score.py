"""How fit a channel is, from 0 to 100, with the reasons, for a person. Decides nothing: texts go by standings. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.channels.health import BLAMED, UNKNOWN, Picture
from gateway.records import ChannelFacts

_FEW = 5  # attempts from which shares say something
_BLAMES_WEIGH = 60.0
_UNKNOWNS_WEIGH = 50.0
_REPORTS_EXPECTED = 0.9
_REPORTS_WEIGH = 60.0
_SLOW_S, _VERY_SLOW_S = 12.0, 30.0
# 27.007 clause 8.5: -113 dBm is the end of the scale; below -105 texts begin to fail.
_WEAK_DBM, _VERY_WEAK_DBM = -103, -109


@dataclass(frozen=True, slots=True)
class Score:
    points: int
    reasons: tuple[str, ...]  # what took points away, heaviest first; empty for a sound channel


def score(picture: Picture, facts: ChannelFacts, balance_low: bool, delivered: float | None) -> Score:
    """`delivered` is the share of its last texts that arrived, as far as reports tell."""
    found = [*_of_attempts(picture), *_of_air(facts), *_of_reports(delivered)]
    if balance_low:
        found.append((10.0, "the balance is low"))
    found.sort(key=lambda loss: -loss[0])
    return Score(max(0, round(100 - sum(points for points, _ in found))), tuple(reason for _, reason in found))


def _of_attempts(picture: Picture) -> list[tuple[float, str]]:
    found = []
    seen = len(picture.recent)
    blamed, unknown = picture.recent.count(BLAMED), picture.recent.count(UNKNOWN)
    if picture.blocks:
        why = f": {picture.said[-1]}" if picture.said else ""
        found.append((50.0, f"it was blocked, and has sent nothing since{why}"))
    if blamed:
        found.append((_BLAMES_WEIGH * blamed / max(seen, _FEW), f"{blamed} of the last {seen} attempts were refused and blame it"))
    if unknown:
        found.append((_UNKNOWNS_WEIGH * unknown / max(seen, _FEW), f"{unknown} of the last {seen} attempts were never answered"))
    if picture.seconds is not None and picture.seconds > _SLOW_S:
        points = 20.0 if picture.seconds > _VERY_SLOW_S else 10.0
        found.append((points, f"a text takes {picture.seconds:.0f} s"))
    return found


def _of_air(facts: ChannelFacts) -> list[tuple[float, str]]:
    found = []
    if facts.signal_dbm is not None and facts.signal_dbm < _WEAK_DBM:
        points = 25.0 if facts.signal_dbm < _VERY_WEAK_DBM else 10.0
        found.append((points, f"the signal is weak: {facts.signal_dbm} dBm"))
    if facts.registration in ("searching", "denied", "none"):
        found.append((50.0, f"it is not registered: {facts.registration}"))
    return found


def _of_reports(delivered: float | None) -> list[tuple[float, str]]:
    if delivered is None or delivered >= _REPORTS_EXPECTED:
        return []
    return [((_REPORTS_EXPECTED - delivered) * _REPORTS_WEIGH, f"only {delivered:.0%} of its last texts were reported delivered")]
