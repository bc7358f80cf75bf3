"""`/v1/limits`: how much may leave, what is left of it, why a text has to wait, and how long many texts will take."""

from __future__ import annotations

from collections.abc import Sequence

from apiflask import APIBlueprint
from flask import Response, g

from gateway.clock import moment
from gateway.core.limits import checks as limit_checks
from gateway.core.limits.forecast import Forecast
from gateway.core.limits.view import Explanation, Refusal, Route, Use, waiting
from gateway.core.limits.walk import Load
from gateway.errors import BadValue, NotFound
from gateway.records import Counted, Limit, Per
from gateway.settings.spelling import nearest
from gateway.web.answers import answer, nothing
from gateway.web.api import limit_schemas as schemas
from gateway.web.api.asked import asked_number
from gateway.web.api.audit import AuditPage, AuditQuery, page
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import bad_value, documented

_BODY = (400, 401, 403, 404, 409, 413, 415, 422)
_ID = "/<int(max=999999999):limit_id>"


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("limits", __name__, url_prefix="/v1/limits", tag="Limits")
    limits, view = doors.limits, doors.limits_view

    def pools() -> list[str]:
        return [pool.name for pool in doors.pools.find()]

    def shown(limit: Limit) -> dict[str, object]:
        return {**limit_json(limit), "now": [_use_json(use) for use in view.uses([limit])[0]]}

    @bp.get("")
    @guard.needs("read")
    @bp.input(schemas.LimitsQuery, location="query", arg_name="query")
    @bp.output(schemas.LimitList)
    @bp.doc(summary="List the limits, and what is left of them", security="bearer", responses=documented(401, 403, 404, 409, 422))
    def find(query: schemas.LimitsQuery) -> Response:
        try:
            found = limits.all() if query.subject is None else view.of(query.subject, pools())
        except BadValue as fault:
            raise bad_value(fault, "parameter") from fault
        uses = view.uses(found, query.subject or "")
        data = [{**limit_json(limit), "now": [_use_json(use) for use in own]} for limit, own in zip(found, uses, strict=True)]
        return answer({"data": data})

    @bp.post("")
    @guard.needs("admin")
    @bp.input(schemas.LimitIn, arg_name="wanted")
    @bp.output(schemas.LimitOut, status_code=201, description="Made; it holds from the next text on, for what left before too")
    @bp.doc(summary="Make a limit", security="bearer", responses=documented(*_BODY, 503))
    def add(wanted: schemas.LimitIn) -> Response:
        added = limits.add(_as_limit(wanted), g.key.name, pools())
        return answer(shown(added), 201, {"Location": f"/v1/limits/{added.id}"})

    @bp.get(_ID)
    @guard.needs("read")
    @bp.output(schemas.LimitOut)
    @bp.doc(summary="One limit, and what is left of it", security="bearer", responses=documented(401, 403, 404))
    def get(limit_id: int) -> Response:
        return answer(shown(limits.get(limit_id)))

    @bp.put(_ID)
    @guard.needs("admin")
    @bp.input(schemas.LimitIn, arg_name="wanted")
    @bp.output(schemas.LimitOut)
    @bp.doc(summary="Say anew what a limit allows", security="bearer", responses=documented(*_BODY, 503))
    def change(limit_id: int, wanted: schemas.LimitIn) -> Response:
        limits.get(limit_id)  # before its fields are judged
        return answer(shown(limits.change(limit_id, _as_limit(wanted), g.key.name, pools())))

    @bp.delete(_ID)
    @guard.needs("admin")
    @bp.output({}, status_code=204, description="Removed")
    @bp.doc(summary="Remove a limit", security="bearer", responses=documented(401, 403, 404, 503))
    def remove(limit_id: int) -> Response:
        limits.remove(limit_id, g.key.name)
        return nothing()

    @bp.post(f"{_ID}/reset")
    @guard.needs("admin")
    @bp.input(schemas.LimitResetIn, arg_name="wanted")
    @bp.output(schemas.LimitResetOut, description="What left before counts no more; the audit keeps what it was")
    @bp.doc(summary="Set back what a limit has counted", security="bearer", responses=documented(*_BODY, 503))
    def reset(limit_id: int, wanted: schemas.LimitResetIn) -> Response:
        return answer({"reset": limits.reset(limit_id, g.key.name, wanted.subject)})

    @bp.get("/audit")
    @guard.needs("read")
    @bp.input(AuditQuery, location="query", arg_name="query")
    @bp.output(AuditPage)
    @bp.doc(summary="Who changed limits, newest first", security="bearer", responses=documented(401, 403, 422))
    def audit(query: AuditQuery) -> Response:
        return page(doors, query, "limit")

    @bp.get("/explain")
    @guard.needs("read")
    @bp.input(schemas.ExplainQuery, location="query", arg_name="query")
    @bp.output(schemas.LimitExplainOut)
    @bp.doc(summary="Could a text leave now, and what says no", security="bearer", responses=documented(401, 403, 404, 422))
    def explain(query: schemas.ExplainQuery) -> Response:
        route = _route(doors, query.channel, query.pool, query.key)
        return answer(_explanation_json(view.explain(route, doors.channels(), asked_number(doors, query.to), query.parts)))

    @bp.post("/forecast")
    @guard.needs("read")
    @bp.input(schemas.ForecastIn, arg_name="wanted")
    @bp.output(schemas.ForecastOut)
    @bp.doc(summary="How long many texts will take", security="bearer", responses=documented(*_BODY))
    def forecast(wanted: schemas.ForecastIn) -> Response:
        if wanted.pool is not None and wanted.channel is not None:
            raise BadValue("channel", "is given beside a pool", "give one of them")
        route = _route(doors, wanted.channel, wanted.pool, wanted.key)
        before = doors.store.read(lambda db: waiting(db, route, doors.channels()))
        load = Load(wanted.count + before, wanted.parts, wanted.recipients == "distinct")
        return answer({"count": wanted.count, "waiting": before, **_forecast_json(view.forecast(route, doors.channels(), load))})

    return bp


