"""A channel as clients see it: its facts, its standing, its health. Looks things up, and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from gateway.clock import isoformat, moment
from gateway.records import Balance, ChannelFacts, Standing, Word
from gateway.store import standings
from gateway.web.doors import Doors


def channels_json(doors: Doors) -> list[dict[str, object]]:
    balances, pools = doors.store.balances.all(), _pools_of(doors)
    return [_channel_json(doors, facts, balances, pools) for facts in doors.channels()]


def channel_json(doors: Doors, facts: ChannelFacts) -> dict[str, object]:
    return _channel_json(doors, facts, doors.store.balances.all(), _pools_of(doors))


def balance_json(balance: Balance | None) -> dict[str, object] | None:
    if balance is None:
        return None
    return {"amount": balance.amount, "text": balance.text, "low": balance.low, "read_at": isoformat(balance.read_at)}


def traffic_json(standing: Standing) -> dict[str, object]:
    until = moment(standing.until)
    return {"state": standing.traffic.value, "reason": standing.reason, "until": until}


def _channel_json(
    doors: Doors, facts: ChannelFacts, balances: Mapping[str, Balance], pools: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    balance = balances.get(facts.sim)
    return {
        **asdict(facts),
        "state": facts.state.value,
        "recoveries": dict(facts.recoveries),
        "sim": facts.sim,
        "balance": balance_json(balance),
        "traffic": traffic_json(doors.fitness.shown(facts.name, facts.sim)),
        "health": _health_json(doors, facts, balance is not None and balance.low),
        "pools": list(pools.get(facts.name, ())),
        "left_today": doors.left_today(facts.sim),
    }


def _health_json(doors: Doors, facts: ChannelFacts, balance_low: bool) -> dict[str, object]:
    now = doors.clock.now()
    history = doors.store.read(lambda db: standings.history(db, facts.sim, now))
    score = doors.fitness.score(facts, balance_low, history.delivered)
    seconds = doors.fitness.picture(facts.sim).seconds
    return {
        "score": score.points,
        "reasons": list(score.reasons),
        "sent": history.sent,
        "refused": {word.value: history.refused.get(word.value, 0) for word in Word},
        "unknown": history.unknown,
        "delivered": None if history.delivered is None else round(history.delivered, 4),
        "seconds_per_text": None if seconds is None else round(seconds, 2),
    }


def _pools_of(doors: Doors) -> dict[str, list[str]]:
    """The names of the pools of each channel."""
    found: dict[str, list[str]] = {}
    for pool in doors.pools.find():
        for channel in pool.members:
            found.setdefault(channel, []).append(pool.name)
    return found
