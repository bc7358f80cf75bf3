"""The dlr-url of a request as Kannel calls it: the mask chooses, every escape of the address is replaced wherever it stands."""

from __future__ import annotations

import pytest

from gateway.pbx.formats import CALLBACKS, hook
from gateway.pbx.kannel_dlr import told_by
from gateway.records import Event, EventType
from tests.pbx import told

UNKNOWN = told.report(EventType.MESSAGE_UNKNOWN)


def asked(event: Event, url: str) -> str:
    request = CALLBACKS["kannel-dlr"].compose(event, hook("wh_1", url, "", "kannel-dlr", {"signing": "none"}, "DE"), told.AT)
    assert request is not None
    assert (request.method, request.body, request.headers) == ("GET", b"", (("User-Agent", "simrack"),))
    return request.url


@pytest.mark.parametrize(
    ("event", "url"),
    [
        (told.SENT, "http://x/dlr?type=8&fid=msg_2&a=ACK%2F"),
        (told.FAILED, "http://x/dlr?type=16&fid=msg_2&a=NACK%2Frejected"),
        (UNKNOWN, "http://x/dlr?type=4&fid=msg_2&a="),
        (
            told.DELIVERED,
            "http://x/dlr?type=1&fid=msg_2&a=id%3Amsg_2+sub%3A001+dlvrd%3A001+submit+date%3A2611212003+done+date%3A2611212003"
            "+stat%3ADELIVRD+err%3A000+text%3A",
        ),
        (
            told.UNDELIVERED,
            "http://x/dlr?type=2&fid=msg_2&a=id%3Amsg_2+sub%3A001+dlvrd%3A000+submit+date%3A2611212003+done+date%3A2611212003"
            "+stat%3AUNDELIV+err%3A001+text%3A",
        ),
    ],
)
def test_each_event_is_told_by_its_bit(event: Event, url: str) -> None:
    assert asked(event, "http://x/dlr?type=%d&fid=%F&a=%A") == url


def test_escapes_are_replaced_wherever_they_stand() -> None:
    assert asked(told.DELIVERED, "http://x/%i/%I/%d?p=%p&P=%P&q=%q&Q=%Q&k=%k&b=%b&c=%c&o=%o") == (
        "http://x/p3/msg_2/1?p=%2B491711234567&P=%2B4915110000000&q=%2B491711234567&Q=%2B4915110000000&k=Hallo&b=Hallo&c=0&o=42"
    )
    assert asked(told.SENT, "http://x/?t=%t&T=%T&n=%n&R=%R") == "http://x/?t=2026-11-21+20%3A03&T=1795291384&n=simrack&R="


def test_what_a_bearerbox_puts_behind_its_own_address_stays_as_it_is() -> None:
    # As Kannel 1.4.5 makes it of dlr-url in its group smsc: the address of its client, encoded once, is not ours to fill in.
    url = "http://127.0.0.1:13003/?username=u&password=p&dlr-url=http%3A%2F%2Fy%2Fdlr%3Ftype%3D%25d&dlr-mask=%d&dlr-mid=91fb-1"
    assert asked(told.DELIVERED, url) == url.replace("dlr-mask=%d", "dlr-mask=1")


def test_an_address_that_asks_for_a_secret_gets_none() -> None:
    assert asked(told.SENT, "http://x/?s=%{secret}&p=%%41") == "http://x/?s=&p=%41"


@pytest.mark.parametrize(
    ("mask", "events"),
    [
        (31, {"delivered", "undelivered", "unknown", "sent", "failed"}),
        (3, {"delivered", "undelivered"}),
        (24, {"sent", "failed"}),
        (4, {"unknown"}),
        (32, set()),
    ],
)
def test_the_mask_chooses_the_events(mask: int, events: set[str]) -> None:
    assert {kind.value.removeprefix("message.") for kind in told_by(mask)} == events