def _route(doors: Doors, channel: str | None, pool: str | None, key: str | None) -> Route:
    """Raises NotFound, naming the field, for what there is not."""
    channels = doors.settings.channel_names
    if channel is not None and channel not in channels:
        raise NotFound(f"there is no channel {channel}; {nearest(channel, channels)}", "channel")
    who = g.key.name if key is None else key
    if pool is None:
        return Route((channel,) if channel is not None else tuple(channels), key=who)
    pools = {view.name: view for view in doors.pools.find()}
    if pool not in pools:
        raise NotFound(f"there is no pool {pool}; {nearest(pool, pools)}", "pool")
    found = pools[pool]
    return Route(found.members if channel is None else (channel,), pool, who, found.choices, found.turns)


def _as_limit(wanted: schemas.LimitIn) -> Limit:
    given = {name for name, value in wanted.model_dump().items() if value is not None}
    counted, per = Counted(wanted.counted), None if wanted.per is None else Per(wanted.per)
    limit_checks.require_fields(counted, per, given)
    gap = (0.0, 0.0) if wanted.gap_s is None else (wanted.gap_s[0], wanted.gap_s[1])
    return Limit(
        id=0,
        subject=wanted.subject,
        counted=counted,
        per=per,
        most=wanted.most or 0,
        zone=wanted.zone or "UTC",
        reset_day=wanted.reset_day or 1,
        gap_s=gap,
        hours=wanted.hours or "",
        first=wanted.first or 0,
        factor=wanted.factor or 1.0,
        days=wanted.days or 0,
    )


def limit_json(limit: Limit) -> dict[str, object]:
    fields = limit_checks.fields_of(limit.counted, limit.per)
    found: dict[str, object] = {"id": limit.id, "subject": limit.subject, "counted": limit.counted}
    for name in limit_checks.FIELDS:
        found[name] = getattr(limit, name) if name in fields else None
    return found


def _use_json(use: Use) -> dict[str, object]:
    return {
        "subject": use.subject,
        "channel": use.channel or None,
        "used": use.used,
        "most": use.most,
        "left": use.left,
        "began_at": moment(use.began_at),
        "resets_at": moment(use.resets_at),
        "closed_until": moment(use.closed_until),
    }


def _explanation_json(found: Explanation) -> dict[str, object]:
    return {
        "may_leave": found.may,
        "until": moment(found.until),
        "channels": list(found.channels),
        "refusals": [refusal_json(one) for one in found.refusals],
    }


def refusal_json(one: Refusal) -> dict[str, object]:
    return {
        "limit": limit_json(one.limit),
        "subject": one.subject,
        "channel": one.channel or None,
        "until": moment(one.until),
        "reason": one.reason,
    }


def _forecast_json(found: Forecast) -> dict[str, object]:
    parts: Sequence[dict[str, object]] = [
        {"channel": one.channel, "texts": one.texts, "held_by": None if one.held_by is None else one.held_by.id}
        for one in found.parts
    ]
    return {
        "until": moment(found.until),
        "channels": parts,
        "held_by": None if found.held_by is None else limit_json(found.held_by),
    }
