"""`/v1/pools`: the sets of channels over which messages rotate, as they are now; they are changed, made and reset here."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, g
from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema
from werkzeug.routing import BaseConverter

from gateway.core.lanes import PoolView
from gateway.errors import BadValue
from gateway.patterns import LONGEST, SYNTAX
from gateway.settings import strategy
from gateway.settings.forms import NAME, expression
from gateway.web.answers import answer, nothing
from gateway.web.api.asked import asked_number
from gateway.web.api.channel_schemas import TrafficOut
from gateway.web.api.outlook_json import pool_outlook_json
from gateway.web.api.outlook_schemas import PoolExplainOut, PoolExplainQuery
from gateway.web.auth import Guard
from gateway.web.channel_json import traffic_json
from gateway.web.doors import Doors
from gateway.web.problems import Problem, bad_value, documented
from gateway.web.schemas import NO_NUL, In, Out

_BODY = (400, 401, 403, 409, 413, 415, 422, 503)
_POSITIONS = "[0-9]+(?:-[0-9]+)?"
_STRATEGIES = [
    ",".join(word for word in words if word)
    for words in product(("", "sticky"), ("", "cheapest", "failover"), ("", "rotate", "least-used", "weighted"))
][1:]


class PoolName(BaseConverter):
    """What may name a pool: not what could be positions of channels."""

    regex = f"(?!{_POSITIONS}$){NAME[0]}"


class PoolIn(In):
    """What is left out stays as it is. A new pool needs channels."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    channels: Annotated[list[str], Field(min_length=1, max_length=300)] = Field(
        [], description="Names, ranges (p0-3), positions (0-3) and other pools (pool:NAME): each entry is a tier."
    )
    strategy: Annotated[str, StringConstraints(max_length=64), WithJsonSchema({"type": "string", "enum": _STRATEGIES})] = Field(
        "rotate", description="sticky, then cheapest or failover, then rotate, least-used or weighted: one of each kind at most."
    )
    weights: dict[str, Annotated[float, Field(ge=0.001, le=1000)]] = Field({}, description="For weighted; 1 where not named.")
    accept: Annotated[str, StringConstraints(max_length=LONGEST, pattern=NO_NUL)] = Field(
        "", description=f"A regular expression for the whole of the recipients it takes; empty takes all. {SYNTAX}."
    )
    hint: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] = Field(
        "", description="Said to whom a recipient was refused."
    )


class MemberOut(Out):
    name: str
    state: Literal["starting", "ready", "unregistered", "lost", "parked"]
    traffic: TrafficOut


class PoolOut(Out):
    name: str
    channels: list[str] = Field(description="The entries as they were written")
    tiers: list[list[str]] = Field(description="The channels of each entry, each named once")
    strategy: str
    weights: dict[str, float]
    accept: str
    hint: str
    origin: Literal["configuration", "changed", "created"] = Field(
        description="As configured; changed since; or made here, without a place in the configuration"
    )
    members: list[MemberOut]


class PoolList(Out):
    data: list[PoolOut]


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("pools", __name__, url_prefix="/v1/pools", tag="Pools")
    pools, outlook = doors.pools, doors.outlook

    @bp.get("")
    @guard.needs("read")
    @bp.output(PoolList)
    @bp.doc(summary="List the pools", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": [_pool_json(doors, pool) for pool in pools.find()]})

    @bp.get("/<pool:name>")
    @guard.needs("read")
    @bp.output(PoolOut)
    @bp.doc(summary="One pool", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        return answer(_pool_json(doors, pools.get(name)))

    @bp.put("/<pool:name>")
    @guard.needs("admin")
    @bp.input(PoolIn, arg_name="wanted")
    @bp.output(PoolOut, description="It holds for the next text")
    @bp.doc(
        summary="Change a pool, or make one",
        description="Holds over restarts, also when the configuration says something else, until the pool is reset.",
        security="bearer",
        responses=documented(*_BODY, 404),
    )
    def change(name: str, wanted: PoolIn) -> Response:
        changes = {field: getattr(wanted, field) for field in wanted.model_fields_set}
        _check(changes)
        try:
            changed = pools.change(name, changes, g.key.name)
        except BadValue as fault:
            raise _refusal(fault) from fault
        return answer(_pool_json(doors, changed))

    @bp.delete("/<pool:name>")
    @guard.needs("admin")
    @bp.output({}, status_code=204, description="As configured again; one that is not configured is removed")
    @bp.doc(
        summary="Undo what was changed of a pool",
        description="A pool without a place in the configuration is removed, unless texts wait in it.",
        security="bearer",
        responses=documented(401, 403, 404, 409, 503),
    )
    def reset(name: str) -> Response:
        pools.reset(name, g.key.name)
        return nothing()

    @bp.get("/<pool:name>/explain")
    @guard.needs("read")
    @bp.input(PoolExplainQuery, location="query", arg_name="query")
    @bp.output(PoolExplainOut)
    @bp.doc(
        summary="Which channel would have the next text, and why not each other one",
        security="bearer",
        responses=documented(401, 403, 404, 422),
    )
    def explain(name: str, query: PoolExplainQuery) -> Response:
        pool, to = pools.get(name), asked_number(doors, query.to)
        found = outlook.of_pool(name, to, query.to or "", query.parts, query.key or "")
        return answer({"pool": name, "to": to or None, "strategy": pool.strategy, **pool_outlook_json(found)})

    return bp


def _check(changes: dict[str, Any]) -> None:
    """What is wrong by itself, whatever else is so."""
    for field, judge in (("strategy", strategy.words), ("accept", expression)):
        if field in changes:
            try:
                judge(changes[field])
            except BadValue as fault:
                raise BadValue(field, fault.reason, fault.remedy) from fault


def _refusal(fault: BadValue) -> Problem:
    """422 for a value that is wrong by itself; 409 for one that the configuration, or another value, makes wrong."""
    field, _, within = fault.field.partition(".")
    problem = bad_value(BadValue(field, f"{fault.field}: {fault.reason}" if within else fault.reason, fault.remedy))
    if fault.field == "strategy" or fault.field.startswith("weights") or "is missing" in fault.reason:
        problem.status = 409
    return problem


def _pool_json(doors: Doors, pool: PoolView) -> dict[str, object]:
    facts = {one.name: one for one in doors.channels()}
    return {
        "name": pool.name,
        "channels": list(pool.channels),
        "tiers": [list(tier) for tier in pool.tiers],
        "strategy": pool.strategy,
        "weights": dict(pool.weights),
        "accept": pool.accept,
        "hint": pool.hint,
        "origin": pool.origin,
        "members": [
            {
                "name": name,
                "state": facts[name].state.value,
                "traffic": traffic_json(doors.fitness.shown(name, facts[name].sim)),
            }
            for name in pool.members
            if name in facts
        ],
    }
