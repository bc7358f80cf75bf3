"""`/v1/pools`: the sets of channels over which messages rotate, as configured. Changes nothing."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from gateway.errors import NotFound
from gateway.settings import PoolSettings
from gateway.web.answers import answer
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import Out


class PoolOut(Out):
    name: str
    channels: list[str]
    strategy: str


class PoolList(Out):
    data: list[PoolOut]


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("pools", __name__, url_prefix="/v1/pools", tag="Pools")
    pools = doors.settings.pools

    @bp.get("")
    @guard.needs("read")
    @bp.output(PoolList)
    @bp.doc(summary="List the pools", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": [_pool_json(pool) for pool in pools]})

    @bp.get("/<name>")
    @guard.needs("read")
    @bp.output(PoolOut)
    @bp.doc(summary="One pool", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        for pool in pools:
            if pool.name == name:
                return answer(_pool_json(pool))
        raise NotFound(f"there is no pool {name}")

    return bp


def _pool_json(pool: PoolSettings) -> dict[str, object]:
    return {"name": pool.name, "channels": list(pool.channels), "strategy": pool.strategy}
