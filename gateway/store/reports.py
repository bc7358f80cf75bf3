"""Status reports: kept first, matched when the part they speak of is known. Jobs for the writer.

A report is matched by SIM, reference, recipient and time, never by the reference alone: it is one octet and wraps.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from peewee import SqliteDatabase

from gateway.numbers import same_subscriber
from gateway.records import Message, Report, Status
from gateway.store import progress

# Service centres keep trying for days and report at the end of it.
MATCH_WINDOW_S = 7 * 24 * 3600
# A report can overtake the answer to the send it speaks of, but not by more than this.
EARLY_S = 600

# TP-Status, 3GPP TS 23.040 clause 9.2.3.15.
_FIRST_TEMPORARY = 0x20
_FIRST_FINAL_FAILURE = 0x40


def outcome_of(status: int) -> Status:
    """What TP-Status says of the part: delivered, undelivered, or still sent while the service centre goes on trying."""
    if status < _FIRST_TEMPORARY:
        return Status.DELIVERED
    return Status.SENT if status < _FIRST_FINAL_FAILURE else Status.UNDELIVERED


def keep(db: SqliteDatabase, report: Report, now: float) -> Message | None:
    """Keep a report for good, and let the message it speaks of follow it. Returns the message if that changed it."""
    fingerprint = hashlib.sha256(f"{report.sim}|{report.raw}".encode()).hexdigest()
    added = db.execute_sql(
        "INSERT OR IGNORE INTO reports (fingerprint, channel, sim, arrived_at, raw, reference, recipient, status, service_time,"
        " discharge_time) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (fingerprint, report.channel, report.sim, now, report.raw, report.reference, report.recipient, report.status,
         _iso(report.service_time), _iso(report.discharge_time)),
    )  # fmt: skip
    if added.rowcount == 0:
        return None
    found = _find_attempt(db, report, now)
    if found is None:
        return None
    attempt_id, part_id = found
    db.execute_sql("UPDATE reports SET part_id = ? WHERE fingerprint = ?", (part_id, fingerprint))
    return _apply(db, attempt_id, part_id, report.reference, report.status, now)


def match_earlier(db: SqliteDatabase, attempt_id: int, part_id: int, now: float) -> bool:
    """The send of this part was recorded just now: did a report for it come before? True if the message changed."""
    sim, reference, recipient, started_at = db.execute_sql(
        "SELECT sim, reference, recipient, started_at FROM attempts WHERE id = ?", (attempt_id,)
    ).fetchone()
    changed = False
    for report_id, status, to in db.execute_sql(
        "SELECT id, status, recipient FROM reports WHERE part_id IS NULL AND sim = ? AND reference = ? AND arrived_at >= ?",
        (sim, reference, started_at - EARLY_S),
    ).fetchall():
        if same_subscriber(to, recipient):
            db.execute_sql("UPDATE reports SET part_id = ? WHERE id = ?", (part_id, report_id))
            changed = _apply(db, attempt_id, part_id, reference, status, now) is not None or changed
    return changed


def match_unanswered(db: SqliteDatabase, attempt_id: int, part_id: int, now: float) -> bool:
    """This part became unknown just now: did a report come while its answer was awaited? True if the message changed.

    The reference was never learnt; a report for this person that belongs to no other text speaks of this one.
    """
    sim, recipient, started_at = db.execute_sql(
        "SELECT sim, recipient, started_at FROM attempts WHERE id = ?", (attempt_id,)
    ).fetchone()
    changed = False
    for report_id, reference, status, to in db.execute_sql(
        "SELECT id, reference, status, recipient FROM reports WHERE part_id IS NULL AND sim = ? AND arrived_at >= ? ORDER BY id",
        (sim, started_at),
    ).fetchall():
        if same_subscriber(to, recipient):
            db.execute_sql("UPDATE reports SET part_id = ? WHERE id = ?", (part_id, report_id))
            changed = _apply(db, attempt_id, part_id, reference, status, now) is not None or changed
    return changed


def _find_attempt(db: SqliteDatabase, report: Report, now: float) -> tuple[int, int] | None:
    """The attempt a report speaks of: same SIM, reference, recipient, nearest in time; else one whose reference we never learnt.

    Only parts that still wait for their last word: of 256 texts to one person two carry one reference, and a report must not be
    spent on a part that has had its own.
    """
    candidates = db.execute_sql(
        "SELECT a.id, a.part_id, a.recipient, a.started_at FROM attempts a JOIN parts p ON p.id = a.part_id"
        " WHERE a.sim = ? AND a.reference = ? AND a.state IN ('sent', 'unknown') AND a.started_at > ?"
        f" AND {_WAITS} ORDER BY a.id DESC LIMIT 20",
        (report.sim, report.reference, now - MATCH_WINDOW_S),
    ).fetchall()
    same = [row for row in candidates if same_subscriber(row[2], report.recipient)]
    if not same:
        unanswered = db.execute_sql(
            "SELECT a.id, a.part_id, a.recipient, a.started_at FROM attempts a JOIN parts p ON p.id = a.part_id"
            " WHERE a.sim = ? AND a.reference IS NULL AND a.state = 'unknown' AND a.started_at > ?"
            f" AND {_WAITS} ORDER BY p.status <> 'unknown', a.id LIMIT 50",
            (report.sim, now - MATCH_WINDOW_S),
        ).fetchall()
        same = [row for row in unanswered if same_subscriber(row[2], report.recipient)][:1]
    if not same:
        return None
    best = min(same, key=lambda row: _distance(report.service_time, row))
    return best[0], best[1]


# `queued`: an unknown that is about to be sent again, and need not be when its report comes first.
# A part that went again from another SIM waits for the report of that copy: the first one was never joined with the rest.
_WAITS = (
    "(p.status IN ('sent', 'unknown') OR (a.state = 'unknown' AND p.status = 'queued'))"
    " AND (a.state = 'unknown' OR a.id = (SELECT MAX(id) FROM attempts WHERE part_id = p.id AND state IN ('sent', 'unknown')))"
)


def _distance(service_time: datetime | None, row: tuple[Any, ...]) -> tuple[float, int]:
    """How far the service centre's timestamp of the submission is from our own; the newest attempt where it says nothing."""
    return (abs(service_time.timestamp() - row[3]) if service_time else 0.0, -row[0])


