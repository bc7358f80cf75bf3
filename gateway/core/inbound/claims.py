"""Tells of an incoming text whom the rules name, in the commit that keeps it, and keeps what was decided. Posts nothing."""

from __future__ import annotations

from dataclasses import replace

from gateway.core import events
from gateway.core.inbound.match import AS_SUBSCRIBED, Decision
from gateway.records import Event, Message
from gateway.store import Database, forwards, inbound, smpp

_DAY_S = 86400.0


def tell(db: Database, message: Message, decision: Decision, now: float, *, smpp_open: bool = True) -> Message:
    """A job: queue what is told of a text that has just become whole. SMPP clients hear every text; that they do is enough where
    the rules leave a text to those who subscribed. The message as it is kept."""
    message = labelled(db, message, decision, now)
    told = queue(db, message, decision, now)
    heard = smpp.tell(db, message, now) and smpp_open
    message = replace(message, claimed=told > 0 or (heard and decision.taken and not decision.webhooks))
    if decision != AS_SUBSCRIBED or not message.claimed:
        inbound.decided(db, message)
    return message


def labelled(db: Database, message: Message, decision: Decision, now: float) -> Message:
    """The message with the rule that took it, and the extension that it is for."""
    extension = extension_of(db, message.from_, message.channel or "", decision, now)
    return replace(message, extension=extension, inbound=decision.rule)


def extension_of(db: Database, sender: str, channel: str, decision: Decision, now: float) -> str | None:
    found = None
    if decision.follow_days is not None and sender:
        found = inbound.wrote_last(db, sender, channel, now - decision.follow_days * _DAY_S)
    return found or decision.extension


def queue(db: Database, message: Message, decision: Decision, now: float) -> int:
    """A forward for each webhook that is to hear of it; how many."""
    if not decision.taken:
        return 0
    event = event_of(message, now)
    return forwards.enqueue_named(db, event, decision.webhooks) if decision.webhooks else forwards.enqueue(db, event)


def event_of(message: Message, now: float) -> Event:
    """That it was received: under one id however often it is told, so that whoever hears it twice knows."""
    event = events.of_message(message, now)
    assert event is not None, "incoming texts are received"
    return replace(event, id=f"evt_{message.id.removeprefix('msg_')}")
