"""`/v1/routes`: which texts go to which pool, or nowhere, in order; and why a text would go where it would go."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g
from werkzeug.routing import BaseConverter

from gateway.clock import isoformat
from gateway.core.routing.checks import RESERVED
from gateway.core.routing.routes import Explanation, Route, RouteFacts
from gateway.errors import BadValue
from gateway.web.answers import answer, nothing
from gateway.web.api.route_schemas import (
    ExplainIn,
    ExplainOut,
    MoveIn,
    ResetOut,
    RouteChange,
    RouteIn,
    RouteList,
    RouteOut,
)
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import Problem, bad_value, documented


class RouteName(BaseConverter):
    """Whatever is not one of the words that stand in the place of a name."""

    regex = f"(?!(?:{'|'.join(RESERVED)})$)[^/]+"


_BODY = (400, 401, 403, 413, 415, 422)


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("routes", __name__, url_prefix="/v1/routes", tag="Routes")
    routes = doors.routes

    @bp.get("")
    @guard.needs("read")
    @bp.output(RouteList)
    @bp.doc(summary="List the routes in their order", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": [route_json(route) for route in routes.all()]})

    @bp.post("")
    @guard.needs("admin")
    @bp.input(RouteIn, arg_name="wanted")
    @bp.output(RouteOut, status_code=201, description="Made; it holds for the next text")
    @bp.doc(summary="Make a route", security="bearer", responses=documented(*_BODY, 409, 503))
    def add(wanted: RouteIn) -> Response:
        try:
            added = routes.add(_as_route(wanted.name, wanted), g.key.name, wanted.position)
        except BadValue as fault:
            raise _refusal(fault) from fault
        return answer(route_json(added), 201, {"Location": f"/v1/routes/{added.name}"})

    @bp.get("/<route:name>")
    @guard.needs("read")
    @bp.output(RouteOut)
    @bp.doc(summary="One route", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        return answer(route_json(routes.get(name)))

    @bp.put("/<route:name>")
    @guard.needs("admin")
    @bp.input(RouteChange, arg_name="wanted")
    @bp.output(RouteOut)
    @bp.doc(summary="Say anew what a route does", security="bearer", responses=documented(*_BODY, 404, 409, 503))
    def change(name: str, wanted: RouteChange) -> Response:
        routes.get(name)  # before its fields are judged
        try:
            changed = routes.change(name, _as_route(name, wanted), g.key.name)
        except BadValue as fault:
            raise _refusal(fault) from fault
        return answer(route_json(changed))

    @bp.delete("/<route:name>")
    @guard.needs("admin")
    @bp.output({}, status_code=204, description="Removed")
    @bp.doc(summary="Remove a route", security="bearer", responses=documented(401, 403, 404, 503))
    def remove(name: str) -> Response:
        routes.remove(name, g.key.name)
        return nothing()

    @bp.post("/<route:name>/move")
    @guard.needs("admin")
    @bp.input(MoveIn, arg_name="wanted")
    @bp.output(RouteOut)
    @bp.doc(summary="Move a route to another position", security="bearer", responses=documented(*_BODY, 404, 503))
    def move(name: str, wanted: MoveIn) -> Response:
        return answer(route_json(routes.move(name, wanted.position, g.key.name)))

    @bp.post("/reset")
    @guard.needs("admin")
    @bp.output(ResetOut)
    @bp.doc(summary="Remove all routes", security="bearer", responses=documented(401, 403, 503))
    def reset() -> Response:
        return answer({"removed": routes.reset(g.key.name)})

    @bp.post("/explain")
    @guard.needs("read")
    @bp.input(ExplainIn, arg_name="wanted")
    @bp.output(ExplainOut)
    @bp.doc(summary="Why a text would go where it would go", security="bearer", responses=documented(*_BODY, 404))
    def explain(wanted: ExplainIn) -> Response:
        at = doors.clock.now() if wanted.at is None else wanted.at
        key = g.key.name if wanted.key is None else doors.store.keys.require(wanted.key).name
        facts = RouteFacts(wanted.to, wanted.from_, key, wanted.priority, wanted.campaign, at)
        return answer(_explanation_json(routes.explain(facts)))

    return bp


def _as_route(name: str, wanted: RouteChange) -> Route:
    return Route(
        name=name,
        enabled=wanted.enabled,
        to_prefix=tuple(wanted.to_prefix),
        country=wanted.country or "",
        operator=wanted.operator or "",
        to_pattern=wanted.to_pattern or "",
        from_=wanted.from_ or "",
        key=wanted.key or "",
        priority_min=wanted.priority_min,
        priority_max=wanted.priority_max,
        campaign=wanted.campaign or "",
        hours=wanted.hours or "",
        zone=wanted.zone,
        pool=wanted.pool or "",
        refuse=wanted.refuse or "",
    )


def _refusal(fault: BadValue) -> Problem:
    """422 for a value that is wrong by itself; 409 for one that only another value makes wrong."""
    problem = bad_value(fault)
    if fault.field == "priority_max":
        problem.status = 409
    return problem


def route_json(route: Route) -> dict[str, object]:
    return {
        "name": route.name,
        "position": route.position,
        "enabled": route.enabled,
        "to_prefix": list(route.to_prefix),
        "country": route.country or None,
        "operator": route.operator or None,
        "to_pattern": route.to_pattern or None,
        "from": route.from_ or None,
        "key": route.key or None,
        "priority_min": route.priority_min,
        "priority_max": route.priority_max,
        "campaign": route.campaign or None,
        "hours": route.hours or None,
        "zone": route.zone,
        "pool": route.pool or None,
        "refuse": route.refuse or None,
    }


def _explanation_json(found: Explanation) -> dict[str, object]:
    return {
        "to": found.facts.to,
        "country": found.country or None,
        "operator": found.operator or None,
        "key": found.facts.key_name,
        "at": isoformat(found.facts.at),
        "looked_at": [
            {"position": one.position, "route": one.route, "matched": one.matched, "why": one.why} for one in found.looks
        ],
        "route": found.decision.route,
        "pool": found.decision.pool,
        "refusal": found.refusal,
        "channels": [dict(channel) for channel in found.channels],
    }
