from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from peewee import SqliteDatabase

from gateway.pdu.join import join
from gateway.records import Concat, Encoding, IncomingPart, Message
from gateway.store import inbox
from tests.store.conftest import NOW

SCTS = datetime(2026, 11, 21, 20, 3, 4, tzinfo=UTC)
_ids = itertools.count(1)


def part(text: str = "OK", at: int = 0, **given: object) -> IncomingPart:
    made = IncomingPart(
        channel="p0",
        sim="sim0",
        raw=f"raw of {text!a} {at}".replace("'", ""),
        sender="+491701234567",
        service_time=SCTS + timedelta(seconds=at),
        text=text,
    )
    return replace(made, **given)  # type: ignore[arg-type]


def keep(db: SqliteDatabase, incoming: IncomingPart, now: float = NOW) -> Message | None:
    return inbox.keep(db, incoming, "+4930123", join, lambda: f"msg_{next(_ids)}", now)


def piece(number: int, text: str, at: int, reference: int = 7, total: int = 2) -> IncomingPart:
    return part(text, at, concat=Concat(reference, total, number))


def test_a_text_becomes_a_message_to_our_own_number(db: SqliteDatabase) -> None:
    message = keep(db, part("Hello"))
    assert message is not None
    assert (message.text, message.from_, message.to, message.status, message.raw) == (
        "Hello",
        "+491701234567",
        "+4930123",
        "received",
        (),
    )


def test_a_second_copy_after_a_failed_delete_is_recognised(db: SqliteDatabase) -> None:
    assert keep(db, part("OK")) is not None
    assert keep(db, part("OK")) is None


def test_two_genuine_ok_are_two_messages(db: SqliteDatabase) -> None:
    assert keep(db, part("OK", at=0)) is not None
    assert keep(db, part("OK", at=1)) is not None


def test_the_same_text_on_two_sims_is_two_messages(db: SqliteDatabase) -> None:
    assert keep(db, part("OK")) is not None
    assert keep(db, part("OK", sim="sim1", channel="p1")) is not None


def test_parts_in_any_order_become_one_message(db: SqliteDatabase) -> None:
    assert keep(db, piece(2, "world", at=1)) is None
    message = keep(db, piece(1, "hello ", at=0))
    assert message is not None and (message.text, message.parts) == ("hello world", 2)


def test_a_part_that_comes_twice_is_counted_once(db: SqliteDatabase) -> None:
    assert keep(db, piece(1, "hello ", at=0)) is None
    assert keep(db, piece(1, "hello ", at=0)) is None
    message = keep(db, piece(2, "world", at=1))
    assert message is not None and message.text == "hello world"


def test_halves_of_two_long_texts_with_one_reference_find_their_own(db: SqliteDatabase) -> None:
    keep(db, piece(1, "first/", at=0))
    keep(db, piece(1, "second/", at=600))
    one = keep(db, piece(2, "one", at=1))
    two = keep(db, piece(2, "two", at=601))
    assert one is not None and two is not None
    assert (one.text, two.text) == ("first/one", "second/two")


def test_an_emoji_split_between_two_parts_is_whole_again(db: SqliteDatabase) -> None:
    keep(db, replace(piece(1, "\ud83d", at=0), encoding=Encoding.UCS2))
    message = keep(db, replace(piece(2, "\ude00!", at=0), encoding=Encoding.UCS2))
    assert message is not None and message.text == "😀!"


def test_what_stays_incomplete_is_handed_on_flagged_with_its_pdus(db: SqliteDatabase) -> None:
    keep(db, piece(2, "world", at=0), now=NOW)
    assert inbox.hand_on_incomplete(db, NOW - 1, lambda _: "+4930123", join, lambda: "msg_late", NOW) == []

    (message,) = inbox.hand_on_incomplete(db, NOW, lambda _: "+4930123", join, lambda: "msg_late", NOW + 86400)
    assert (message.text, message.incomplete, message.raw) == ("world", True, ("raw of world 0",))
    assert inbox.hand_on_incomplete(db, NOW, lambda _: "", join, lambda: "msg_again", NOW + 86400) == []


def test_what_cannot_be_decoded_is_kept_with_its_pdu_and_a_flag(db: SqliteDatabase) -> None:
    broken = IncomingPart("p0", "sim0", "0791XX", flaws=("the PDU is not hexadecimal",))
    message = keep(db, broken)
    assert message is not None and (message.raw, message.flaws) == (("0791XX",), ("the PDU is not hexadecimal",))
    assert keep(db, broken) is None


def test_a_part_numbered_beyond_its_total_is_a_message_of_its_own(db: SqliteDatabase) -> None:
    assert keep(db, piece(3, "odd", at=0, total=2)) is not None


def test_binary_data_is_kept_whole(db: SqliteDatabase) -> None:
    message = keep(db, part("", data=b"\x00\xff", encoding=Encoding.DATA))
    assert message is not None and (message.data, message.raw) == (b"\x00\xff", ("raw of  0",))
