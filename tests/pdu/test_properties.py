"""What must hold for every text and every string of octets."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pdu import deliver, status_report, submit
from gateway.pdu.describe import describe
from gateway.pdu.fields import PduError
from gateway.pdu.join import join
from gateway.pdu.split import preview, split
from gateway.pdu.tables import ABSENT, LOCKING, SINGLE
from gateway.records import Encoding

DIRECTIONS = ("deliver", "submit", "status_report")
WHEN = datetime(2026, 3, 14, 15, 9, 26, tzinfo=timezone(timedelta(hours=1)))
few = settings(max_examples=150)
many = settings(max_examples=1500)

GSM = "".join(dict.fromkeys(LOCKING[0].replace(ABSENT, "") + "".join(SINGLE[0].values())))
NATIONAL = sorted(set("".join(LOCKING.values())).union(*(table.values() for table in SINGLE.values())) - {ABSENT})
texts = st.one_of(
    st.text(max_size=700),
    st.text(alphabet=GSM, max_size=700),
    st.text(alphabet="a€{", min_size=150, max_size=330),
    st.text(alphabet="я😀", min_size=60, max_size=150),
    st.text(alphabet=LOCKING[1].replace(ABSENT, "") + "ş^€", max_size=500),
    st.text(alphabet=NATIONAL, max_size=300),
)
SOUND = tuple(
    bytes.fromhex(pdu)
    for pdu in (
        "0791947122723033040D91945111325476F000006230415190624004D4F29C0E",
        "0791947122723033440D91945111325476F00018623041519062400E0B000301020105040B8423F00041D83DDE00",
        "004100038121F400000B06240106250106954D07",
        "001900058121430500006230415190620A04D4F29C0E",
        "0006FF0381214362304151906240623041510124404607000004D4F29C0E",
    )
)


@pytest.mark.slow
@many
@given(texts, st.booleans(), st.booleans())
def test_split_then_join_gives_the_text_back_and_no_part_is_over_140_octets(
    text: str, national: bool, wide: bool
) -> None:
    parts = split(text, national=national, wide=wide, reference=200)
    assert join(parts[::-1]) == text
    for part in parts:
        assert part.text or not text
        sent = submit.decode(submit.encode(part, "+4915112345670").hex)
        assert (sent.text, sent.concat, sent.flaws) == (part.text, part.concat, ())
        octets = (sent.udl * 7 + 7) // 8 if part.encoding is Encoding.GSM7 else sent.udl
        assert octets <= 140
        received = deliver.decode(deliver.encode(part, "simrack", WHEN).hex)
        assert (received.text, received.concat, received.timestamp, received.flaws) == (part.text, part.concat, WHEN, ())


@pytest.mark.slow
@many
@given(texts, st.booleans())
def test_a_preview_and_the_parts_say_the_same(text: str, national: bool) -> None:
    parts = split(text, national=national)
    shown = preview(text, national=national)
    assert (shown.parts, shown.encoding, shown.characters) == (len(parts), parts[0].encoding, len(text))
    assert shown.remaining >= 0


@pytest.mark.slow
@many
@given(texts)
def test_national_tables_never_cost_more_parts(text: str) -> None:
    assert len(split(text, national=True)) <= len(split(text))


@pytest.mark.slow
@many
@given(st.text(alphabet=GSM, min_size=1, max_size=400))
def test_a_text_of_the_default_alphabet_is_never_shorter_in_ucs2(text: str) -> None:
    units = len(text.encode("utf-16-be")) // 2
    in_ucs2 = 1 if units <= 70 else -(-units // 67)
    assert len(split(text)) <= in_ucs2


@pytest.mark.slow
@settings(max_examples=6000)
@given(st.sampled_from(DIRECTIONS), st.binary(max_size=200), st.booleans())
def test_no_octets_make_a_decoder_raise_anything_undeclared(direction: str, octets: bytes, smsc: bool) -> None:
    try:
        shown = describe(direction, octets.hex(), smsc)
    except PduError as refusal:
        assert refusal.octet is not None and 0 <= refusal.octet <= len(octets)
        return
    assert shown["number"] is not None


@few
@given(st.binary(max_size=180))
def test_octets_at_random_are_read_or_refused(octets: bytes) -> None:
    for direction in DIRECTIONS:
        with suppress(PduError):
            describe(direction, octets.hex(), smsc=False)


@few
@given(st.one_of(st.text(max_size=400), st.text(alphabet=GSM, max_size=400)), st.booleans())
def test_a_text_survives_its_parts(text: str, national: bool) -> None:
    parts = split(text, national=national)
    pieces = [deliver.decode(deliver.encode(part, "+49151", WHEN).hex) for part in parts]
    assert join(pieces[::-1]) == text


@pytest.mark.slow
@settings(max_examples=6000)
@given(st.sampled_from(DIRECTIONS), st.sampled_from(SOUND), st.data())
def test_no_damage_to_a_sound_pdu_makes_a_decoder_raise_anything_undeclared(
    direction: str, pdu: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(pdu)
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, len(pdu) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(pdu)))] + data.draw(st.binary(max_size=5))
    try:
        describe(direction, bytes(damaged).hex())
    except PduError as refusal:
        assert refusal.field and refusal.reason


@pytest.mark.slow
@many
@given(st.text(max_size=40))
def test_no_string_makes_a_decoder_raise_anything_undeclared(text: str) -> None:
    for decode in (deliver.decode, submit.decode, status_report.decode):
        with suppress(PduError):
            decode(text)


@pytest.mark.slow
@many
@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.integers(-10, 300),
    st.one_of(st.none(), st.integers(-10, 10**7)),
    st.one_of(st.none(), st.text(max_size=25)),
)
def test_no_wish_makes_the_encoder_raise_anything_undeclared(
    text: str, recipient: str, reference: int, validity: int | None, smsc: str | None
) -> None:
    try:
        made = submit.encode(
            split(text)[0], recipient, reference=reference, validity_minutes=validity, smsc=smsc, report=True
        )
    except PduError as refusal:
        assert refusal.octet is None
        return
    read = submit.decode(made.hex)
    assert (read.number, read.text, read.mr, read.flaws) == (recipient, text, reference, ())
