"""Rows to records and back, for messages and attempts. Knows the column order, nothing of queues or rules."""

from __future__ import annotations

import json
from typing import Any

from gateway.records import Attempt, Direction, Encoding, Message, MessageError, OnUnknown, Status, Word
from gateway.store.lanes import pool_of

MESSAGE_COLUMNS = (
    "public_id, direction, status, recipient, sender, text, encoding, parts, channel, client_ref, created_at, sent_at, "
    "delivered_at, error_code, error_reason, error_advice, flash, priority, send_at, expires_at, on_unknown, incomplete, "
    "flaws, raw, data, campaign, lane, route, extension, inbound, claimed, id,"
    " (SELECT p.reference FROM parts p WHERE p.message_id = messages.id ORDER BY p.number DESC LIMIT 1)"
)
ATTEMPT_COLUMNS = "number, channel, sim, started_at, ended_at, state, reference, word, code, reason, why"


def message(row: tuple[Any, ...]) -> Message:
    """`row` holds MESSAGE_COLUMNS."""
    return Message(
        id=row[0],
        direction=Direction(row[1]),
        status=Status(row[2]),
        to=row[3],
        from_=row[4],
        text=row[5],
        encoding=Encoding(row[6]),
        parts=row[7],
        channel=row[8],
        client_ref=row[9],
        created_at=row[10],
        sent_at=row[11],
        delivered_at=row[12],
        error=None if row[13] is None else MessageError(row[13], row[14] or "", row[15] or ""),
        flash=bool(row[16]),
        priority=row[17],
        send_at=row[18],
        expires_at=row[19],
        on_unknown=None if row[20] is None else OnUnknown(row[20]),
        incomplete=bool(row[21]),
        flaws=words(row[22]),
        raw=words(row[23]),
        data=bytes(row[24] or b""),
        campaign=row[25],
        pool=pool_of(row[26]) or None,
        lane=row[26] or "",
        route=row[27],
        extension=row[28],
        inbound=row[29],
        claimed=bool(row[30]),
        serial=row[31],
        reference=row[32],
    )


def attempt(row: tuple[Any, ...]) -> Attempt:
    """`row` holds ATTEMPT_COLUMNS."""
    return Attempt(
        part=row[0],
        channel=row[1],
        sim=row[2],
        started_at=row[3],
        ended_at=row[4],
        outcome=row[5],
        reference=row[6],
        word=None if row[7] is None else Word(row[7]),
        code=row[8] or "",
        reason=row[9] or "",
        why=row[10],
    )


def words(column: str | None) -> tuple[str, ...]:
    return tuple(json.loads(column)) if column else ()


def column(words: tuple[str, ...]) -> str | None:
    return json.dumps(list(words)) if words else None
