"""A stage for stories about forwarding: a real store, the real loop, a clock moved by hand, PBXs that answer as told."""

from __future__ import annotations

import asyncio
import functools
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, ParamSpec

from gateway.clock import Clock, ManualClock
from gateway.core.forwarding import Forwarding
from gateway.core.forwarding.addresses import Reach
from gateway.core.forwarding.posting import Reply
from gateway.core.identifiers import new_id
from gateway.core.webhooks import Webhooks
from gateway.records import Event, EventType, Forward, ForwardState, Webhook
from gateway.settings import ForwardingSettings, StoreSettings
from gateway.store import Store, forwards

P = ParamSpec("P")


def story(told: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test that lives on an event loop."""

    @functools.wraps(told)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(told(*args, **kwargs))

    return test


class Stage:
    """`async with Stage(tmp_path) as stage:` opens the store and starts forwarding; `restart` ends it and begins anew."""

    def __init__(
        self,
        folder: Path,
        clock: Clock | None = None,
        settings: ForwardingSettings | None = None,
        reach: Reach | None = None,
        trust: ssl.SSLContext | None = None,
        reply: Reply | None = None,
        callback_secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._reply = reply
        self._callback_secrets = callback_secrets
        self.clock = clock or ManualClock()
        self._folder = folder
        self._settings = settings or ForwardingSettings()
        self._reach = reach or Reach((("127.0.0.1", 8080),))
        self._trust = trust

    async def __aenter__(self) -> Stage:
        self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    async def restart(
        self, meanwhile: Callable[[], Awaitable[None]] | None = None, settings: ForwardingSettings | None = None
    ) -> None:
        await self._close()
        self._settings = settings or self._settings
        if meanwhile is not None:
            await meanwhile()
        self._open()
        await self._looked()

    def hook(self, url: str, events: tuple[str, ...] = ("*",), channels: tuple[str, ...] = (), **form: Any) -> Webhook:
        webhook, self.secret = self.webhooks.add(url, events, channels, **form)
        return webhook

    async def happens(self, kind: EventType, data: Mapping[str, object], conversation: str = "alice") -> str:
        """Anything: the event's id."""
        now = self.clock.now()
        event = Event(new_id("evt", now), kind, now, conversation, data, str(data.get("channel", "")))
        await self.store.writer.arun(lambda db: forwards.enqueue(db, event))
        self.forwarding.wake()
        return event.id

    async def tell(self, text: str, conversation: str = "alice", channel: str = "p0") -> str:
        """Something was received: the event's id."""
        return (await self.tell_all((text, conversation), channel=channel))[0]

    async def tell_all(self, *texts: tuple[str, str], channel: str = "p0") -> list[str]:
        """(text, conversation) in one commit: the events' ids."""
        now = self.clock.now()
        events = [
            Event(new_id("evt", now), EventType.MESSAGE_RECEIVED, now, conversation, {"text": text}, channel)
            for text, conversation in texts
        ]
        await self.store.writer.arun(lambda db: [forwards.enqueue(db, event) for event in events])
        self.forwarding.wake()
        return [event.id for event in events]

    def later(self, seconds: float) -> None:
        """Time passes."""
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(seconds)
        self.forwarding.wake()

    def jump(self, seconds: float) -> None:
        """The wall clock jumps, and no time passes."""
        assert isinstance(self.clock, ManualClock)
        self.clock.jump(seconds)
        self.forwarding.wake()

    def rows(self, webhook: Webhook, state: ForwardState | None = None) -> list[Forward]:
        """Oldest first."""
        return list(reversed(self.webhooks.deliveries(webhook.id, state, limit=1000).forwards))

    async def recorded(self, webhook: Webhook, *states: str, tries: int | None = None) -> list[Forward]:
        """Wait until the rows are in these states; `tries` of the oldest row may be asked for too."""

        def there() -> bool:
            rows = self.rows(webhook)
            return [row.state.value for row in rows] == list(states) and tries in (None, rows[0].tries)

        await self.until(there)
        return self.rows(webhook)

    async def until(self, there: Callable[[], bool], within: float = 30.0) -> None:
        deadline = time.monotonic() + within
        while not there():
            assert time.monotonic() < deadline, "it did not come to that in time"
            await asyncio.sleep(0.002)

    async def idle(self) -> None:
        """Let everything that can happen now happen: the loop has looked at the rows and posts nothing."""
        await self._looked()
        await self.until(lambda: self.forwarding.in_the_air == 0)

    async def _looked(self) -> None:
        """Give the loop a few turns, so that it has looked at the rows."""
        self.forwarding.wake()
        for _ in range(20):
            await asyncio.sleep(0)

    def _open(self) -> None:
        self.store = Store.open(StoreSettings(path=str(self._folder / "simrack.db"), reserve_mb=0), self.clock, serving=True)
        self.forwarding = Forwarding(
            self.store,
            self._settings,
            self.clock,
            reach=self._reach,
            chance=random.Random(1),
            trust=self._trust,
            reply=self._reply,
            callback_secrets=self._callback_secrets,
        )
        loop = asyncio.get_running_loop()
        self.webhooks = Webhooks(self.store, self.clock, lambda: loop.call_soon_threadsafe(self.forwarding.wake))
        self._running = asyncio.create_task(self.forwarding.run())

    async def _close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self.store.close()
