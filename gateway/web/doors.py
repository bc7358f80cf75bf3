"""What the web is handed when it is built: the ways into the rest of the gateway. Holds no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import CollectorRegistry

from gateway.clock import Clock
from gateway.core.erasing import Erasing
from gateway.core.keys import Keys
from gateway.errors import NotFound
from gateway.records import ChannelFacts, Key, Message, SendRequest, UssdReply
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.core.dinstar_desk import DinstarDesk
    from gateway.core.fitness import Fitness
    from gateway.core.inbound.replaying import Replaying
    from gateway.core.inbound.rules import Inbound
    from gateway.core.limits import Limits
    from gateway.core.limits.view import LimitsView
    from gateway.core.outlook import Outlook
    from gateway.core.pools import Pools
    from gateway.core.routing.routes import Routes
    from gateway.core.webhooks import Webhooks
    from gateway.pdu.split import Preview
    from gateway.store import Store

Once = tuple[str, str]  # an Idempotency-Key and the fingerprint of its request


class Sending(Protocol):
    """Called from many threads; each call returns after its commit is on disk."""

    def accept(self, request: SendRequest, key: Key, idempotency: Once | None) -> Message: ...

    def accept_batch(self, requests: Sequence[SendRequest], key: Key, idempotency: Once | None) -> list[Message]: ...

    def cancel(self, public_id: str, key: Key) -> Message: ...

    def settle(self, public_id: str, decision: str, key: Key) -> Message: ...

    def foresee(self, request: SendRequest, key: Key) -> Message: ...

    def preview(self, text: str) -> Preview: ...


def _no_boxes(box: str, told: Mapping[str, Any]) -> None:
    raise NotFound(f"there is no box {box}")


@dataclass(frozen=True, slots=True)
class Doors:
    sending: Sending
    store: Store  # read from, never written to
    keys: Keys
    erasing: Erasing
    webhooks: Webhooks
    routes: Routes
    inbound: Inbound
    replaying: Replaying
    pools: Pools
    fitness: Fitness
    limits: Limits
    limits_view: LimitsView
    outlook: Outlook
    dinstar: DinstarDesk
    settings: Settings
    clock: Clock
    channels: Callable[[], Sequence[ChannelFacts]]
    queue: Callable[[], Mapping[str, int]]  # how many messages wait, by status
    ussd: Callable[[str, str], UssdReply]  # (channel, code); waits for the network
    unpark: Callable[[str, str], None]  # (channel that exists, by whom); does not wait for the channel
    storage_fault: Callable[[], str]  # why the database takes nothing now; empty when it does
    push: Callable[[str, Mapping[str, Any]], None] = _no_boxes  # (box, what it tells); returns when that is committed
    left_today: Callable[[str], int | None] = lambda sim: None  # texts that limits leave a SIM today; None without a limit
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
