"""Two gateways behind one bearerbox that speaks SMPP: Kannel spreads texts over both, and each leaves once, by one of them."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.settings import SmppSettings
from simulator.testing import running_bank
from tests.foreign.clients import PATIENCE, SOMEONE, Daemon, needs
from tests.foreign.kannel import SMPP, boxes, running_smsbox, send_by
from tests.ports import free_ports
from tests.receiver import Receiver
from tests.scenarios.box import Box, running_gateway

pytestmark = [pytest.mark.slow, needs("kannel", "bearerbox", "smsbox")]

TEXTS = [f"text {number}" for number in range(40)]


def account(box: Box, name: str) -> str:
    """The group of kannel.conf by which a bearerbox reaches this gateway."""
    box.service.keys.add("kannel", ["send", "read"])
    return SMPP.format(name=name, port=box.service.smpp.address[1], password=box.service.keys.add_smpp("kannel")[1])


def test_texts_are_spread_over_two_gateways_and_none_is_lost_or_doubled(tmp_path: Path) -> None:
    admin, inner, send = free_ports(3)
    smpp = SmppSettings(listen="127.0.0.1:0", other_senders="ignore")
    with ExitStack() as stack:
        web = stack.enter_context(Receiver())
        banks = [stack.enter_context(running_bank(ports=1)) for _ in range(2)]
        gateways = []
        for place, bank in enumerate(banks):
            folder = tmp_path / f"box{place}"
            folder.mkdir()
            gateways.append(stack.enter_context(running_gateway(folder, bank, smpp=smpp)))
        settings = tmp_path / "kannel.conf"
        groups = "".join(account(box, f"box{place}") for place, box in enumerate(gateways))
        settings.write_text(boxes(admin, inner, send) + groups)
        bearerbox = stack.enter_context(Daemon("bearerbox", "-v", "0", settings, folder=tmp_path))
        bearerbox.wait_for("bind_transceiver_resp", 2)
        stack.enter_context(running_smsbox(settings, inner, send))
        for number, text in enumerate(TEXTS):
            report = f"http://127.0.0.1:{web.port}/{number}/%d"
            send_by(send, username="x", password="x", to=SOMEONE, text=text, **{"dlr-mask": 3, "dlr-url": report})
        web.wait_for(len(TEXTS), PATIENCE)
        sent = [[entry["text"] for entry in bank.journal(kind="text", to=SOMEONE)] for bank in banks]
        kept = [[one["text"] for one in box.call("/v1/messages?direction=out&limit=100")[1]["data"]] for box in gateways]
    assert all(len(one) >= 5 for one in sent), Counter(map(len, sent))
    assert sorted(sent[0] + sent[1]) == sorted(TEXTS)
    assert [sorted(one) for one in kept] == [sorted(one) for one in sent]
    # Receipts find their texts, though each gateway gives out ids of its own.
    assert sorted(one.path for one in web.requests) == sorted(f"/{number}/1" for number in range(len(TEXTS)))
