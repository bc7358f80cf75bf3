"""A whole gateway whose client names, with each text, where it wants to hear what becomes of it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from gateway.core.keys import Keys
from gateway.settings import DoorsSettings, ForwardingSettings
from simulator.testing import running_bank
from tests.receiver import Received, Receiver
from tests.scenarios.box import Box, running_gateway

pytestmark = pytest.mark.slow

KEY = "pbx-key-0123456789-0123456789-0123456789"
HANDSET = "+491709900001"


def knows_key(box: Box) -> None:
    if not box.service.store.keys.find(KEY):
        Keys(box.service.store, box.service.clock).add("pbx", ["send"], KEY)


def sendsms(box: Box, report: str, to: str = HANDSET, **more: object) -> None:
    query = {"username": "u", "password": KEY, "to": to, "text": "hello", "dlr-mask": 31, "dlr-url": report, **more}
    with urlopen(f"{box.url}/cgi-bin/sendsms?{urlencode(query)}", timeout=10) as answer:
        assert (answer.status, answer.read()) == (202, b"0: Accepted for delivery")


def told(request: Received) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(request.path).query).items()}


def test_a_text_through_the_kannel_door_is_told_with_8_and_then_with_1(tmp_path: Path) -> None:
    doors = DoorsSettings(open=("kannel",))
    with Receiver() as client, running_bank(1) as bank, running_gateway(tmp_path, bank, doors=doors) as box:
        knows_key(box)
        sendsms(box, f"{client.url}?type=%d&to=%p&from=%P&smsc=%i")
        sent, delivered = (told(one) for one in client.wait_for(2))
        assert sent == {"type": "8", "to": HANDSET, "from": bank.number("p0"), "smsc": "p0"}
        assert delivered == {**sent, "type": "1"}


def test_a_receiver_that_was_away_hears_everything_once_and_in_order(tmp_path: Path) -> None:
    client = Receiver().start()
    client.stop()
    settings = {"doors": DoorsSettings(open=("kannel",)), "forwarding": ForwardingSettings(first_retry_s=1.0)}
    numbers = [f"+49170990000{n}" for n in range(5)]
    with Receiver() as other, running_bank(2) as bank:
        with running_gateway(tmp_path, bank, 2, **settings) as box:
            knows_key(box)
            for n, number in enumerate(numbers):
                sendsms(box, f"{client.url}?type=%d&to=%p&text={n}", number)
                sendsms(box, f"{other.url}?type=%d&to=%p&text={n}", number)
            # Who is away holds up nobody else.
            assert len(other.wait_for(2 * len(numbers))) == 10
        with running_gateway(tmp_path, bank, 2, **settings), client:
            heard = [told(one) for one in client.wait_for(2 * len(numbers))]
    for n, number in enumerate(numbers):
        mine = [one["type"] for one in heard if one == {"type": one["type"], "to": number, "text": str(n)}]
        assert mine == ["8", "1"]
    assert len(heard) == 10
