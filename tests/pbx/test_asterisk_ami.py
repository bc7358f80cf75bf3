"""Actions for an Asterisk: octets written by hand from its documents, and its replies however they are cut."""

from __future__ import annotations

import random
from base64 import b64decode
from typing import Any

import pytest

from gateway.pbx import ami
from gateway.pbx.ami import NotAmi, Replies
from gateway.pbx.formats import FORMATS, hook
from gateway.pbx.request import AmiRequest, NotPosted
from gateway.records import Event, EventType
from tests.pbx import told

URL = "ami://192.0.2.5"


def asked(event: Event, **options: Any) -> list[bytes]:
    known = hook("wh_1", URL, "swordfish", "asterisk-ami", options, "DE")
    request = FORMATS["asterisk-ami"].compose(event, known, 1795291385.9)
    assert isinstance(request, AmiRequest)
    return [action.octets for action in request.actions]


def texted(**more: Any) -> Event:
    data = {"id": "msg_1", "from": "+491711234567", "to": "+4915110000000", "text": "Hallo", "channel": "p3", **more}
    return Event("evt_1", EventType.MESSAGE_RECEIVED, 1795291384.0, "c", data)


def fields(octets: bytes) -> dict[str, str]:
    lines = octets.removesuffix(b"\r\n\r\n").decode().split("\r\n")
    assert not any("\n" in line or "\r" in line for line in lines)
    return dict(line.split(": ", 1) for line in lines)


def test_a_text_goes_to_its_extension() -> None:
    (octets,) = asked(texted(extension="1001", text="Grüße\n& 😀"))
    assert octets == (
        b"Action: MessageSend\r\n"
        b"ActionID: evt_1\r\n"
        b"Destination: pjsip:1001\r\n"
        b'From: "+491711234567" <sip:+491711234567@simrack>\r\n'
        b"Base64Body: R3LDvMOfZQomIPCfmIA=\r\n"
        b"\r\n"
    )


def test_an_old_asterisk_is_told_to_and_each_option_has_its_place() -> None:
    options = {
        "old": True,
        "destination": "sip:{extension}@10.0.0.9",
        "from": '"SMS {from}" <sip:{to}@pbx.example>',
        "numbers": "00",
        "variables": {"X-Sms-Id": "{event_id}", "X-Port": "{channel}"},
    }
    (octets,) = asked(texted(extension="1001"), **options)
    assert octets == (
        b"Action: MessageSend\r\n"
        b"ActionID: evt_1\r\n"
        b"To: sip:1001@10.0.0.9\r\n"
        b'From: "SMS 00491711234567" <sip:004915110000000@pbx.example>\r\n'
        b"Variable: X-Sms-Id=evt_1\r\n"
        b"Variable: X-Port=p3\r\n"
        b"Base64Body: SGFsbG8=\r\n"
        b"\r\n"
    )


@pytest.mark.parametrize("extension", [None, ""])
def test_a_text_that_names_nobody_goes_to_the_default_extension(extension: str | None) -> None:
    assert b"Destination: pjsip:reception\r\n" in asked(texted(extension=extension), default_extension="reception")[0]
    assert b"Destination: pjsip:reception\r\n" in asked(texted(), default_extension="reception")[0]
    assert b"Destination: pjsip:1001\r\n" in asked(texted(extension="1001"), default_extension="reception")[0]


def test_a_text_for_nobody_is_refused_with_what_to_configure() -> None:
    with pytest.raises(NotPosted, match=r"give the webhook the option default_extension.*replay"):
        asked(texted())
    assert b"Destination: pjsip:operator\r\n" in asked(texted(), destination="pjsip:operator")[0]


@pytest.mark.parametrize("extension", ["10 01", "1001\r\nAction: Logoff", "1001\n", 'a"b', "x" * 33, "größe", "a/b"])
def test_an_extension_that_is_no_endpoint_is_refused(extension: str) -> None:
    with pytest.raises(NotPosted, match="no name of an endpoint"):
        asked(texted(extension=extension))


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("+49171\r\nAction: Originate\r\nChannel: x", '"+49171  Action: Originate  Channel: x"'),
        ('ACME" <sip:boss@pbx>;x', '"ACME   sip:boss@pbx  x"'),
        ("Müller & Co", '"Müller & Co"'),
        ("*100#", '"*100#"'),
    ],
)
def test_what_a_sender_is_called_can_end_no_line_and_no_quotes(sender: str, shown: str) -> None:
    found = fields(asked(texted(extension="1001", **{"from": sender}), numbers="+e164")[0])
    assert list(found) == ["Action", "ActionID", "Destination", "From", "Base64Body"]
    name, _, address = found["From"].rpartition(" <")
    assert name == shown
    assert address.startswith("sip:") and address.endswith("@simrack>") and not set(address) & set(' ";\r\n')


def test_a_long_text_leaves_in_pieces_that_asterisk_can_read() -> None:
    for text in ("wort " * 400, "ж" * 1000, "😀" * 670, "x" * 756, "x" * 757):
        actions = asked(texted(extension="1001", text=text))
        assert all(len(line) + 2 <= 1024 for octets in actions for line in octets.split(b"\r\n"))
        pieces = [b64decode(fields(octets)["Base64Body"]).decode() for octets in actions]
        assert "".join(pieces) == text
        assert all(piece.endswith(" ") for piece in pieces if text.startswith("wort"))
    assert len(asked(texted(extension="1001", text="x" * 756))) == 1
    ids = [fields(octets)["ActionID"] for octets in asked(texted(extension="1001", text="x" * 757))]
    assert ids == ["evt_1.1", "evt_1.2"]


