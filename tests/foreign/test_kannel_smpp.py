"""Kannel's SMPP client, unmodified, before a running gateway: smsbox gives texts, and is told of receipts and texts.

It cuts long texts itself, by header, and asks for a receipt with the first part alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.settings import SmppSettings
from simulator.testing import running_bank
from tests.foreign.clients import EMOJI, LONG, LONG_EMOJI, PATIENCE, PRICE, SOMEONE, Daemon, needs
from tests.foreign.kannel import SERVICE, SMPP, boxes, running_smsbox, send_by
from tests.ports import free_ports
from tests.receiver import Receiver
from tests.scenarios.box import running_gateway

pytestmark = [pytest.mark.slow, needs("kannel", "bearerbox", "smsbox")]

TEXTS = {"hello": 0, LONG: 0, EMOJI: 2, PRICE: 0}
INCOMING = [PRICE, LONG_EMOJI, "x" * 400]
Told = list[tuple[str, dict[str, str]]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Told, list[dict[str, Any]], list[dict[str, Any]], str]]:
    """Texts and receipts both ways, some of them while Kannel was away."""
    folder = tmp_path_factory.mktemp("kannel-smpp")
    admin, inner, send = free_ports(3)
    smpp = SmppSettings(listen="127.0.0.1:0")
    with running_bank(ports=1) as bank, running_gateway(folder, bank, smpp=smpp) as box, Receiver() as web:
        box.service.keys.add("kannel", ["send", "read"])
        settings = folder / "kannel.conf"
        password = box.service.keys.add_smpp("kannel")[1]
        groups = SMPP.format(name="simrack", port=box.service.smpp.address[1], password=password) + SERVICE.format(web=web.port)
        settings.write_text(boxes(admin, inner, send, bank.number("p0")) + groups)
        bank.text(SOMEONE, "p0", INCOMING[0])
        box.wait(box.received, "a text that comes while nobody is bound")
        with Daemon("bearerbox", "-v", "0", settings, folder=folder) as bearerbox:
            bearerbox.wait_for("SMPP.*: Connecting|transceiver|bind_transceiver_resp")
            with running_smsbox(settings, inner, send):
                for place, (text, coding) in enumerate(TEXTS.items()):
                    report = f"http://127.0.0.1:{web.port}/report?state=%d&text={place}"
                    send_by(send, username="x", password="x", to=SOMEONE, text=text, coding=coding, charset="UTF-8",
                            **{"dlr-mask": 3, "dlr-url": report})  # fmt: skip
                for text in INCOMING[1:]:
                    bank.text(SOMEONE, "p0", text)
                web.wait_for(len(TEXTS) + len(INCOMING), PATIENCE)
                printed = bearerbox.printed
        told = [(urlsplit(one.path).path, {name: value for name, [value] in parse_qs(urlsplit(one.path).query).items()})
                for one in web.requests]  # fmt: skip
        yield told, bank.journal(), box.call("/v1/messages?direction=out&limit=100")[1]["data"], printed


def test_texts_go_out_whole_and_once(story: tuple[Told, list[dict[str, Any]], list[dict[str, Any]], str]) -> None:
    _, journal, messages, _ = story
    sent = [entry["text"] for entry in journal if entry["kind"] == "text" and entry["to"] == SOMEONE]
    assert sorted(sent) == sorted(TEXTS)
    assert sorted(message["text"] for message in messages) == sorted(TEXTS)


def test_receipts_are_matched_and_texts_come_in(story: tuple[Told, list[dict[str, Any]], list[dict[str, Any]], str]) -> None:
    told, _, _, printed = story
    reports = [(query["text"], query["state"]) for path, query in told if path == "/report"]
    assert sorted(reports) == [(str(place), "1") for place in range(len(TEXTS))]
    texts = [(query["from"], query["text"]) for path, query in told if path == "/text"]
    assert sorted(texts) == sorted((SOMEONE, text) for text in INCOMING)
    assert texts[0] == (SOMEONE, INCOMING[0])
    assert "could not find message" not in printed
