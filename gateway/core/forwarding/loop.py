"""When what is posted: reads due rows and keeps a few postings in the air. Speaks no HTTP and judges no answer itself."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpcore

from gateway.clock import Clock
from gateway.core.forwarding import delays
from gateway.core.forwarding.addresses import Reach
from gateway.core.forwarding.ami import AmiWire
from gateway.core.forwarding.dialling import Forbidden, Surroundings, Unreachable
from gateway.core.forwarding.judge import Judge, Trouble
from gateway.core.forwarding.line import CHUNK, Line
from gateway.core.forwarding.results import Results
from gateway.core.forwarding.wire import Wire
from gateway.pbx.formats import format_of, hook
from gateway.pbx.request import AmiRequest, AsBox, Format, Heard, Hook, HttpRequest, NotPosted
from gateway.records import EventType, Forward
from gateway.settings import ForwardingSettings
from gateway.store import Store, forwards, webhooks
from gateway.store.webhooks import Target

log = logging.getLogger("simrack.forwarding")

PER_WEBHOOK = 8
OVERALL = 32
# Another process (the command line) may change webhooks or queue a test, and cannot wake us.
_LOOK_EVERY_S = 5.0
_RESTART_AFTER_S = 5.0
# Connections to a receiver of callbacks are kept so long after the last of them.
RECEIVER_KEPT_S = 60.0

# (what was posted, the texts its receiver wants sent back)
Reply = Callable[[Forward, Sequence[str]], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Share:
    """Room in the air and threads that resolve names: webhooks that people made have theirs, and receivers that requests named have
    theirs, so that no client can use up what a PBX needs."""

    surroundings: Surroundings
    in_the_air: int = 0  # postings, or workers about to end


@dataclass(slots=True, eq=False)
class _Served:
    line: Line
    share: _Share
    wire: Wire
    ami: AmiWire
    used_at: float  # monotonic
    workers: set[asyncio.Task[None]] = field(default_factory=set)


class Forwarding:
    """All methods run on the event loop that runs `run`."""

    def __init__(
        self,
        store: Store,
        settings: ForwardingSettings,
        clock: Clock,
        *,
        reach: Reach,
        country: str = "DE",
        callback_secrets: Mapping[str, str] | None = None,
        as_box: AsBox | None = None,
        reply: Reply | None = None,
        chance: random.Random | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`reach` is where webhooks may point. `country` is whose national numbers webhooks may ask for. `reply`
        sends texts that an answer asks for. `callback_secrets` sign callbacks, by their format. `as_box` is who pushes of a
        Dinstar box come from. `trust` replaces the system's certificate authorities."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._country = country
        self._callback_secrets = callback_secrets or {}
        self._as_box = as_box
        self._reply = reply
        self._trust = trust
        self._of_webhooks, self._of_callbacks = (
            _Share(Surroundings(settings.timeout_s, reach, self._context, ThreadPoolExecutor(4, thread_name_prefix=threads)))
            for threads in ("webhook-names", "callback-names")
        )
        self._served: dict[int, _Served] = {}
        self._retired: list[_Served] = []
        self._results = Results(store)
        self._news = asyncio.Event()
        self._judge = Judge(store, self._results, settings, clock, chance or random.Random(), self.wake)

    @property
    def in_the_air(self) -> int:
        return self._of_webhooks.in_the_air + self._of_callbacks.in_the_air

    @property
    def accepted_total(self) -> int:
        return self._judge.accepted_total

    @property
    def failed_total(self) -> int:
        """Postings that were not accepted and are tried again."""
        return self._judge.failed_total

    def wake(self) -> None:
        """Something was enqueued, or a webhook was changed, and is committed."""
        self._news.set()

    async def run(self) -> None:
        """Post until cancelled. What is on its way then is posted again after the next start, under its old event id."""
        try:
            while True:
                try:
                    await self._serve()
                except Exception:
                    log.exception("forwarding stumbled; it goes on in %g s", _RESTART_AFTER_S)
                    await asyncio.sleep(_RESTART_AFTER_S)
        finally:
            await self._stop()

    async def _serve(self) -> None:
        while True:
            self._news.clear()
            self._look()
            await self._close_retired()
            if self._news.is_set():
                await asyncio.sleep(0)  # more rows to read; the loop has others to serve between
                continue
            alarm = asyncio.get_running_loop().call_later(self._pause_before_next_look(), self._news.set)
            await self._news.wait()
            alarm.cancel()

    async def _stop(self) -> None:
        self._retired += self._served.values()
        self._served.clear()
        workers = [worker for served in self._retired for worker in served.workers]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await self._close_retired()
        self._results.hand_over()
        for share in (self._of_webhooks, self._of_callbacks):
            share.surroundings.resolver.shutdown(wait=False, cancel_futures=True)

    # Looking: rows into lines, lines to workers.

    def _look(self) -> None:
        now = self._clock.monotonic()
        self._judge.watch_clock()
        kept = [row_id for row_id, served in self._served.items() if now - served.used_at < RECEIVER_KEPT_S]
        self._match_lines(self._store.read(lambda db: webhooks.targets(db, kept)), now)
        for served in self._served.values():
            served.line.wake(now)
            self._read_rows(served.line, now)
            self._staff(served, now)

    def _match_lines(self, targets: list[Target], now: float) -> None:
        wanted = {target.row_id for target in targets}
        for row_id in [row_id for row_id, served in self._served.items() if served.line.stopped or row_id not in wanted]:
            self._retire(row_id)
        for target in targets:
            served = self._served.get(target.row_id)
            if served is None:
                share = self._of_callbacks if target.webhook.callback else self._of_webhooks
                wires = Wire(share.surroundings), AmiWire(share.surroundings)
                self._served[target.row_id] = _Served(Line(target), share, *wires, now)
            elif served.line.target != target:
                served.line.mended(target)

    def _retire(self, row_id: int) -> None:
        served = self._served.pop(row_id)
        served.line.stopped = True
        self._retired.append(served)

    async def _close_retired(self) -> None:
        for served in [served for served in self._retired if not served.workers]:
            self._retired.remove(served)
            await served.wire.close()
            await served.ami.close()

    def _read_rows(self, line: Line, now: float) -> None:
        row_id, room = line.target.row_id, line.room
        if room:
            rows = self._store.read(lambda db: forwards.pending(db, row_id, line.horizon, room))
            line.more = len(rows) == room
            line.take_in(rows, self._sleepers(rows, now))
        else:
            line.more = True  # perhaps; it is read when there is room
        conversation = line.hungry()
        if conversation is not None:
            name, after, upto = conversation.name, conversation.upto, line.horizon
            line.feed(self._store.read(lambda db: forwards.pending_in(db, row_id, name, after, upto, CHUNK)))
        if line.wants_rows:
            self._news.set()

    def _sleepers(self, rows: list[Forward], now: float) -> dict[int, float]:
        """Rows that failed before this run. Their `next_at` is wall time: it is believed only up to the longest back-off."""
        wall, first = self._clock.now(), self._settings.first_retry_s
        return {
            row.id: now + min(row.next_at - wall, delays.longest_backoff(row.tries, first))
            for row in rows
            if row.tries and row.next_at > wall
        }

    def _staff(self, served: _Served, now: float) -> None:
        line = served.line
        free = min(PER_WEBHOOK - len(served.workers), line.may_take(now))
        for _ in range(free):
            # One posting is always allowed: webhooks that answer slowly must not use up the others' share.
            if served.share.in_the_air >= OVERALL and served.workers:
                return
            worker = asyncio.create_task(self._work(served))
            served.workers.add(worker)
            served.used_at = now
            served.share.in_the_air += 1
            worker.add_done_callback(lambda task: self._dismiss(served, task))

    def _dismiss(self, served: _Served, worker: asyncio.Task[None]) -> None:
        served.workers.discard(worker)
        if served.share.in_the_air >= OVERALL or served.line.stopped:
            self._news.set()  # somebody waits for this place, or for the line to end
        served.share.in_the_air -= 1

    def _pause_before_next_look(self) -> float:
        now = self._clock.monotonic()
        changes = [served.line.next_change(now) for served in self._served.values()]
        return min([_LOOK_EVERY_S, *(change - now for change in changes if change is not None)])

    # Working: one row after the other.

    async def _work(self, served: _Served) -> None:
        """Post what may be posted now, until there is no more."""
        line = served.line
        while (row := line.take(self._clock.monotonic())) is not None:
            try:
                await self._post(served, row)
            except Exception:
                # The row moves into the future first, so that it cannot stop the others.
                self._judge.put_off(line, row, Trouble(None, "it could not be posted; the log says why"))
                log.exception("posting event %s to webhook %s failed", row.event_id, row.webhook)
            if line.wants_rows:
                self._news.set()

    async def _post(self, served: _Served, row: Forward) -> None:
        target, line = served.line.target, served.line
        webhook, format = target.webhook, format_of(target.webhook.format)
        known = self._hook(target, row)
        try:
            request = format.compose(row.event, known, self._clock.now())
            if request is None:  # its webhook changed after it was queued
                raise NotPosted(f"{webhook.format} cannot express {row.event_type.value}")
            if isinstance(request, AmiRequest):
                verdict = await served.ami.post(request, row.handed, lambda mark: self._handed(line, row, mark))
                await self._judge.answered_by_asterisk(line, row, verdict)
            else:
                await self._post_to_web(served, row, format, known, request)
        except NotPosted as fault:
            self._judge.bury(line, row, Trouble(None, f"never posted: {fault}"))
        except Unreachable as fault:
            await self._judge.webhook_is_down(line, row, Trouble(None, str(fault)))
        except Forbidden as fault:
            self._judge.bury(line, row, Trouble(None, f"never called: {fault}"))

    def _handed(self, line: Line, row: Forward, mark: str) -> None:
        line.handed(row, mark)
        self._results.add(forwards.Handed(row.id, mark))

    async def _post_to_web(self, served: _Served, row: Forward, format: Format, known: Hook, request: HttpRequest) -> None:
        answer = await served.wire.post(request)
        heard = format.hear(known, answer.body.decode(errors="replace")) if answer.accepts else Heard()
        if heard.replies and self._reply is not None and row.event_type is EventType.MESSAGE_RECEIVED:
            # Before the acceptance: what is posted again after a crash is answered again, and sent once.
            await self._reply(row, heard.replies)
        await self._judge.answered(served.line, row, answer, heard.fault)

    def _hook(self, target: Target, row: Forward) -> Hook:
        webhook, secret, options = target.webhook, target.secret, target.webhook.options
        if webhook.callback:  # signed as the door is that it came through, if its clients know a secret
            secret = self._callback_secrets.get(webhook.format, "")
            options = {**options, "signing": format_of(webhook.format).signings[0] if secret else "none"}
        return hook(webhook.id, row.url or webhook.url, secret, webhook.format, options, self._country, self._as_box)

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = httpcore.default_ssl_context()  # the system's authorities and certifi's
        return self._trust
