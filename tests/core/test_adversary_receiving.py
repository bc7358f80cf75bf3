"""Senders and texts that no network should hand out: what comes is kept, or its box would offer it for ever and nothing else."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from gateway.core.keys import Keys
from gateway.core.receiving import Receiving
from gateway.dinstar.inbox import incoming_part
from gateway.store.inbound import InboundRule
from tests.core.test_inbound import OWN, Desk

# As a box writes them into its answers, where halves of characters can stand alone.
PIECES = [r"\ud83d", r"\udfff", r"\u0000", "a", "STOP", "+", "4", "*", "#", r"\u202e", r"\ud83d\ude00", r"\r\n", r"\ufb03"]
PIECES += [r"\u0130", r"\u00df", r"\u200b", r"\u0663", "[", "]", "?", " ", "9999999999"]


def test_every_sender_and_text_of_a_box_is_kept_whatever_the_rules_look_at(tmp_path: Path) -> None:
    desk, chance = Desk(tmp_path), random.Random(7)
    desk.webhook()
    keys = Keys(desk.store, desk.clock)
    keys.add("bank", ["send", "read"])
    keys.add_smpp("bank")
    for rule in (
        InboundRule("pattern", pattern=r"^(a|b)*c\b[^x]\d+$"),
        InboundRule("words", keywords=("stop", "ı", "ﬁ")),
        InboundRule("senders", from_=("Bank*", "+4917*")),
        InboundRule("rest", pool="main", follow_days=3),
    ):
        desk.inbound.add(rule, "a test")
    for number in range(1, 301):
        sender, text = ("".join(chance.choices(PIECES, k=chance.randint(0, most))) for most in (4, 8))
        row = json.loads(f'{{"incoming_sms_id":{number},"port":0,"number":"{sender}","timestamp":"","text":"{text}"}}')
        part = incoming_part(row, "box1", "sn", lambda port, imsi: "sim")
        assert part is not None
        kept = desk.comes(**{name: getattr(replace(part, channel="p0"), name) for name in part.__slots__})
        assert kept.serial == number


def test_a_text_is_unclaimed_while_its_only_listener_is_an_smpp_client_and_smpp_is_not_served(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    keys = Keys(desk.store, desk.clock)
    keys.add("bank", ["send", "read"])
    keys.add_smpp("bank")
    assert desk.comes("served").claimed
    desk.receiving = Receiving(
        desk.store, desk.settings.receiving, desk.clock, lambda channel: OWN[channel],
        forward=lambda: None, parts_wait=lambda: None, heard=lambda *told: None, decide=desk.inbound.decide, smpp_open=False,
    )  # fmt: skip
    assert desk.unclaimed() == [] and not desk.comes("not served").claimed
    assert desk.unclaimed() == [desk.last().id]
