"""Kannel's templates: MO and DLR as a Kannel asks for them, every escape, nothing of a text that could break out."""

from __future__ import annotations

import pytest

from gateway.pbx.formats import FORMATS, hook, untold
from gateway.records import Event, EventType
from tests.pbx import told
from tests.pbx.told import RECEIVED, header, posted, tried

HOME = "https://pbx.example/mo"


def asked(event: Event, template: str, **options: object) -> str:
    name = "mo" if event.type is EventType.MESSAGE_RECEIVED else "dlr"
    request = posted("kannel", event, "swordfish", HOME, **{name: template}, **options)
    assert (request.method, request.body) == ("GET", b"")
    return request.url.removeprefix(f"{HOME}?")


def test_a_received_text_is_an_mo_call() -> None:
    wanted = "from=%2B491711234567&to=%2B4915110000000&text=Gr%C3%BC%C3%9Fe+%26+50%25&id=msg_1&ts=2026-11-21+20%3A03"
    assert asked(RECEIVED, "from=%p&to=%P&text=%a&id=%I&ts=%t") == wanted
    assert posted("kannel", url=HOME).url == f"{HOME}?{wanted}"


@pytest.mark.parametrize(
    ("event", "query"),
    [
        (told.SENT, "type=8&fid=msg_2&a=ACK%2F"),
        (told.FAILED, "type=16&fid=msg_2&a=NACK%2Frejected"),
        (
            told.DELIVERED,
            "type=1&fid=msg_2&a=id%3Amsg_2+sub%3A001+dlvrd%3A001+submit+date%3A2611212003+done+date%3A2611212003"
            "+stat%3ADELIVRD+err%3A000+text%3A",
        ),
        (
            told.UNDELIVERED,
            "type=2&fid=msg_2&a=id%3Amsg_2+sub%3A001+dlvrd%3A000+submit+date%3A2611212003+done+date%3A2611212003"
            "+stat%3AUNDELIV+err%3A001+text%3A",
        ),
    ],
)
def test_a_report_is_a_dlr_call_with_its_bit(event: Event, query: str) -> None:
    assert asked(event, "type=%d&fid=%F&a=%A") == query


def test_the_person_is_p_in_both_directions() -> None:
    assert asked(RECEIVED, "%p+%P") == asked(told.DELIVERED, "%p+%P") == "%2B491711234567+%2B4915110000000"
    assert asked(RECEIVED, "%p+%q+%Q", numbers="00") == "00491711234567+%2B491711234567+%2B4915110000000"


def test_words_and_the_rest() -> None:
    event = Event("evt_4", EventType.MESSAGE_RECEIVED, 1795291384.0, "c", {"text": " Vote  for\nme now", "channel": "p3"})
    assert asked(event, "%k|%s|%s|%r|%a") == "Vote|for|me|for+me+now|Vote+for+me+now"
    assert asked(event, "%b|%i|%f|%n|%T|%c|%C|%O") == "+Vote++for%0Ame+now|p3|p3|simrack|1795291384|0|UTF-8|0"


def test_a_percent_sign_and_what_is_no_escape() -> None:
    assert asked(RECEIVED, "a=%%&b=%20&c=%z&d=%u%M%B%R%m") == "a=%&b=%20&c=%z&d="


def test_a_text_cannot_add_parameters_or_be_read_as_a_template() -> None:
    event = Event("evt_5", EventType.MESSAGE_RECEIVED, 0.0, "c", {"text": "x&to=1#%p\r\nHost: y"})
    assert asked(event, "text=%b") == "text=x%26to%3D1%23%25p%0D%0AHost%3A+y"


def test_ucs2_may_be_handed_over_as_kannel_does() -> None:
    event = Event("evt_6", EventType.MESSAGE_RECEIVED, 0.0, "c", {"text": "Жы", "encoding": "ucs2"})
    assert asked(event, "%b&%C&%c", charset="UTF-16BE") == "%04%16%04K&UTF-16BE&2"
    assert asked(event, "%b&%C&%c") == "%D0%96%D1%8B&UTF-8&2"


def test_a_bearerbox_gets_its_password_where_the_template_says_so() -> None:
    assert asked(RECEIVED, "username=u&password=%{secret}&from=%p") == "username=u&password=swordfish&from=%2B491711234567"
    assert "swordfish" not in asked(RECEIVED, "from=%p")
    assert header(posted("kannel", signing="basic", secret="swordfish"), "Authorization") == "Basic c2ltcmFjazpzd29yZGZpc2g="


@pytest.mark.parametrize(
    ("body", "good"),
    [("Sent.", True), ("", True), ("0: Accepted for delivery", True), ("Authorization failed for sendsms", False)],
)
def test_a_bearerbox_says_202_to_what_it_refuses(body: str, good: bool) -> None:
    assert (FORMATS["kannel"].hear(hook("wh_1", HOME, "x", "kannel", {}, "DE"), body).fault == "") is good


def test_what_the_mask_leaves_out_is_not_told() -> None:
    assert tried("kannel", told.SENT, dlr_mask=19) is None
    assert tried("kannel", told.DELIVERED, dlr_mask=19) is not None
    assert EventType.MESSAGE_SENT in untold("kannel", {"dlr_mask": 19})
    assert EventType.MESSAGE_SENT not in untold("kannel", {})
