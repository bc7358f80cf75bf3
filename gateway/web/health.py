"""`/healthz`, `/readyz` and `/v1/status`: is it alive, can it do its work, and what waits. Repairs nothing."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Literal

from apiflask import APIBlueprint
from flask import Response

from gateway.clock import EARLIEST_PLAUSIBLE
from gateway.core.own_numbers import nowhere
from gateway.records import ChannelState, Traffic
from gateway.store import lanes, line
from gateway.web.answers import answer
from gateway.web.api.channel_schemas import ChannelOut
from gateway.web.auth import Guard
from gateway.web.channel_json import channels_json
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import Out

# Resting and limited channels come back by themselves, and soon or as was wanted.
_TAKES_NONE = (Traffic.PAUSED, Traffic.BLOCKED)
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str

    def json(self) -> dict[str, str]:
        return {"name": self.name, "state": self.state, "detail": self.detail}


class HealthOut(Out):
    status: Literal["ok"]


class CheckOut(Out):
    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str


class ReadyOut(Out):
    ready: bool
    checks: list[CheckOut]


class StatusOut(ReadyOut):
    queue: dict[str, int]
    channels: list[ChannelOut]


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("health", __name__, tag="Health")

    @bp.get("/healthz")
    @bp.output(HealthOut)
    @bp.doc(summary="Does the process answer?")
    def healthz() -> Response:
        return answer({"status": "ok"})

    @bp.get("/readyz")
    @bp.output(ReadyOut, description="It can accept texts and send them")
    @bp.doc(
        summary="Can it do its work?",
        responses={503: {"description": "It cannot", "content": {"application/json": {"schema": _READY}}}},
    )
    def readyz() -> Response:
        report = _report(checks(doors))
        return answer(report, 200 if report["ready"] else 503)

    @bp.get("/v1/status")
    @guard.needs("read")
    @bp.output(StatusOut)
    @bp.doc(summary="Health, queue and channels in one look", security="bearer", responses=documented(401, 403))
    def status() -> Response:
        return answer({**_report(checks(doors)), "queue": dict(doors.queue()), "channels": channels_json(doors)})

    return bp


_READY = {"$ref": "#/components/schemas/ReadyOut"}


def checks(doors: Doors) -> list[Check]:
    return [_database(doors), _channels(doors), _clock(doors), *_numbers(doors)]


def _report(found: list[Check]) -> dict[str, object]:
    return {"ready": all(check.state != "failed" for check in found), "checks": [check.json() for check in found]}


def _database(doors: Doors) -> Check:
    fault = doors.storage_fault()
    return Check("database", "failed" if fault else "ok", fault or "takes writes")


def _channels(doors: Doors) -> Check:
    facts = doors.channels()
    ready = [one for one in facts if one.state is ChannelState.READY]
    if not facts:
        return Check("channels", "warning", "none is configured")
    if not ready:
        return Check("channels", "failed", f"none of {len(facts)} is ready; GET /v1/channels says why")
    kept = [found for one in ready if (found := doors.fitness.shown(one.name, one.sim)).traffic in _TAKES_NONE]
    if len(kept) == len(ready):
        why = f"none of {len(ready)} that are ready may take texts: {kept[0].reason}"
        return Check("channels", "failed", f"{why}; GET /v1/channels says more")
    state: Literal["ok", "warning"] = "ok" if len(ready) - len(kept) == len(facts) else "warning"
    words = f"{len(ready)} of {len(facts)} ready"
    return Check("channels", state, f"{words}, {len(kept)} of them paused or blocked" if kept else words)


def _numbers(doors: Doors) -> list[Check]:
    """Only where there is something to say."""
    empty = [name for name, lane in doors.pools.lanes().items() if nowhere(lane)]
    if not empty:
        return []
    waiting = doors.store.read(lambda db: [name for name in empty if any(True for _ in line.flows_of(db, name))])
    numbers = sorted({number for name in waiting for number in lanes.numbers_of(name)})
    return [Check("numbers", "warning", f"texts wait for {', '.join(numbers)}, not in a channel they may take")] if numbers else []


def _clock(doors: Doors) -> Check:
    if doors.clock.now() < EARLIEST_PLAUSIBLE:
        return Check("clock", "warning", "shows a time long past; start time synchronisation, webhooks are refused till then")
    state = _kernel_clock()
    if state == _TIME_ERROR:
        return Check("clock", "warning", "is not synchronised; start systemd-timesyncd or chrony")
    return Check("clock", "ok", "is synchronised" if state >= 0 else "shows a plausible time")


def _kernel_clock() -> int:
    """What the kernel says of its own clock (adjtimex(2)); negative where it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        return -1
    question = ctypes.create_string_buffer(512)  # struct timex, zeroed: modes = 0 only asks
    return int(adjtimex(question))
