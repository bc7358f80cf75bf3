"""The gateway of the web's tests with every door open, one key that may send and read, and a way to call as each client does."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.records import Message
from gateway.settings import DOORS, DoorsSettings, HttpSettings
from gateway.store.messages import MessageFilter
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import Gateway

KEY = "pbx-key-0123456789-0123456789-0123456789"
SECRET = "signature-secret-0123456789"


@dataclass
class Open:
    """The doors, opened as `settings` say; `key` may send and read."""

    gateway: Gateway
    settings: DoorsSettings
    key: str = KEY

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.application().test_client()

    def application(self) -> Any:
        return create_app(replace(self.gateway.doors(), settings=replace(self.gateway.settings, doors=self.settings)))

    def again(self, **changed: Any) -> Open:
        return Open(self.gateway, replace(self.settings, **changed))

    def messages(self) -> list[Message]:
        """Oldest first."""
        return list(reversed(self.gateway.store.messages.find(MessageFilter(), None, 100).messages))

    def last(self) -> Message:
        return self.messages()[-1]

    def post(self, path: str, content: object = None, **more: Any) -> TestResponse:
        """With the key as Bearer."""
        return self.client.post(path, json=content, headers={"Authorization": f"Bearer {self.key}"}, **more)


def basic(password: str = KEY, user: str = "pbx") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def opened(gateway: Gateway) -> Open:
    gateway.keys.add("pbx", ["send", "read"], KEY)
    return Open(gateway, DoorsSettings(open=DOORS, vonage_key="pbx", vonage_secret=SECRET))


@pytest.fixture
def url(opened: Open) -> Iterator[str]:
    """The same application behind a real socket, for real clients."""
    server = Server(opened.application(), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    yield server.address
    server.stop()