def test_a_text_is_not_cut_at_a_nul_and_may_be_empty_or_hold_half_a_surrogate_pair() -> None:
    assert b64decode(fields(asked(texted(extension="1", text="a\ud83db"))[0])["Base64Body"]).decode() == "a\ufffdb"
    assert b64decode(fields(asked(texted(extension="1", text="a\0b"))[0])["Base64Body"]).decode() == "a\ufffdb"
    assert fields(asked(texted(extension="1", text=""))[0])["Base64Body"] == ""


def test_reports_are_told_as_user_events_when_asked_for() -> None:
    known = hook("wh_1", URL, "swordfish", "asterisk-ami", {}, "DE")
    assert FORMATS["asterisk-ami"].compose(told.DELIVERED, known, 0.0) is None
    assert asked(told.UNDELIVERED, reports=True) == [
        b"Action: UserEvent\r\n"
        b"ActionID: evt_2\r\n"
        b"UserEvent: SimrackReport\r\n"
        b"Event-Id: evt_2\r\n"
        b"Message-Id: msg_2\r\n"
        b"Status: undelivered\r\n"
        b"From: +4915110000000\r\n"
        b"To: +491711234567\r\n"
        b"Client-Ref: 42\r\n"
        b"Reason: no such subscriber\r\n"
        b"\r\n"
    ]


def test_a_test_texts_the_default_extension_and_pings_without_one() -> None:
    assert asked(told.TEST) == [b"Action: Ping\r\nActionID: evt_3\r\n\r\n"]
    assert fields(asked(told.TEST, default_extension="1001")[0])["Destination"] == "pjsip:1001"


def test_a_line_longer_than_asterisk_reads_is_refused_by_its_name() -> None:
    with pytest.raises(NotPosted, match="Destination comes to"):
        asked(texted(extension="1001", **{"from": "ж" * 20}), destination="pjsip:{extension}/" + "{from}" * 50)


def test_the_login_answers_the_challenge_and_never_shows_the_secret() -> None:
    assert ami.challenge().octets == b"Action: Challenge\r\nActionID: challenge\r\nAuthType: MD5\r\n\r\n"
    # md5 of "840415273swordfish", by md5sum
    assert ami.login("simrack", "swordfish", "840415273").octets == (
        b"Action: Login\r\nActionID: login\r\nAuthType: MD5\r\nUsername: simrack\r\nEvents: off\r\n"
        b"Key: b92de9a1b35562ccf21851e97185ee42\r\n\r\n"
    )
    assert ami.login("simrack", "swordfish", "").octets == (
        b"Action: Login\r\nActionID: login\r\nUsername: simrack\r\nEvents: off\r\nSecret: swordfish\r\n\r\n"
    )


CONVERSATION = (
    b"Asterisk Call Manager/5.0.2\r\n"
    b"Response: Success\r\nActionID: login\r\nMessage: Authentication accepted\r\n\r\n"
    b"Event: FullyBooted\r\nPrivilege: system,all\r\nActionID: login\r\nStatus: Fully Booted\r\n\r\n"
    b"Response: Error\r\nActionID: evt_1\r\nMessage: Message failed to send.\r\n\r\n"
)
REPLIES = [
    {"response": "Success", "actionid": "login", "message": "Authentication accepted"},
    {"response": "Error", "actionid": "evt_1", "message": "Message failed to send."},
]


@pytest.mark.parametrize("seed", [None, 0, 1, 2, 3])
def test_replies_are_the_same_however_the_octets_are_cut(seed: int | None) -> None:
    replies, found, rest = Replies(), [], CONVERSATION
    chance = random.Random(seed)
    while rest:
        size = 1 if seed is None else chance.randint(1, 60)
        found += replies.feed(rest[:size])
        rest = rest[size:]
    assert (replies.greeting, found) == ("Asterisk Call Manager/5.0.2", REPLIES)
    assert Replies().feed(CONVERSATION) == REPLIES


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 300])
def test_who_greets_otherwise_is_no_asterisk(said: bytes) -> None:
    with pytest.raises(NotAmi):
        Replies().feed(said)


def test_a_reply_without_end_is_given_up() -> None:
    replies = Replies()
    replies.feed(b"Asterisk Call Manager/5.0.2\r\n")
    with pytest.raises(NotAmi):
        for _ in range(1000):
            replies.feed(b"Output: " + b"x" * 500 + b"\r\n")


def test_a_phone_that_is_away_is_no_fault_of_asterisk_and_a_missing_right_is() -> None:
    away = ami.verdict({"response": "Error", "message": "Message failed to send."}, "pjsip:1001")
    assert (away.whole, "pjsip:1001" in away.fault, "registered" in away.fault) == (False, True, True)
    for said in ("Permission denied", "Message technology not found.", "Authentication Required"):
        assert ami.verdict({"response": "Error", "message": said}, "pjsip:1001").whole
    assert not ami.verdict({"response": "Success", "message": "Message successfully sent"}, "pjsip:1001").fault
