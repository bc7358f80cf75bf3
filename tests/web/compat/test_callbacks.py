"""Callbacks that requests name: which doors keep them, for what, and how an address that cannot be one is refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web.compat.conftest import KEY, Open

TO = "+4915112345678"
URL = "http://pbx.example/dlr?type=%d&id=%I"


def kept(opened: Open) -> list[tuple[Any, ...]]:
    """(address, events, form, options, receiver's address) of all callbacks."""
    rows = opened.gateway.store.read(
        lambda db: db.execute_sql(
            "SELECT c.url, c.events, w.format, w.options, w.url FROM callbacks c JOIN webhooks w ON w.id = c.webhook_id"
        ).fetchall()
    )
    return [(url, {event.removeprefix("message.") for event in json.loads(events)}, *rest) for url, events, *rest in rows]


def kannel(opened: Open, **more: object) -> tuple[int, str]:
    query = urlencode({"username": "u", "password": KEY, "to": TO, "text": "x", **more})
    answer = opened.client.get(f"/cgi-bin/sendsms?{query}")
    return answer.status_code, answer.text


def test_kannel_keeps_a_callback_for_each_receiver_of_a_text(opened: Open) -> None:
    assert kannel(opened, to=f"{TO} +4915112345679", **{"dlr-mask": 3, "dlr-url": URL})[0] == 202
    assert kept(opened) == [(URL, {"delivered", "undelivered"}, "kannel-dlr", "{}", "http://pbx.example:80")] * 2
    (receiver,) = opened.gateway.webhooks.receivers()
    assert receiver.callback and opened.gateway.webhooks.all() == []


@pytest.mark.parametrize("given", [{"dlr-url": URL}, {"dlr-mask": 31}, *({"dlr-mask": mask, "dlr-url": URL} for mask in (0, 32))])
def test_kannel_without_a_mask_or_an_address_keeps_none(opened: Open, given: dict[str, object]) -> None:
    assert kannel(opened, **given)[0] == 202
    assert kept(opened) == []


BAD = ["ftp://x/", "http://", "//x", "http://u:p@x/", "http://x:0/", "http://%i.example/", "http://x/ y", "http://x/" + "y" * 2000]


@pytest.mark.parametrize("url", BAD)
def test_kannel_refuses_an_address_that_cannot_be_one(opened: Open, url: str) -> None:
    assert kannel(opened, **{"dlr-mask": 31, "dlr-url": url}) == (400, "DLR-URL field misformed, rejected")
    assert not opened.messages()
