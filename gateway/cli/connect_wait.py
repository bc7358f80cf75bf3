"""Waiting for the first text each way after `simrack connect`, and saying what came. Reads the database, changes nothing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import click

from gateway.records import Direction, EventType, ForwardState, Message, Status
from gateway.store import smpp
from gateway.store.messages import MessageFilter

if TYPE_CHECKING:
    from gateway.core.connecting import Connection
    from gateway.guides.recipe import Recipe
    from gateway.store import Store

_LOOK_EVERY_S = 0.25
_UNDER_WAY = (Status.QUEUED, Status.SENDING)
_MOST = 100
RECEIVED = EventType.MESSAGE_RECEIVED


def wait(store: Store, recipe: Recipe, connection: Connection, began: float, seconds: float, aside: bool) -> bool:
    """Whether a text left and, where there is a way for them, an incoming one was accepted there. Ctrl-C ends it early.

    `aside` prints on standard error.
    """
    watches: list[_Outgoing | _Incoming] = [_Outgoing(store, recipe, connection, began)]
    incoming = recipe.smpp or connection.webhook is not None
    if incoming:
        watches.append(_Incoming(store, recipe, connection, began))
    ways = "each way" if incoming else f"from {recipe.title}"
    click.echo(f"\nWaiting up to {seconds:g} s for the first text {ways}; Ctrl-C ends it, and what was made stays.", err=aside)
    started, pause = time.monotonic(), threading.Event()
    try:
        while not all(watch.done for watch in watches):
            if time.monotonic() - started > seconds:
                break
            for watch in watches:
                for line in watch.look():
                    click.echo(f"  {time.monotonic() - started:5.1f} s  {line}", err=aside)
            pause.wait(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        click.echo("", err=aside)
    missing = [watch.missing for watch in watches if not watch.done]
    for line in missing:
        click.echo(line, err=aside)
    return not missing


class _Outgoing:
    """The first text that this key sends."""

    def __init__(self, store: Store, recipe: Recipe, connection: Connection, began: float) -> None:
        self._store, self._recipe = store, recipe
        self._wanted = MessageFilter(direction=Direction.OUT, key_id=connection.key.id, since=began)
        self._id = ""
        self._told: Status | None = None
        self.done = False

    @property
    def missing(self) -> str:
        if self._id:
            return f"The text {self._id} is {self._told} still: simrack channels, and simrack messages show {self._id}"
        refused = "a client that may not in is in the log of simrack"
        return f"No text came from {self._recipe.title}. Compare address and key, and the firewall; {refused}."

    def look(self) -> list[str]:
        message = self._store.messages.get(self._id) if self._id else _first(self._store, self._wanted)
        if message is None or message.status is self._told:
            return []
        first, self._id, self._told = not self._id, message.id, message.status
        self.done = message.status not in _UNDER_WAY
        about = f"from {self._recipe.title}: {message.id} to {message.to}: " if first else f"{message.id}: "
        return [about + _became(message)]


class _Incoming:
    """The first text that a phone sends to one of our SIMs, until the system has it."""

    def __init__(self, store: Store, recipe: Recipe, connection: Connection, began: float) -> None:
        self._store, self._recipe, self._connection, self._began = store, recipe, connection, began
        self._id = ""
        self._tries: int | None = None  # of the posting, once there is one
        self.done = False

    @property
    def missing(self) -> str:
        if self._id and self._tries is None:
            why = "the webhook is off, or an inbound rule says otherwise: simrack inbound explain"
            return f"It is not for {self._recipe.title}: {why}"
        if self._id:
            return f"{self._recipe.title} did not take it yet; it is tried again by itself."
        return "No text came from a phone. Text the number of one of the SIMs: simrack channels shows them."

    def look(self) -> list[str]:
        lines = []
        if not self._id:
            message = _first(self._store, MessageFilter(direction=Direction.IN, since=self._began))
            if message is None:
                return []
            self._id = message.id
            lines.append(f"from a phone: {message.from_} to {message.to or message.channel}: {message.text!r}")
        lines += self._bound() if self._recipe.smpp else self._posted()
        return lines

    def _bound(self) -> list[str]:
        """What a bind acknowledged waits no more."""
        key = self._connection.key.id
        waiting = self._store.read(lambda db: smpp.waiting(db, key, (), _MOST))
        self._tries = 0
        self.done = all(one.message != self._id for one in waiting)
        return [f"{self._recipe.title} acknowledged it"] if self.done else []

    def _posted(self) -> list[str]:
        assert self._connection.webhook is not None
        forwards = self._store.forwards.of(self._connection.webhook.id, limit=_MOST).forwards
        found = next((one for one in forwards if one.event_type is RECEIVED and one.data.get("id") == self._id), None)
        if found is None or found.tries == (self._tries or 0):
            self._tries = self._tries if found is None else found.tries
            return []
        self._tries = found.tries
        if found.state is ForwardState.ACCEPTED:
            self.done = True
            return [f"{self._recipe.title} took it{f' (HTTP {found.last_status})' if found.last_status else ''}"]
        again = "is tried again" if found.state is ForwardState.PENDING else "was given up"
        return [f"{self._recipe.title} did not take it: {found.last_error}; it {again}"]


def _first(store: Store, wanted: MessageFilter) -> Message | None:
    found = store.messages.find(wanted, None, _MOST).messages
    return found[-1] if found else None


def _became(message: Message) -> str:
    why = f": {message.error.reason}" if message.error else ""
    by = f" by {message.channel} ({message.from_})" if message.channel and message.status is not Status.QUEUED else ""
    return f"{message.status.value}{by}{why}"
