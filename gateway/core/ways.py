"""By which lane a text leaves: the channel or pool that was asked for, else what the routes say, else its sender's; and always
among the channels that the rules of its key leave. A route that refuses is heard whatever was asked for. Queues nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.core.allowed import require_accepted
from gateway.core.keys.senders import Origins, origins
from gateway.core.lanes import PoolView
from gateway.core.pools import Pools
from gateway.core.routing.routes import RouteFacts, Routes
from gateway.core.sender_name import is_name
from gateway.errors import AgainstRule, BadValue
from gateway.numbers import recipient
from gateway.records import ChannelFacts, Key, SendRequest
from gateway.settings import Settings
from gateway.store import lanes

Facts = Callable[[], Sequence[ChannelFacts]]


@dataclass(frozen=True, slots=True)
class Way:
    lane: str
    sticky: str = ""
    route: str | None = None
    sender: str = ""  # the own number that was asked for, or that is the only one left


class Ways:
    def __init__(self, settings: Settings, facts: Facts, pools: Pools, routes: Routes) -> None:
        self._country = settings.numbers.country
        self._channels = frozenset(settings.channel_names)
        self._facts = facts
        self._pools = pools
        self._routes = routes

    def of(self, request: SendRequest, to: str, key: Key, now: float, prefix: str) -> Way:
        """The way to the number `to`. Raises BadValue, and AgainstRule, naming the field behind `prefix`."""
        may = self._origins(request, key, prefix)
        only = self._only_number(request, may)
        if only and may is not None and may.by_number:
            request = replace(request, from_=only)
        way = self._of(request, to, key, may, now, prefix)
        return replace(way, sender=only) if only else way

    def _origins(self, request: SendRequest, key: Key, prefix: str) -> Origins | None:
        if not key.rules.senders and not key.rules.extensions:
            return None
        return origins(key, request.extension, self._facts(), self._pools.expand, prefix)

    def _only_number(self, request: SendRequest, may: Origins | None) -> str:
        """Where rules leave one own number, that one is meant, unless the text asks for something itself."""
        asks = request.from_ or request.channel or request.pool
        if may is None or len(may.channels) > 1 or asks:
            return ""
        return next((facts.number for facts in self._facts() if facts.name in may.channels), "")

    def _of(self, request: SendRequest, to: str, key: Key, may: Origins | None, now: float, prefix: str) -> Way:
        facts = RouteFacts(to, request.from_, key.name, request.priority, request.campaign, request.send_at or now)
        chosen = self._routes.choose(facts)
        if chosen.refusal is not None:
            raise AgainstRule(f"{prefix}to", chosen.refusal, f"the route {chosen.route} refuses it")
        if request.pool is not None:
            return self._of_pool(request, request.pool, to, may, prefix)
        if request.channel is not None:
            channels, number = self._asked(request, request.channel, may, prefix)
            return Way(_held_to_numbers(self._pools.lane_of_set(channels), number, may), sender=number)
        if chosen.pool is not None:
            return replace(self._of_pool(request, chosen.pool, to, may, prefix), route=chosen.route)
        if request.from_ is not None:
            number = self._number_of(request, None, may, prefix)
            return Way(_held(lanes.ANY, number, may), sender=number)
        if may is None:
            return Way(lanes.ANY)
        return Way(_held(lanes.ANY, "", may) if may.by_number else self._pools.lane_of_set(may.channels))

    def _asked(self, request: SendRequest, written: str, may: Origins | None, prefix: str) -> tuple[tuple[str, ...], str]:
        """The channels that `written` names, one or those of a dial string, and the number that was asked for with it."""
        number, channels = "", (written,)
        if written in self._channels:
            if request.from_ is not None:
                number = self._number_of(request, None, may, prefix)
                if written not in self._channels_with(number):
                    reason = f"{request.from_!r} is not the number of {written}"
                    raise BadValue(f"{prefix}from", reason, "leave out one of them")
        else:
            if request.from_ is not None:
                raise BadValue(f"{prefix}from", "cannot be kept by several channels", "leave out one of them")
            channels = self._pools.dialled(written, f"{prefix}channel")
        if may is not None:
            may.require(channels, f"{prefix}channel", repr(written))
        return channels, number

    def _of_pool(self, request: SendRequest, pool: str, to: str, may: Origins | None, prefix: str) -> Way:
        views = {view.name: view for view in self._pools.find()}
        if pool not in views:
            raise BadValue(f"{prefix}pool", f"there is no pool {pool!r}", "GET /v1/pools lists them")
        view = views[pool]
        if view.accept:
            require_accepted(to, request.to, view, self._country, f"{prefix}to")
        if request.channel is not None:
            return self._of_asked_members(request, request.channel, view, to, may, prefix)
        lane, sticky = self._pools.lane_of(pool, to)
        if request.from_ is not None:
            number = self._number_of(request, view, may, prefix)
            return Way(_held(lane, number, may), sender=number)
        if may is None:
            return Way(lane, sticky)
        some = may.among(view.members)
        if not some:
            raise may.refusal(f"{prefix}{'from' if request.pool is None else 'pool'}", f"the pool {pool}")
        if may.by_number:
            return Way(_held(lane, "", may), sticky)
        return Way(lane, sticky) if len(some) == len(view.members) else Way(*self._pools.lane_of_members(pool, some))

    def _of_asked_members(
        self, request: SendRequest, written: str, pool: PoolView, to: str, may: Origins | None, prefix: str
    ) -> Way:
        """By the channels that were asked for beside a pool: its limits hold, and where there are several, its strategy."""
        channels, number = self._asked(request, written, may, prefix)
        for channel in channels:
            if channel not in pool.members:
                remedy = f"leave out one of them; GET /v1/pools/{pool.name} shows its channels"
                raise BadValue(f"{prefix}channel", f"{channel!r} is no channel of the pool {pool.name}", remedy)
        if len(channels) == 1:
            lane, sticky = lanes.of_asked_member(pool.name, channels[0]), ""
        elif len(channels) == len(pool.members):
            lane, sticky = self._pools.lane_of(pool.name, to)
        else:
            lane, sticky = self._pools.lane_of_members(pool.name, [one for one in pool.members if one in channels])
        return Way(_held_to_numbers(lane, number, may), sticky, sender=number)

    def _number_of(self, request: SendRequest, pool: PoolView | None, may: Origins | None, prefix: str) -> str:
        """The number that was asked for; a channel has it, of the pool, if there is one."""
        field = f"{prefix}from"
        if is_name(request.from_ or ""):
            remedy = "leave it out, or give an own number; POST /v1/messages/preview shows how a name would look elsewhere"
            raise BadValue(field, f"{request.from_!r} is a name, and a SIM always sends from its own number", remedy)
        number = recipient(request.from_ or "", self._country, field)
        found = self._channels_with(number)
        if not found:
            raise BadValue(field, f"no channel has the number {number}", "GET /v1/channels shows their numbers")
        if may is not None and not may.among(found):
            raise may.refusal(field, number)
        if not any((pool is None or name in pool.members) and (may is None or name in may.channels) for name in found):
            where = f"no channel of the pool {pool.name}" if pool is not None else "no channel"
            raise BadValue(field, f"{where} has the number {number}", "GET /v1/pools shows its channels")
        return number

    def _channels_with(self, number: str) -> list[str]:
        return [facts.name for facts in self._facts() if facts.number == number]


def _held(lane: str, number: str, may: Origins | None) -> str:
    """The lane of texts that leave from this number, if there is one, and from nothing that the rules do not allow."""
    groups: list[tuple[str, ...]] = [(number,)] if number else []
    groups += [group for group in may.groups if number not in group] if may is not None else []
    return lanes.held(lane, groups) if groups else lane


def _held_to_numbers(lane: str, number: str, may: Origins | None) -> str:
    """As `_held`, for a lane of channels of which the rules were asked already: those of them that are numbers may move."""
    return _held(lane, number, may if may is not None and may.by_number else None)
