"""What a box says of delivery as the reports that a modem would have brought: one for each part of ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.dinstar.text import Text
from gateway.dinstar.wire import DeliverStatus, canonical, moment
from gateway.numbers import same_subscriber
from gateway.records import Report

_FIRST_TEMPORARY, _FIRST_FAILURE = 0x20, 0x40  # TP-Status, 3GPP TS 23.040 clause 9.2.3.15

# Parts may be reported before the last one is sent, but not by more than this. References come again after 256 texts.
_EARLY_S = 600


def final(status: int) -> bool:
    return not _FIRST_TEMPORARY <= status < _FIRST_FAILURE


def by_reference(sent: Iterable[Text]) -> dict[tuple[int, int], list[Text]]:
    """The texts that a port and a reference may speak of, the oldest first."""
    found: dict[tuple[int, int], list[Text]] = {}
    for text in sent:
        if text.reference is not None:
            for step in range(1 - text.parts, text.parts):
                found.setdefault((text.port, (text.reference + step) % 256), []).append(text)
    return found


def index(text: Text, row: DeliverStatus) -> int | None:
    """Which part of this text the network speaks of, from 1; None if of another text.

    A box shows one reference for a text of several parts, of its first or its last one; they are counted up (TP-MR wraps).
    """
    if text.reference is None:
        return None
    if text.port != row.port or not same_subscriber(text.number, row.number) or _too_early(text, row):
        return None
    behind, before = (row.reference - text.reference) % 256, (text.reference - row.reference) % 256
    if behind < text.parts:
        return 1 + behind
    if before < text.parts:
        return text.parts - before
    return None


def _too_early(text: Text, row: DeliverStatus) -> bool:
    sent, reported = moment(text.sent_at), moment(row.time)
    return sent is not None and reported is not None and (sent - reported).total_seconds() > _EARLY_S


def report(text: Text, part: int, status: int, box: str, sn: str) -> Report:
    """`raw` holds what tells this report from every other, and nothing that differs with the way it was learnt: the same fact
    comes as a result, as a status, and pushed."""
    reference = text.reference or 0
    facts = {"number": text.number, "port": text.port, "ref_id": reference, "sn": sn, "status_code": status,
             "user_id": text.attempt_id}  # fmt: skip
    raw = f"{canonical(facts)} part {part}/{text.parts}"
    return Report(f"{box}.{text.port}", text.sim, raw, reference, text.number, status)
