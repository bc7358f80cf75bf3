"""The web application over a real store in a temporary folder, with two channels that only tell their facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.clock import ManualClock
from gateway.core.dinstar_desk import DinstarDesk
from gateway.core.erasing import Erasing
from gateway.core.fitness import Fitness
from gateway.core.inbound.replaying import Replaying
from gateway.core.inbound.rules import Inbound
from gateway.core.keys import Keys
from gateway.core.limits import Limits
from gateway.core.limits.view import LimitsView
from gateway.core.outlook import Outlook
from gateway.core.pools import Pools
from gateway.core.routing.routes import Routes
from gateway.core.sending import Sending
from gateway.core.webhooks import Webhooks
from gateway.errors import NotFound, UssdFailed
from gateway.records import ChannelFacts, ChannelState, UssdReply
from gateway.settings import Settings, parse
from gateway.store import Store, outbox
from gateway.web.app import create_app
from gateway.web.doors import Doors

CONFIGURATION = """
[store]
path = "simrack.db"
reserve_mb = 0
[[modem]]
name = "p0"
port = "/dev/simrack/p0"
number = "+4915110000000"
[[modem]]
name = "p1"
port = "/dev/simrack/p1"
number = "+4915110000001"
[[pool]]
name = "main"
channels = ["p0", "p1"]
"""


@dataclass
class Gateway:
    """What the web is built on, for a test to look at and to change."""

    settings: Settings
    clock: ManualClock
    store: Store
    keys: Keys
    webhooks: Webhooks
    facts: list[ChannelFacts] = field(default_factory=list)
    storage_fault: str = ""
    woken: int = 0
    unparked: list[str] = field(default_factory=list)
    network: UssdReply | UssdFailed = field(default_factory=lambda: UssdReply("Your balance is 12.34 EUR."))

    def __post_init__(self) -> None:
        self.pools = Pools(self.store, self.settings, self.clock, lambda: None)
        self.routes = Routes(self.store, self.settings, self.clock, self.pools)
        self.inbound = Inbound(self.store, self.settings, self.clock, self.pools, lambda: self.facts)
        self.fitness = Fitness(self.store, self.clock, self.settings.channel_names, self._wake, lambda: None)
        for facts in self.facts:
            self.fitness.changed(facts)
        self.limits = Limits(self.store, self.clock, self._wake)
        self.sending = self._new_sending()

    def bound(self, *, sends_per_s: float = 0.0, max_queued: int = 0) -> None:
        """As if the configuration said so."""
        http = replace(self.settings.http, sends_per_s=sends_per_s)
        sending = replace(self.settings.sending, max_queued=max_queued)
        self.settings = replace(self.settings, http=http, sending=sending)
        self.sending = self._new_sending()

    def _new_sending(self) -> Sending:
        return Sending(
            *(self.store, self.settings, self.clock, lambda: self.facts, self.pools, self.routes),
            wake=self._wake,
            came_in=lambda lanes, priority: self._wake(),
            due=lambda: None,
        )

    def _wake(self) -> None:
        self.woken += 1

    def _ussd(self, channel: str, code: str) -> UssdReply:
        if channel not in [facts.name for facts in self.facts]:
            raise NotFound(f"there is no channel {channel}")
        if isinstance(self.network, UssdFailed):
            raise self.network
        return self.network

    def _facts(self) -> list[ChannelFacts]:
        return self.facts

    def doors(self) -> Doors:
        view, numbers = LimitsView(self.limits, self.store, self.clock, self.fitness.standing), self.settings.numbers
        return Doors(
            sending=self.sending,
            store=self.store,
            keys=self.keys,
            erasing=Erasing(self.store),
            webhooks=self.webhooks,
            routes=self.routes,
            inbound=self.inbound,
            replaying=Replaying(self.store, self.clock, self.inbound.decide, self._wake),
            pools=self.pools,
            fitness=self.fitness,
            limits=self.limits,
            limits_view=view,
            outlook=Outlook(self.store, numbers, self.clock, self.pools, self._facts, self.fitness, view, lambda lane: {}),
            dinstar=DinstarDesk(self.store, self.clock, self._wake),
            settings=self.settings,
            clock=self.clock,
            channels=self._facts,
            queue=lambda: self.store.read(outbox.sizes),
            ussd=self._ussd,
            unpark=lambda name, by: self.unparked.append(name),
            storage_fault=lambda: self.storage_fault,
            left_today=self.limits.left_today,
        )


@dataclass
class Caller:
    """Somebody with a key, who speaks JSON."""

    client: FlaskClient
    token: str

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, headers=self._headers(), **more)

    def post(self, path: str, content: object = None, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        if content is not None:
            more["json"] = content
        return self.client.post(path, headers={**self._headers(), **(headers or {})}, **more)

    def patch(self, path: str, content: object) -> TestResponse:
        return self.client.patch(path, json=content, headers=self._headers())

    def put(self, path: str, content: object) -> TestResponse:
        return self.client.put(path, json=content, headers=self._headers())

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(path, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    settings = parse(CONFIGURATION, tmp_path)
    clock = ManualClock()
    store = Store.open(settings.store, clock, serving=True)
    facts = [
        ChannelFacts("p0", ChannelState.READY, number="+4915110000000", iccid="8949001", signal_dbm=-71, operator="Test"),
        ChannelFacts("p1", ChannelState.LOST, reason="unplugged", number="+4915110000001"),
    ]
    yield Gateway(settings, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None), facts)
    store.close()


@pytest.fixture
def client(gateway: Gateway) -> FlaskClient:
    return create_app(gateway.doors()).test_client()


@pytest.fixture
def alice(gateway: Gateway, client: FlaskClient) -> Caller:
    """May do everything."""
    return Caller(client, gateway.keys.add("alice", ["admin"])[1])


@pytest.fixture
def bob(gateway: Gateway, client: FlaskClient) -> Caller:
    """May send."""
    return Caller(client, gateway.keys.add("bob", ["send"])[1])


@pytest.fixture
def carol(gateway: Gateway, client: FlaskClient) -> Caller:
    """May read."""
    return Caller(client, gateway.keys.add("carol", ["read"])[1])


def faults(response: TestResponse) -> list[str]:
    """Where the problem says the faults are."""
    assert response.content_type == "application/problem+json"
    assert response.json is not None and response.json["status"] == response.status_code
    return [one.get("pointer") or one.get("parameter") or one.get("header") for one in response.json.get("errors", [])]
