"""What webhooks are told: turns what happened to a message, a channel, a SIM or a caller into an event. Posts nothing."""

from __future__ import annotations

from gateway.clock import isoformat, moment
from gateway.core.identifiers import new_id
from gateway.core.message_json import message_json
from gateway.records import Balance, ChannelFacts, Direction, Event, EventType, Message, Standing, Status
from gateway.store.sims import Change

_BY_STATUS = {
    Status.RECEIVED: EventType.MESSAGE_RECEIVED,
    Status.SENT: EventType.MESSAGE_SENT,
    Status.DELIVERED: EventType.MESSAGE_DELIVERED,
    Status.UNDELIVERED: EventType.MESSAGE_UNDELIVERED,
    Status.FAILED: EventType.MESSAGE_FAILED,
    Status.EXPIRED: EventType.MESSAGE_FAILED,
    Status.UNKNOWN: EventType.MESSAGE_UNKNOWN,
}


def type_of(message: Message) -> EventType | None:
    """The event that a message's present status makes; None for a status nobody is told of."""
    return _BY_STATUS.get(message.status)


def of_message(message: Message, now: float) -> Event | None:
    """The event for a message's present status; None for a status nobody is told of."""
    kind = type_of(message)
    if kind is None:
        return None
    other = message.from_ if message.direction is Direction.IN else message.to
    return Event(
        id=new_id("evt", now),
        type=kind,
        created_at=now,
        conversation=other,
        data=message_json(message),
        channel=message.channel or "",
    )


def of_channel(facts: ChannelFacts, now: float) -> Event:
    return Event(
        id=new_id("evt", now),
        type=EventType.CHANNEL_CHANGED,
        created_at=now,
        conversation=f"channel:{facts.name}",
        data={
            "channel": facts.name,
            "state": facts.state.value,
            "reason": facts.reason,
            "operator": facts.operator,
            "number": facts.number,
        },
        channel=facts.name,
    )


def of_standing(kind: EventType, facts: ChannelFacts, standing: Standing, now: float) -> Event:
    """channel.up, channel.down, channel.blocked or channel.limit, and why: by its standing, or because it is not ready."""
    return Event(
        id=new_id("evt", now),
        type=kind,
        created_at=now,
        conversation=f"channel:{facts.name}",
        data={
            "channel": facts.name,
            "sim": facts.sim,
            "state": facts.state.value,
            "traffic": standing.traffic.value,
            "reason": standing.reason or facts.reason,
            "until": moment(standing.until),
        },
        channel=facts.name,
    )


def of_balance(balance: Balance, warning: bool, now: float) -> Event:
    """`warning` once when it falls below the threshold; `low` as long as it is there."""
    return Event(
        id=new_id("evt", now),
        type=EventType.CHANNEL_BALANCE,
        created_at=now,
        conversation=f"channel:{balance.channel}",
        data={
            "channel": balance.channel,
            "sim": balance.sim,
            "amount": balance.amount,
            "text": balance.text,
            "low": balance.low,
            "warning": warning,
            "at": isoformat(balance.read_at),
        },
        channel=balance.channel,
    )


def of_call(channel: str, number: str, now: float) -> Event:
    """Callers who withhold their number cannot be told apart: their calls are one conversation of the channel."""
    return Event(
        id=new_id("evt", now),
        type=EventType.CALL_MISSED,
        created_at=now,
        conversation=number or f"channel:{channel}",
        data={"channel": channel, "number": number, "at": isoformat(now)},
        channel=channel,
    )


def of_sim(change: Change, now: float) -> Event:
    return Event(
        id=new_id("evt", now),
        type=EventType.SIM_CHANGED,
        created_at=now,
        conversation=f"sim:{change.sim}",
        data={
            "sim": change.sim,
            "channel": change.channel,
            "was": change.was,
            "kind": change.kind.value,
            "instead_of": change.instead_of,
        },
        channel=change.channel,
    )
