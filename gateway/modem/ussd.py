"""Service codes (*100#) over one prepared modem: one conversation at a time, and no text while it lasts.

The answer comes as a notification, before or after the OK of its command, once or twice, or never. Forms and meanings of
the text stand in `ussd_text`; which form a family wants is data of its profile (3GPP TS 27.007 clause 7.15).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from gateway.at import replies
from gateway.at.events import News, Refusal
from gateway.errors import LinkLost, SimrackError, UssdFailed
from gateway.modem.exchange import NoAnswer
from gateway.modem.profiles import Profile, UssdWay
from gateway.modem.session import Session
from gateway.modem.timing import Timing
from gateway.modem.ussd_text import Form, decode, encode
from gateway.records import UssdReply

log = logging.getLogger("simrack.modem")

_DONE, _OPEN, _ENDED, _ELSEWHERE, _UNSUPPORTED, _TIMED_OUT = range(6)
_LATER = "try again later"
_WHY = {
    _ENDED: "the network ended the conversation without a word",
    _ELSEWHERE: "another program has answered",
    _UNSUPPORTED: "the network, or the modem, does not support this code",
}


class _NotThisWay(Exception):
    """The modem did not take the code in this form."""


class Ussd:
    def __init__(self, channel: str, session: Session, profile: Profile, model: str, timing: Timing) -> None:
        self._channel = channel
        self._session = session
        self._timing = timing
        self._ways = [way for way in profile.ussd if way.fits(model)]
        self._loop = asyncio.get_running_loop()
        self._conversation: asyncio.Task[UssdReply] | None = None
        self._answer: asyncio.Future[replies.Ussd] | None = None
        self._heard_at = 0.0
        self._menu: asyncio.TimerHandle | None = None  # running while the network waits for an answer
        self._closing: asyncio.Task[None] | None = None

    async def dial(self, code: str, timeout_s: float) -> UssdReply:
        """See the contract. Who stops waiting does not stop the conversation: it ends in order by itself."""
        if self._conversation is not None:
            raise UssdFailed("busy", "another service code is under way on this SIM", _LATER)
        self._conversation = asyncio.create_task(self._converse(code, self._loop.time() + timeout_s))
        self._conversation.add_done_callback(self._over)
        try:
            return await asyncio.shield(self._conversation)
        except (NoAnswer, LinkLost) as fault:
            raise UssdFailed("not-ready", str(fault), _LATER) from fault

    def hear(self, news: News) -> None:
        """+CUSD, asked for or not."""
        heard = replies.ussd(news.value)
        if heard is None:
            log.debug("%s: unreadable: +CUSD: %s", self._channel, news.value)
            return
        self._heard_at = self._loop.time()
        if self._answer is not None:
            if heard.action != _DONE or heard.text:
                _settle(self._answer, heard)
            else:  # words may follow at once
                self._loop.call_later(self._timing.soft, _settle, self._answer, heard)
            return
        if heard.action != _OPEN:
            self._menu_is_over()
        if heard.text:
            log.info("%s: the network says unasked: %s", self._channel, decode(heard.text, heard.coding))

    def give_up(self, fault: SimrackError) -> None:
        """The modem is lost, silent, or prepared anew: nobody will answer."""
        self._menu_is_over()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(fault)

    # -- one conversation

    def _over(self, conversation: asyncio.Task[UssdReply]) -> None:
        self._conversation = None
        _seen(conversation)

    async def _converse(self, code: str, by: float) -> UssdReply:
        self._session.hold_sends()
        kept_open = False
        try:
            await self._end_menu_before(code)
            reply = await self._by_any_way(code, by)
            kept_open = reply.open
            return reply
        finally:
            if kept_open:
                self._menu = self._loop.call_later(self._timing.menu, self._close_menu)
            else:
                self._session.release_sends()

    async def _by_any_way(self, code: str, by: float) -> UssdReply:
        """In the form the family wants; when that is refused, in the next. The one that works is kept."""
        typed = [(way, text) for way in self._ways if (text := encode(code, Form(way.form))) is not None]
        if not typed:
            raise UssdFailed("refused", "this code cannot be dialled", "use digits, *, # and plain letters")
        refusal = ""
        for way, text in typed:
            try:
                reply = await self._by(way, text, by)
            except _NotThisWay as fault:
                refusal = str(fault)
                continue
            self._ways.sort(key=lambda one: one is not way)
            return reply
        raise UssdFailed("refused", refusal, "check the code, and that this SIM is registered")

    async def _by(self, way: UssdWay, text: str, by: float) -> UssdReply:
        try:
            for command in way.before:
                await self._session.ask_by(command, by)
            return self._reply(await self._ask(f'AT+CUSD=1,"{text}"{way.coding}', by))
        except TimeoutError:
            raise UssdFailed("busy", "the line is busy with a text", _LATER) from None
        finally:
            self._answer = None
            for command in way.after:
                await self._session.ask_softly(command)

    async def _ask(self, command: str, by: float) -> replies.Ussd:
        """The answer may come before the OK; some firmware then never says OK."""
        await asyncio.sleep(self._heard_at + self._timing.doubled - self._loop.time())  # what comes twice comes at once
        answer: asyncio.Future[replies.Ussd] = self._loop.create_future()
        self._answer = answer
        answer.add_done_callback(_seen)
        enough = self._loop.create_task(self._session.stop_waiting_after(command, answer))
        try:
            final = await self._session.ask_by(command, by)
        finally:
            enough.cancel()
        if isinstance(final, Refusal) and not answer.done():
            raise _NotThisWay(f"the modem refuses the code: {final.text}")
        try:
            async with asyncio.timeout_at(by):
                return await answer
        except TimeoutError:
            await self._cancel()
            raise UssdFailed("timeout", "the network has not answered in time", _LATER) from None

    def _reply(self, heard: replies.Ussd) -> UssdReply:
        if heard.action == _UNSUPPORTED:
            raise _NotThisWay(_WHY[_UNSUPPORTED])
        if heard.action == _TIMED_OUT:
            raise UssdFailed("timeout", "the network gave up waiting", _LATER)
        if heard.action not in (_DONE, _OPEN) and not heard.text:
            raise UssdFailed("refused", _WHY.get(heard.action, f"the network says {heard.action}"), "check the code")
        return UssdReply(decode(heard.text, heard.coding), heard.action == _OPEN, heard.text)

    # -- menus

    async def _end_menu_before(self, code: str) -> None:
        """A menu is answered by what is not a service code itself; a new code ends it first."""
        if self._menu is not None:
            self._menu.cancel()
            self._menu = None
            if code.startswith(("*", "#")) and code.endswith("#"):
                await self._cancel()

    def _close_menu(self) -> None:
        self._menu = None
        log.info("%s: nobody answered the menu of a service code; it is closed", self._channel)
        self._closing = asyncio.create_task(self._close())

    async def _close(self) -> None:
        with contextlib.suppress(NoAnswer, LinkLost):  # whoever asks next notices it too
            await self._cancel()
        if self._conversation is None:
            self._session.release_sends()

    def _menu_is_over(self) -> None:
        if self._menu is not None:
            self._menu.cancel()
            self._menu = None
            self._session.release_sends()

    async def _cancel(self) -> None:
        """Some firmware answers it with an error when there is nothing left to end."""
        await self._session.ask_softly("AT+CUSD=2")


def _settle(answer: asyncio.Future[replies.Ussd], heard: replies.Ussd) -> None:
    if not answer.done():
        answer.set_result(heard)


def _seen(done: asyncio.Future[Any]) -> None:
    """Whoever waits gets the fault; if nobody does any more, that is none."""
    if not done.cancelled():
        done.exception()
