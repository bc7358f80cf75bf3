"""What boxes push: from their own addresses, as JSON, answered when it is committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.errors import BadValue, LinkLost, SimrackError, StorageFull
from gateway.settings import DinstarSettings
from gateway.web.app import create_app
from tests.web.conftest import Gateway

OURS = ("192.0.2.10", "2001:db8::/64")
TOLD = {"sn": "dbd2-0300-0000-0001", "sms": [{"incoming_sms_id": 18, "port": 0, "number": "+15550199", "text": "hi"}]}


class Told:
    def __init__(self) -> None:
        self.taken: list[tuple[str, Mapping[str, Any]]] = []
        self.fault: SimrackError | None = None

    def __call__(self, box: str, document: Mapping[str, Any]) -> None:
        if self.fault is not None:
            raise self.fault
        self.taken.append((box, document))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def client(gateway: Gateway, told: Told) -> FlaskClient:
    boxes = (DinstarSettings("box1", "http://192.0.2.10", push_from=OURS), DinstarSettings("shut", "http://192.0.2.11"))
    doors = replace(gateway.doors(), settings=replace(gateway.settings, dinstars=boxes), push=told)
    return create_app(doors).test_client()


def post(client: FlaskClient, box: str = "box1", address: str = "192.0.2.10", **body: Any) -> int:
    body = body or {"json": TOLD}
    return client.post(f"/push/dinstar/{box}", environ_base={"REMOTE_ADDR": address}, **body).status_code


@pytest.mark.parametrize("address", ["192.0.2.10", "::ffff:192.0.2.10", "2001:db8::7"])
def test_what_a_box_tells_from_its_address_is_handed_on(client: FlaskClient, told: Told, address: str) -> None:
    assert post(client, address=address) == 200
    assert told.taken == [("box1", TOLD)]


@pytest.mark.parametrize("address", ["192.0.2.11", "127.0.0.1", "2001:db8:1::7", "::ffff:192.0.2.12"])
def test_other_addresses_are_refused(client: FlaskClient, told: Told, address: str) -> None:
    assert post(client, address=address) == 403
    assert not told.taken


def test_a_forwarding_header_opens_no_door(client: FlaskClient, told: Told) -> None:
    assert post(client, address="127.0.0.1", json=TOLD, headers={"X-Forwarded-For": "192.0.2.10"}) == 403


def test_without_push_from_nothing_is_taken(client: FlaskClient, told: Told) -> None:
    assert post(client, "shut", "192.0.2.11") == 403
    assert post(client, "nobody") == 404
    assert not told.taken


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7", b"\xff", b"[" * 5000])
def test_what_is_no_json_object_is_refused(client: FlaskClient, told: Told, body: bytes) -> None:
    assert post(client, data=body) == 400
    assert not told.taken


@pytest.mark.parametrize(
    ("fault", "status"),
    [(BadValue("sn", "is another box"), 400), (LinkLost("box1 is not reached"), 503), (StorageFull("no room"), 503)],
)
def test_what_was_not_committed_is_not_answered_with_200(client: FlaskClient, told: Told, fault: SimrackError, status: int) -> None:
    told.fault = fault
    assert post(client) == status


def test_a_box_cannot_be_asked_by_get(client: FlaskClient) -> None:
    assert client.get("/push/dinstar/box1").status_code == 405
