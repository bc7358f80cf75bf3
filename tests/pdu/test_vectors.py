"""Whole PDUs: those worked from the specification beside this file, and the published ones when they are at hand."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from gateway.pdu import submit
from gateway.pdu.deliver import decode as decode_deliver
from gateway.pdu.describe import describe
from gateway.pdu.fields import PduError
from gateway.pdu.header import Element
from gateway.pdu.join import join
from gateway.records import Concat, Encoding, Part

HERE = Path(__file__).resolve().parent
OURS = json.loads((HERE.parent / "vectors" / "pdu_spec.json").read_text())
PUBLISHED = HERE.parents[2] / "shared" / "vectors" / "pdu_vectors.json"
VECTORS = json.loads(PUBLISHED.read_text()) if PUBLISHED.exists() else []
published = pytest.mark.skipif(not VECTORS, reason=f"the published vectors are not on this machine: no {PUBLISHED}")

# What `describe` says beyond what a published vector expects: optional fields that vector leaves out.
BEYOND = {"flaws", "trailing_octets", "status_class", "dcs", "encoding", "udl"}
GROUPS = sorted({vector["group"] for vector in VECTORS if "group" in vector})
SOUND = [v for v in VECTORS if not v["expect"].get("error") and not v["expect"].get("lenient")]
# Those whose type of address is the one we would choose: here the number alone decides it.
ENCODED = [
    v for v in SOUND if v["direction"] == "submit" and "encode" in v["tags"] and v["expect"]["toa"] in (0x91, 0x81)
]


def named(vectors: list[dict]) -> list:
    return [pytest.param(vector, id=vector.get("id") or vector["name"]) for vector in vectors]


@pytest.mark.parametrize("vector", named(OURS))
def test_a_pdu_worked_from_the_specification_is_read_as_worked(vector: dict) -> None:
    assert describe(vector["direction"], vector["pdu"], vector["has_smsc"]) == vector["expect"]


@published
@pytest.mark.parametrize("vector", named(SOUND))
def test_a_published_pdu_is_read_as_published(vector: dict) -> None:
    shown = describe(vector["direction"], vector["pdu"], vector["has_smsc"])
    assert {name: shown.get(name) for name in vector["expect"]} == vector["expect"]
    assert set(shown) - set(vector["expect"]) <= BEYOND


@published
@pytest.mark.parametrize("vector", named([v for v in VECTORS if v["expect"].get("error")]))
def test_a_published_malformed_pdu_is_refused_or_flagged(vector: dict) -> None:
    try:
        shown = describe(vector["direction"], vector["pdu"], vector["has_smsc"])
    except PduError as refusal:
        assert refusal.field and refusal.octet is not None and refusal.reason
        return
    assert vector["expect"].get("salvage_allowed") and shown["flaws"]


@published
@pytest.mark.parametrize("vector", named([v for v in VECTORS if v["expect"].get("lenient")]))
def test_a_published_odd_pdu_is_read_as_far_as_it_goes(vector: dict) -> None:
    known = {name: value for name, value in vector["expect"].items() if name != "lenient"}
    try:
        shown = describe(vector["direction"], vector["pdu"], vector["has_smsc"])
    except PduError:
        assert not known
        return
    assert {name: shown.get(name) for name in known} == known


@published
@pytest.mark.parametrize("group", GROUPS)
def test_published_parts_join_to_the_published_text(group: str) -> None:
    vectors = [vector for vector in VECTORS if vector.get("group") == group]
    whole = next((vector for vector in vectors if "group_text" in vector or "group_data" in vector), None)
    if whole is None or vectors[0]["direction"] != "deliver":
        texts = [describe(v["direction"], v["pdu"], v["has_smsc"]).get("text") for v in vectors]
        assert whole is None or "".join(map(str, texts)) == whole["group_text"]
        return
    pieces = [decode_deliver(vector["pdu"], smsc=vector["has_smsc"]) for vector in reversed(vectors)]
    if "group_text" in whole:
        assert join(pieces) == whole["group_text"]
    else:
        in_order = sorted(pieces, key=lambda piece: piece.concat.number if piece.concat else 0)
        assert b"".join(piece.data for piece in in_order).hex().upper() == whole["group_data"]


def _elements(expected: dict) -> tuple[Element, ...]:
    ours = {0x00, 0x08, 0x24, 0x25}
    return tuple(Element(e["iei"], bytes.fromhex(e["data"])) for e in expected.get("udh", ()) if e["iei"] not in ours)


@published
@pytest.mark.parametrize("vector", named(ENCODED))
def test_a_published_encoder_and_ours_write_the_same_octets(vector: dict) -> None:
    expected = vector["expect"]
    concat = None
    if "concat" in expected:
        c = expected["concat"]
        concat = Concat(c["ref"], c["total"], c["seq"], c["ref_bits"] == 16)
    text = expected.get("text", bytes.fromhex(expected.get("data", "")).decode("latin-1"))
    validity = expected.get("validity", {})
    made = submit.encode(
        Part(text, Encoding(expected["encoding"]), concat),
        expected["number"],
        reference=expected["mr"],
        report=expected["srr"],
        reject_duplicates=expected["rd"],
        message_class=expected.get("class"),
        validity_minutes=validity.get("minutes"),
        valid_until=datetime.fromisoformat(validity["timestamp"]) if "timestamp" in validity else None,
        smsc=expected["smsc"],
        elements=_elements(expected),
    )
    assert (made.hex, made.tpdu_len) == (vector["pdu"].upper(), expected["tpdu_len"])


def test_a_direction_nobody_knows_is_refused() -> None:
    with pytest.raises(PduError, match="direction"):
        describe("sideways", "00")


def test_what_was_salvaged_is_shown_with_its_flaws() -> None:
    shown = describe("deliver", "000404A1214300006230415190624005D4F29C0E")
    assert shown["text"] == "Test"
    assert shown["flaws"] == ["TP-UDL says 5, which is 5 octets, but 4 came"]
