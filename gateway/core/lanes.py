"""The lanes of the queue and who serves them: pools as configured or changed made `Lane`s for rotation. Pure.

Texts of a pool that looks for the cheapest channel wait in several lanes, one for each order in which its tariffs can stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.channels.rotation import Lane, Order, Strategy, Tiers, strategy
from gateway.settings import TariffSettings
from gateway.store import lanes


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool as it is now. `origin` says where it comes from: configuration, changed (from it), or created."""

    name: str
    channels: tuple[str, ...]  # entries as written
    tiers: tuple[tuple[str, ...], ...]  # the channels of each entry, each named once
    strategy: str = "rotate"
    weights: Mapping[str, float] = field(default_factory=dict)
    accept: str = ""
    hint: str = ""
    origin: str = "configuration"

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(name for tier in self.tiers for name in tier)

    @property
    def choices(self) -> dict[str, int]:
        """The number of each channel's choice where they are in order; of the cheapest, who knows no recipient knows none."""
        in_order = strategy(self.strategy).tiers is Tiers.FAILOVER
        return {name: number for number, tier in enumerate(self.tiers) for name in tier} if in_order else {}

    @property
    def turns(self) -> dict[str, float]:
        """Texts of each channel in a round, where the channels of a choice take turns."""
        order = strategy(self.strategy).order
        if order not in (Order.ROTATE, Order.WEIGHTED):
            return {}
        return {name: self.weights.get(name, 1.0) if order is Order.WEIGHTED else 1.0 for name in self.members}


_CHANNEL_ASKED = "this channel was asked for"
Tariffs = Mapping[str, TariffSettings | None]  # by channel


def build(channels: Sequence[str], pools: Sequence[PoolView], tariffs: Tariffs) -> dict[str, Lane]:
    """Every lane by its name, but for those of sets that clients name."""
    any_channel = Strategy(Order.NEXT_FREE)
    found = [Lane(lanes.ANY, (tuple(channels),), any_channel)]
    found += [Lane(lanes.of_channel(name), ((name,),), any_channel, because=_CHANNEL_ASKED, own=name) for name in channels]
    for pool in pools:
        found += [*_of_pool(pool, tariffs), *(_of_member(lanes.of_member(pool.name, channel), channel) for channel in pool.members)]
    return {lane.name: lane for lane in found}


def of_set(channels: tuple[str, ...]) -> Lane:
    """The lane of a dial string: the channels in strict turn."""
    return Lane(lanes.of_set(channels), (channels,), Strategy(Order.ROTATE))


def of_numbers(name: str, base: Lane, channels: Sequence[str], numbers: Mapping[str, str]) -> Lane:
    """The lane `base` without the channels that have none of the numbers to which `name` is held: now, by channel.

    A SIM that was moved out of its pool is followed; a channel that was asked for is not left for another.
    """

    def admitted(tier: Sequence[str]) -> tuple[str, ...]:
        return tuple(one for one in tier if lanes.admits(name, one, numbers.get(one, "")))

    tiers = tuple(left for tier in base.tiers if (left := admitted(tier)))
    if not tiers:
        follows = lanes.pool_of(name) and not (lanes.channel_of(name) or lanes.members_of(name))
        tiers = (admitted(channels) if follows else (),)
    if base.own:
        return replace(base, name=name, tiers=tiers, own="".join(tiers[0]))
    if not lanes.is_bound(name):
        how = Strategy(Order.ROTATE) if base.name == lanes.ANY else base.strategy
        return Lane(name, tiers, how, base.weights)
    own = tiers[0][0] if len(tiers) == len(tiers[0]) == 1 else ""
    return Lane(name, tiers, Strategy(Order.NEXT_FREE), because="its number was asked for", own=own)


def of_former(name: str, pool: PoolView, tariffs: Tariffs) -> Lane:
    """A lane in which texts wait that this pool made before it was changed: they leave by the pool as it is now."""
    if channel := lanes.channel_of(name):
        return _of_member(name, channel)
    if channels := lanes.members_of(name):
        return _of_members(name, channels, pool, tariffs)
    how = strategy(pool.strategy)
    tiers = {
        Tiers.FAILOVER: tuple(tier for tier in pool.tiers if tier),
        Tiers.CHEAPEST: tuple(channels for _, channels in _by_price(pool, "+", tariffs)),
        None: (pool.members,),
    }[how.tiers]
    return Lane(name, tiers, how, pool.weights)


def lane_of(pool: PoolView, to: str, tariffs: Tariffs) -> str:
    """The lane in which texts of this pool to this recipient wait."""
    if strategy(pool.strategy).tiers is not Tiers.CHEAPEST:
        return lanes.of_pool(pool.name)
    return lanes.of_pool(pool.name, _kind(_by_price(pool, to, tariffs)))


def _of_pool(pool: PoolView, tariffs: Tariffs) -> list[Lane]:
    how = strategy(pool.strategy)
    if how.tiers is Tiers.FAILOVER:
        return [Lane(lanes.of_pool(pool.name), tuple(tier for tier in pool.tiers if tier), how, pool.weights)]
    if how.tiers is None:
        return [Lane(lanes.of_pool(pool.name), (pool.members,), how, pool.weights)]
    prefixes = {prefix for name in pool.members if (tariff := tariffs.get(name)) is not None for prefix in tariff.prices}
    orders = {_kind(tiers): tiers for tiers in (_by_price(pool, prefix, tariffs) for prefix in prefixes | {"+", ""})}
    return [
        Lane(lanes.of_pool(pool.name, kind), tuple(channels for _, channels in tiers), how, pool.weights)
        for kind, tiers in orders.items()
    ]


def _of_member(name: str, channel: str) -> Lane:
    because = _CHANNEL_ASKED if lanes.is_asked(name) else "its number was asked for"
    return Lane(name, ((channel,),), Strategy(Order.NEXT_FREE), because=because, own=channel)


def _of_members(name: str, channels: Sequence[str], pool: PoolView, tariffs: Tariffs) -> Lane:
    """The lane of the pool as it is now, without its other channels; if none of these is left in it, they serve all the same."""
    whole = of_former(lanes.of_pool(pool.name), pool, tariffs)
    tiers = tuple(left for tier in whole.tiers if (left := tuple(one for one in tier if one in channels)))
    return Lane(name, tiers or (tuple(channels),), whole.strategy, pool.weights)


_Tiers = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # (tariffs, channels), cheapest first


def _by_price(pool: PoolView, to: str, tariffs: Tariffs) -> _Tiers:
    """Tariffs of one price are one tier; channels of which no price is known come last."""
    prices: dict[float, tuple[set[str], list[str]]] = {}
    for name in pool.members:
        tariff = tariffs.get(name)
        names, channels = prices.setdefault(price(tariff, to), (set(), []))
        names.add(_name(tariff))
        channels.append(name)
    return tuple((tuple(sorted(names)), tuple(channels)) for _, (names, channels) in sorted(prices.items()))


def price(tariff: TariffSettings | None, to: str) -> float:
    """Of one part to this recipient: that of the longest prefix which fits; infinite where none does."""
    if tariff is None:
        return float("inf")
    fitting = [prefix for prefix in tariff.prices if to.startswith(prefix) or (prefix == "+" and not to.startswith("+"))]
    return tariff.prices[max(fitting, key=len)] if fitting else float("inf")


def _name(tariff: TariffSettings | None) -> str:
    return "" if tariff is None else tariff.name


def _kind(tiers: _Tiers) -> str:
    return "<".join("=".join(names) for names, _ in tiers)
