"""One row to one receiver: composes the request, hands it to the right wire, and lets the judge say what the answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.core.forwarding.ami import AmiWire
from gateway.core.forwarding.dialling import Forbidden, Unreachable
from gateway.core.forwarding.judge import Judge, Trouble
from gateway.core.forwarding.line import Line
from gateway.core.forwarding.results import Results
from gateway.core.forwarding.wire import Wire
from gateway.pbx.formats import format_of, hook
from gateway.pbx.request import AmiRequest, AsBox, Format, Heard, Hook, HttpRequest, NotPosted
from gateway.records import EventType, Forward
from gateway.store import forwards
from gateway.store.webhooks import Target

# (what was posted, the texts its receiver wants sent back)
Reply = Callable[[Forward, Sequence[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wires:
    web: Wire
    ami: AmiWire

    async def close(self) -> None:
        await self.web.close()
        await self.ami.close()


class Posting:
    def __init__(
        self,
        judge: Judge,
        results: Results,
        clock: Clock,
        country: str,
        callback_secrets: Mapping[str, str],
        as_box: AsBox | None,
        reply: Reply | None,
    ) -> None:
        self._judge = judge
        self._results = results
        self._clock = clock
        self._country = country
        self._callback_secrets = callback_secrets
        self._as_box = as_box
        self._reply = reply

    async def post(self, line: Line, wires: Wires, row: Forward) -> None:
        webhook, format = line.target.webhook, format_of(line.target.webhook.format)
        known = self._hook(line.target, row)
        try:
            request = format.compose(row.event, known, self._clock.now())
            if request is None:  # its webhook changed after it was queued
                raise NotPosted(f"{webhook.format} cannot express {row.event_type.value}")
            if isinstance(request, AmiRequest):
                await self._hand_to_asterisk(line, wires.ami, row, request)
            else:
                await self._post_to_web(line, wires.web, row, format, known, request)
        except NotPosted as fault:
            self._judge.bury(line, row, Trouble(None, f"never posted: {fault}"))
        except Unreachable as fault:
            line.heard = False
            await self._judge.webhook_is_down(line, row, Trouble(None, str(fault)))
        except Forbidden as fault:
            self._judge.bury(line, row, Trouble(None, f"never called: {fault}"))

    async def _hand_to_asterisk(self, line: Line, wire: AmiWire, row: Forward, request: AmiRequest) -> None:
        def took(mark: str) -> None:
            line.handed(row, mark)
            self._results.add(forwards.Handed(row.id, mark))

        verdict = await wire.post(request, row.handed, took)
        line.heard = True
        await self._judge.answered_by_asterisk(line, row, verdict)

    async def _post_to_web(self, line: Line, wire: Wire, row: Forward, format: Format, known: Hook, request: HttpRequest) -> None:
        answer = await wire.post(request)
        line.heard = True
        heard = format.hear(known, answer.body.decode(errors="replace")) if answer.accepts else Heard()
        if heard.replies and self._reply is not None and row.event_type is EventType.MESSAGE_RECEIVED:
            # Before the acceptance: what is posted again after a crash is answered again, and sent once.
            await self._reply(row, heard.replies)
        await self._judge.answered(line, row, answer, heard.fault)

    def _hook(self, target: Target, row: Forward) -> Hook:
        webhook, secret, options = target.webhook, target.secret, target.webhook.options
        if webhook.callback:  # signed as the door is that it came through, if its clients know a secret
            secret = self._callback_secrets.get(webhook.format, "")
            options = {**options, "signing": format_of(webhook.format).signings[0] if secret else "none"}
        return hook(webhook.id, row.url or webhook.url, secret, webhook.format, options, self._country, self._as_box)
