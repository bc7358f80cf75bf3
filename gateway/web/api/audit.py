"""`/v1/audit`: who changed what, newest first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, StringConstraints

from gateway.clock import isoformat
from gateway.store.audit import KINDS, Audit, Entry
from gateway.web.answers import answer
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import Limit, Out, QueryIn, Timestamp


class AuditQuery(QueryIn):
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None = None
    limit: Limit = 50


class AuditOfQuery(AuditQuery):
    about: Literal[KINDS] | None = Field(None, description="One kind of thing alone.")  # type: ignore[valid-type]


class AuditEntry(Out):
    id: int
    at: Timestamp
    who: str
    what: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(Out):
    data: list[AuditEntry]
    has_more: bool
    next_cursor: str | None


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("audit", __name__, url_prefix="/v1/audit", tag="Service")

    @bp.get("")
    @guard.needs("admin")
    @bp.input(AuditOfQuery, location="query", arg_name="query")
    @bp.output(AuditPage)
    @bp.doc(summary="Who changed what, newest first", security="bearer", responses=documented(401, 403, 422))
    def find(query: AuditOfQuery) -> Response:
        return page(doors, query, query.about or "")

    return bp


def page(doors: Doors, query: AuditQuery, about: str) -> Response:
    """`about` is one kind of thing; everything where it is empty."""
    found = Audit(doors.store.read).page(about, None if query.cursor is None else int(query.cursor), query.limit + 1)
    shown, more = found[: query.limit], len(found) > query.limit
    cursor = str(shown[-1].id) if more else None
    return answer({"data": [_entry_json(one) for one in shown], "has_more": more, "next_cursor": cursor})


def _entry_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": isoformat(entry.at),
        "who": entry.who,
        "what": entry.what,
        "subject": entry.subject,
        "before": entry.before,
        "after": entry.after,
    }
