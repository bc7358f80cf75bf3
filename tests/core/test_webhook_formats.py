"""Formats and their options as people ask for them: what cannot be is refused by name, secrets suit their signatures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.webhooks import FORMATS, not_told
from gateway.errors import BadValue, Conflict
from gateway.pbx.signature import key_of
from tests.core.test_webhooks import GIVEN, URL, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.store.close()


def test_there_are_these_formats() -> None:
    ours = "standard telnyx twilio vonage kannel dinstar-push smseagle sms-gate fusionpbx ucontact asterisk-ami template"
    assert ours.split() == list(FORMATS)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_works_without_a_word_more(desk: Desk, format: str) -> None:
    webhook, secret = desk.webhooks.add("ami://192.0.2.5" if format == "asterisk-ami" else URL, ["*"], format=format)
    assert (webhook.format, webhook.options) == (format, {})
    assert desk.webhooks.get(webhook.id) == webhook
    assert (format == "standard") == secret.startswith("whsec_")


@pytest.mark.parametrize(
    ("format", "options", "field"),
    [
        ("standard", {"numbers": "00"}, "options/numbers"),
        ("telnyx", {"number": "00"}, "options/number"),
        ("telnyx", {"numbers": "E164"}, "options/numbers"),
        ("telnyx", {"numbers": ["00"]}, "options/numbers"),
        ("telnyx", {"signing": "twilio"}, "options/signing"),
        ("telnyx", {"signature_header": "X Sig"}, "options/signature_header"),
        ("kannel", {"signing": "hmac-sha256"}, "options/signing"),
        ("kannel", {"mo": "from=%p to=%P"}, "options/mo"),
        ("kannel", {"mo": "a#b"}, "options/mo"),
        ("kannel", {"dlr_mask": 64}, "options/dlr_mask"),
        ("kannel", {"dlr_mask": "31"}, "options/dlr_mask"),
        ("kannel", {"dlr_mask": True}, "options/dlr_mask"),
        ("twilio", {"account_sid": "AC1"}, "options/account_sid"),
        ("twilio", {"replies": 1}, "options/replies"),
        ("vonage", {"method": "POST"}, "options/method"),
        ("dinstar-push", {"ports": {"p0": -1}}, "options/ports"),
        ("dinstar-push", {"ports": [0]}, "options/ports"),
        ("sms-gate", {"ports": {"p0": 4}}, "options/ports"),
        ("asterisk-ami", {"destination": "pjsip:{exten}"}, "options/destination"),
        ("asterisk-ami", {"destination": "pjsip:{extension}\r\nAction: Originate"}, "options/destination"),
        ("asterisk-ami", {"destination": ""}, "options/destination"),
        ("asterisk-ami", {"destination": "x" * 101}, "options/destination"),
        ("asterisk-ami", {"from": '"{from} <sip:{from}@x>'}, "options/from"),
        ("asterisk-ami", {"default_extension": "10 01"}, "options/default_extension"),
        ("asterisk-ami", {"default_extension": "1001\n"}, "options/default_extension"),
        ("asterisk-ami", {"user": "a\nSecret: x"}, "options/user"),
        ("asterisk-ami", {"variables": {"X-Id": "a,b=c"}}, "options/variables"),
        ("asterisk-ami", {"variables": {"X Id": "a"}}, "options/variables"),
        ("asterisk-ami", {"variables": {"X-Id": "a\n"}}, "options/variables"),
        ("asterisk-ami", {"signing": "none"}, "options/signing"),
    ],
)
def test_a_wrong_option_names_itself_and_what_would_do(desk: Desk, format: str, options: dict[str, object], field: str) -> None:
    with pytest.raises(BadValue) as refusal:
        desk.webhooks.add("ami://192.0.2.5" if format == "asterisk-ami" else URL, ["*"], format=format, options=options)
    assert refusal.value.field == field and refusal.value.remedy
    assert desk.webhooks.all() == []


def test_a_whole_number_may_be_written_with_a_point(desk: Desk) -> None:
    assert desk.webhooks.add(URL, ["*"], format="kannel", options={"dlr_mask": 19.0})[0].options == {"dlr_mask": 19}


@pytest.mark.parametrize(
    ("format", "options", "secret", "good"),
    [
        ("standard", {}, "swordfish", False),
        ("standard", {}, GIVEN, True),
        ("standard", {"signing": "hmac-sha256"}, "swordfish", True),
        ("telnyx", {"signing": "standard-webhooks"}, "swordfish", False),
        ("twilio", {}, "0123456789abcdef0123456789abcdef", True),
        ("twilio", {}, "short", False),
        ("twilio", {}, "with a blank", False),
        ("twilio", {}, "swordfish\n", False),
        ("twilio", {}, "päßwörter", False),
    ],
)
def test_a_secret_must_suit_its_signature(desk: Desk, format: str, options: dict[str, object], secret: str, good: bool) -> None:
    if good:
        assert desk.webhooks.add(URL, ["*"], format=format, options=options, secret=secret)[1] == secret
        return
    with pytest.raises(BadValue) as refusal:
        desk.webhooks.add(URL, ["*"], format=format, options=options, secret=secret)
    assert refusal.value.field == "secret" and secret not in str(refusal.value)


def test_events_that_a_format_cannot_express_are_named(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["message.received", "channel.up"], format="telnyx")
    assert not_told(webhook) == ["channel.up"]
    everything, _ = desk.webhooks.add(URL, ["*"], format="smseagle")
    assert "message.sent" in not_told(everything) and "message.received" not in not_told(everything)
    assert not_told(desk.webhooks.add(URL, ["*"])[0]) == not_told(desk.webhooks.add(URL, ["*"], format="template")[0]) == []


def test_a_webhook_that_would_never_hear_anything_is_refused(desk: Desk) -> None:
    with pytest.raises(BadValue, match=r"fusionpbx can express none of message\.sent; it can express message\.received") as refusal:
        desk.webhooks.add(URL, ["message.sent"], format="fusionpbx")
    assert refusal.value.field == "events"
    webhook, _ = desk.webhooks.add(URL, ["message.sent"], format="telnyx")
    with pytest.raises(Conflict, match=r"none of message\.sent"):
        desk.webhooks.change(webhook.id, format="fusionpbx")
    with pytest.raises(Conflict, match=r"none of channel\.up"):
        desk.webhooks.change(webhook.id, events=["channel.up"])
    assert desk.webhooks.get(webhook.id) == webhook


def test_a_format_is_changed_whole(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"], format="kannel", options={"dlr_mask": 19, "numbers": "00"})
    changed = desk.webhooks.change(webhook.id, format="kannel", options={"numbers": "national"})
    assert changed.options == {"numbers": "national"}
    assert desk.webhooks.change(webhook.id, url="http://10.0.0.9/").options == {"numbers": "national"}
    assert desk.webhooks.change(webhook.id, format="telnyx").options == {}
    for change in (
        lambda: desk.webhooks.change(webhook.id, options={}),
        lambda: desk.webhooks.change(webhook.id, secret="swordfish"),
    ):
        with pytest.raises(BadValue) as refusal:
            change()
        assert refusal.value.field == "format" and refusal.value.remedy


def test_the_secret_that_is_there_must_suit_the_new_format(desk: Desk) -> None:
    webhook, secret = desk.webhooks.add(URL, ["*"], format="telnyx")
    with pytest.raises(Conflict, match="give another with the format") as refusal:
        desk.webhooks.change(webhook.id, format="standard")
    assert secret not in str(refusal.value)
    assert desk.webhooks.change(webhook.id, format="standard", secret=GIVEN).format == "standard"
    assert desk.webhooks.change(webhook.id, format="twilio").format == "twilio"  # a whsec_ secret is text as well
    assert key_of(GIVEN)


def test_address_and_format_belong_together(desk: Desk) -> None:
    for url, format in ((URL, "asterisk-ami"), ("ami://192.0.2.5", "telnyx")):
        with pytest.raises(BadValue, match="does not begin with") as refusal:
            desk.webhooks.add(url, ["*"], format=format)
        assert refusal.value.field == "url" and refusal.value.remedy
    with pytest.raises(BadValue, match="only a host and a port") as refusal:
        desk.webhooks.add("ami://192.0.2.5/manager", ["*"], format="asterisk-ami")
    webhook, _ = desk.webhooks.add(URL, ["*"], format="telnyx")
    for change in (
        lambda: desk.webhooks.change(webhook.id, url="ami://192.0.2.5"),
        lambda: desk.webhooks.change(webhook.id, format="asterisk-ami"),
    ):
        with pytest.raises(Conflict, match="change url and format together"):
            change()
    changed = desk.webhooks.change(webhook.id, url="amis://pbx.example:5040/", format="asterisk-ami")
    assert (changed.url, changed.format) == ("amis://pbx.example:5040/", "asterisk-ami")