def _apply(db: SqliteDatabase, attempt_id: int, part_id: int, reference: int, status: int, now: float) -> Message | None:
    outcome = outcome_of(status)
    progress.went_after_all(db, part_id)
    changed = db.execute_sql(
        "UPDATE parts SET status = ?, reference = ?, delivered_at = CASE ? WHEN 'delivered' THEN ? END,"
        " sent_at = COALESCE(sent_at, ?) WHERE id = ? AND status IN ('sent', 'unknown') AND status <> ?",
        (outcome.value, reference, outcome.value, now, now, part_id, outcome.value),
    )
    if changed.rowcount == 0:
        return None
    db.execute_sql("UPDATE attempts SET reference = ? WHERE id = ? AND reference IS NULL", (reference, attempt_id))
    (message_id,) = db.execute_sql("SELECT message_id FROM parts WHERE id = ?", (part_id,)).fetchone()
    before = db.execute_sql("SELECT status, recipient, lane, channel FROM messages WHERE id = ?", (message_id,)).fetchone()
    if before[0] == Status.SENDING or not progress.follow_parts(db, message_id, now):
        return None  # its other parts are on their way; the message follows when the last of them is recorded
    message = progress.fetch(db, message_id)
    if message.status is Status.QUEUED:
        # An unknown part is settled and the parts behind it may go on, on the same channel.
        db.execute_sql("UPDATE messages SET due_at = ?, pinned = ?, ready = 0 WHERE id = ?", (now, before[3], message_id))
    progress.call_next(db, before[1], before[2], now)
    if message.status is Status.QUEUED:
        return None
    if outcome is Status.UNDELIVERED:
        db.execute_sql(
            "UPDATE messages SET error_code = ?, error_reason = ? WHERE id = ?",
            (f"report:{status}", REASONS.get(status, f"the service centre gave up (TP-Status {status})"), message_id),
        )
        message = progress.fetch(db, message_id)
    return message


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


# TP-Status of parts that were not delivered (23.040 clause 9.2.3.15), as a person says it.
REASONS = {
    0x40: "remote procedure error in the network",
    0x41: "the recipient's phone cannot take this text",
    0x42: "rejected by the recipient's phone",
    0x43: "the recipient cannot be obtained",
    0x44: "quality of service not available",
    0x45: "no way from this network to the recipient's",
    0x46: "not delivered within its validity",
    0x47: "deleted by the sender",
    0x48: "deleted by the service centre",
    0x49: "unknown to the service centre",
    0x60: "congestion; the service centre stopped trying",
    0x61: "the recipient was busy; the service centre stopped trying",
    0x62: "no answer from the recipient; the service centre stopped trying",
    0x63: "service rejected; the service centre stopped trying",
    0x64: "quality of service not available; the service centre stopped trying",
    0x65: "error in the recipient's phone; the service centre stopped trying",
}
