"""What webhooks are told: turns a change of a message or a channel into an event. Posts nothing."""

from __future__ import annotations

from gateway.core.identifiers import new_id
from gateway.core.message_json import message_json
from gateway.records import ChannelFacts, Direction, Event, EventType, Message, Status

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
