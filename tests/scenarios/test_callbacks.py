"""A whole gateway whose client names, with each text, where it wants to hear what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from gateway.core.keys import Keys
from gateway.settings import DoorsSettings, ForwardingSettings
from simulator.testing import running_bank
from tests.bench.stage import stage, until
from tests.receiver import Received, Receiver
from tests.scenarios.box import PATIENCE_S, Box, running_gateway

pytestmark = pytest.mark.slow

KEY = "pbx-key-0123456789-0123456789-0123456789"
HANDSET = "+491709900001"
QUICK = """
[doors]
open = ["kannel"]
[forwarding]
first_retry_s = 1.0
[sending]
unknown_wait_s = 3.0
"""


def knows_key(box: Box) -> None:
    if not box.service.store.keys.find(KEY):
        Keys(box.service.store, box.service.clock).add("pbx", ["send"], KEY)


def sendsms(url: str, report: str, to: str = HANDSET, key: str = KEY) -> None:
    query = {"username": "u", "password": key, "to": to, "text": f"hello {to}", "dlr-mask": 31, "dlr-url": report}
    with urlopen(f"{url}/cgi-bin/sendsms?{urlencode(query)}", timeout=PATIENCE_S) as answer:
        assert (answer.status, answer.read()) == (202, b"0: Accepted for delivery")


def told(request: Received) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(request.path).query).items()}


def test_a_text_through_the_kannel_door_is_told_with_8_and_then_with_1(tmp_path: Path) -> None:
    doors = DoorsSettings(open=("kannel",))
    with Receiver() as client, running_bank(1) as bank, running_gateway(tmp_path, bank, doors=doors) as box:
        knows_key(box)
        sendsms(box.url, f"{client.url}?type=%d&to=%p&from=%P&smsc=%i")
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
                sendsms(box.url, f"{client.url}?type=%d&to=%p&text={n}", number)
                sendsms(box.url, f"{other.url}?type=%d&to=%p&text={n}", number)
            # Who is away holds up nobody else.
            assert len(other.wait_for(2 * len(numbers))) == 10
        with running_gateway(tmp_path, bank, 2, **settings) as box, client:
            (away,) = [one["id"] for one in box.call("/v1/webhooks?callbacks=true")[1]["data"] if str(client.port) in one["url"]]
            box.call(f"/v1/webhooks/{away}", "PATCH", {"enabled": True})  # it is tried at once, however often it was before
            heard = [told(one) for one in client.wait_for(2 * len(numbers))]
    for n, number in enumerate(numbers):
        mine = [one["type"] for one in heard if one == {"type": one["type"], "to": number, "text": str(n)}]
        assert mine == ["8", "1"]
    assert len(heard) == 10


def test_a_kill_loses_and_doubles_no_callback_of_a_receiver_that_was_away() -> None:
    client = Receiver().start()
    client.stop()
    with stage() as on:
        bank = on.bank(8, latency="0.02", report_delay="0")
        phones = [f"p{n}" for n in range(2, 8)]
        numbers = [bank.control(f"/ports/{phone}")["number"] for phone in phones]
        for phone in phones:
            bank.control(f"/ports/{phone}/unplug", {})  # it is off: a report that comes while no gateway is there is lost
        gateway = on.gateway(replace(bank, ports=2), extra=QUICK)

        def kill() -> None:
            gateway.process.kill()
            gateway.process.wait()
            again = on.run_gateway(gateway.config, int(gateway.url.rpartition(":")[2]), gateway.key, 2)
            gateway.process, gateway.pid = again.process, again.pid

        for number in numbers:
            sendsms(gateway.url, f"{client.url}?type=%d&to=%p", number, gateway.key)
        kill()  # they are accepted, and some are on the air
        for phone in phones:
            bank.control(f"/ports/{phone}/plug", {})
        until(lambda: len(gateway.call("/v1/messages?status=delivered")["data"]) == len(numbers), 60, "all to be delivered")
        kill()  # all is said, and nobody has heard it
        (away,) = gateway.call("/v1/webhooks?callbacks=true")["data"]
        with client:
            gateway.call(f"/v1/webhooks/{away['id']}", "PATCH", {"enabled": True})  # it is tried at once
            until(lambda: {one["to"] for one in map(told, client.requests) if one["type"] == "1"} == set(numbers), 30, "reports")
            heard = [told(one) for one in client.requests]
    for number in numbers:
        types = [one["type"] for one in heard if one["to"] == number]
        # 4: it was on the air when the kill came, and nobody knew.
        assert types in (["8", "1"], ["4", "1"], ["4", "8", "1"]), heard
