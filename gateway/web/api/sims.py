"""`/v1/sims`: the SIM cards that were ever seen, where each is, and what it sent and received. Changes nothing."""

from __future__ import annotations

from dataclasses import asdict

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from gateway.clock import isoformat
from gateway.errors import NotFound
from gateway.records import Balance, Sim
from gateway.store.sims import Counts
from gateway.web.answers import answer
from gateway.web.api.channel_schemas import BalanceOut
from gateway.web.auth import Guard
from gateway.web.channel_json import balance_json
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import Out, Timestamp

_DAY_S = 86400.0


class SimOut(Out):
    id: str = Field(description="ICCID, else IMSI")
    iccid: str
    imsi: str
    number: str
    imei: str = Field(description="Of the modem it was last seen in")
    channel: str = Field(description="Where it was last seen; empty when another SIM has been seen there since")
    smsc: str
    first_seen: Timestamp
    last_seen: Timestamp
    balance: BalanceOut | None


class SimList(Out):
    data: list[SimOut]


class CountsOut(Out):
    """Parts, as operators count texts."""

    sent: int
    received: int
    refused: int
    unknown: int


class OneSimOut(SimOut):
    today: CountsOut = Field(description="Since midnight UTC")
    total: CountsOut


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("sims", __name__, url_prefix="/v1/sims", tag="SIMs")

    @bp.get("")
    @guard.needs("read")
    @bp.output(SimList)
    @bp.doc(summary="List the SIMs that were ever seen", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        balances = doors.store.balances.all()
        return answer({"data": [_sim_json(sim, balances.get(sim.id)) for sim in doors.store.sims.all()]})

    @bp.get("/<sim_id>")
    @guard.needs("read")
    @bp.output(OneSimOut)
    @bp.doc(summary="One SIM, with its counts", security="bearer", responses=documented(401, 403, 404))
    def get(sim_id: str) -> Response:
        sim = doors.store.sims.get(sim_id)
        if sim is None:
            raise NotFound(f"no SIM {sim_id} was ever seen")
        now = doors.clock.now()
        today, total = doors.store.sims.counts(sim_id, now - now % _DAY_S), doors.store.sims.counts(sim_id)
        shown = _sim_json(sim, doors.store.balances.all().get(sim_id))
        return answer({**shown, "today": _counts_json(today), "total": _counts_json(total)})

    return bp


def _counts_json(counts: Counts) -> dict[str, int]:
    return {"sent": counts.sent, "received": counts.received, "refused": counts.refused, "unknown": counts.unknown}


def _sim_json(sim: Sim, balance: Balance | None) -> dict[str, object]:
    return {
        **asdict(sim),
        "first_seen": isoformat(sim.first_seen),
        "last_seen": isoformat(sim.last_seen),
        "balance": balance_json(balance),
    }
