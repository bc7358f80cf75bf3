"""`/v1/channels`: what is known of each SIM now, and service codes dialled over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, StringConstraints

from gateway.clock import isoformat
from gateway.errors import NotFound
from gateway.records import Balance, ChannelFacts
from gateway.web.answers import answer
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import SERVICE_CODE, In, Out, Timestamp


class BalanceOut(Out):
    amount: float | None = Field(description="null when no amount was found in the text")
    text: str
    low: bool = Field(description="Below the threshold of the configuration")
    read_at: Timestamp


class ChannelOut(Out):
    name: str
    state: Literal["starting", "ready", "unregistered", "lost", "parked"]
    reason: str
    port: str
    number: str
    imei: str
    imsi: str
    iccid: str
    manufacturer: str
    model: str
    revision: str
    family: str
    operator: str
    registration: str
    signal_dbm: int | None
    smsc: str
    recoveries: dict[str, int] = Field(description="What was done about silence since the start, and how often")
    sim: str = Field(description="As in `/v1/sims`: ICCID, else IMSI, else the port")
    balance: BalanceOut | None


class ChannelList(Out):
    data: list[ChannelOut]


class UssdIn(In):
    code: Annotated[str, StringConstraints(pattern=SERVICE_CODE)] = Field(
        description="As it is dialled, such as *100#, or the answer to an open menu."
    )


class UssdOut(Out):
    text: str
    open: bool = Field(description="The network waits for an answer: post it as the next code, soon.")


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("channels", __name__, url_prefix="/v1/channels", tag="Channels")

    @bp.get("")
    @guard.needs("read")
    @bp.output(ChannelList)
    @bp.doc(summary="List the channels", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": channels_json(doors)})

    @bp.get("/<name>")
    @guard.needs("read")
    @bp.output(ChannelOut)
    @bp.doc(summary="One channel", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        for facts in doors.channels():
            if facts.name == name:
                return answer(_channel_json(facts, doors.store.balances.all()))
        raise NotFound(f"there is no channel {name}")

    @bp.post("/<name>/ussd")
    @guard.needs("admin")
    @bp.input(UssdIn, arg_name="wanted")
    @bp.output(UssdOut)
    @bp.doc(
        summary="Dial a service code and wait for the network's words, up to half a minute",
        security="bearer",
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 502, 503, 504),
    )
    def ussd(name: str, wanted: UssdIn) -> Response:
        reply = doors.ussd(name, wanted.code)
        return answer({"text": reply.text, "open": reply.open})

    @bp.post("/<name>/unpark")
    @guard.needs("admin")
    @bp.output(ChannelOut)
    @bp.doc(
        summary="A person has seen to this channel: try it again now",
        description="Ends the quarantine of a modem that nothing had revived. Without effect on a channel that is not parked.",
        security="bearer",
        responses=documented(401, 403, 404),
    )
    def unpark(name: str) -> Response:
        found = next((facts for facts in doors.channels() if facts.name == name), None)
        if found is None:
            raise NotFound(f"there is no channel {name}")
        doors.unpark(name)
        return answer(_channel_json(found, doors.store.balances.all()))

    return bp


def channels_json(doors: Doors) -> list[dict[str, object]]:
    balances = doors.store.balances.all()
    return [_channel_json(facts, balances) for facts in doors.channels()]


def balance_json(balance: Balance | None) -> dict[str, object] | None:
    if balance is None:
        return None
    return {"amount": balance.amount, "text": balance.text, "low": balance.low, "read_at": isoformat(balance.read_at)}


def _channel_json(facts: ChannelFacts, balances: Mapping[str, Balance]) -> dict[str, object]:
    return {
        **asdict(facts),
        "state": facts.state.value,
        "recoveries": dict(facts.recoveries),
        "sim": facts.sim,
        "balance": balance_json(balances.get(facts.sim)),
    }
