"""`/v1/inbound`: whom incoming texts are for, in order; why a text would be for whom it would be; and handing texts on later."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g
from werkzeug.routing import BaseConverter

from gateway.core.inbound.checks import RESERVED
from gateway.core.inbound.conditions import word_of
from gateway.core.inbound.rules import Explanation, InboundFacts, InboundRule
from gateway.errors import BadValue
from gateway.settings.spelling import nearest
from gateway.web.answers import answer, nothing
from gateway.web.api.inbound_schemas import (
    InboundChange,
    InboundExplainIn,
    InboundExplainOut,
    InboundIn,
    InboundList,
    InboundOut,
    InboundReplayIn,
    InboundReplayOut,
)
from gateway.web.api.route_schemas import MoveIn, ResetOut
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import Problem, bad_value, documented


class RuleName(BaseConverter):
    """Whatever is not one of the words that stand in the place of a name."""

    regex = f"(?!(?:{'|'.join(RESERVED)})$)[^/]+"


_BODY = (400, 401, 403, 413, 415, 422)


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("inbound", __name__, url_prefix="/v1/inbound", tag="Inbound")
    inbound = doors.inbound

    @bp.get("")
    @guard.needs("read")
    @bp.output(InboundList)
    @bp.doc(summary="List the inbound rules in their order", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": [rule_json(rule) for rule in inbound.all()]})

    @bp.post("")
    @guard.needs("admin")
    @bp.input(InboundIn, arg_name="wanted")
    @bp.output(InboundOut, status_code=201, description="Made; it holds for the next text")
    @bp.doc(summary="Make an inbound rule", security="bearer", responses=documented(*_BODY, 409, 503))
    def add(wanted: InboundIn) -> Response:
        try:
            added = inbound.add(_as_rule(wanted.name, wanted), g.key.name, wanted.position)
        except BadValue as fault:
            raise _refusal(fault) from fault
        return answer(rule_json(added), 201, {"Location": f"/v1/inbound/{added.name}"})

    @bp.get("/<inbound:name>")
    @guard.needs("read")
    @bp.output(InboundOut)
    @bp.doc(summary="One inbound rule", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        return answer(rule_json(inbound.get(name)))

    @bp.put("/<inbound:name>")
    @guard.needs("admin")
    @bp.input(InboundChange, arg_name="wanted")
    @bp.output(InboundOut)
    @bp.doc(summary="Say anew what an inbound rule does", security="bearer", responses=documented(*_BODY, 404, 409, 503))
    def change(name: str, wanted: InboundChange) -> Response:
        inbound.get(name)  # before its fields are judged
        try:
            changed = inbound.change(name, _as_rule(name, wanted), g.key.name)
        except BadValue as fault:
            raise _refusal(fault) from fault
        return answer(rule_json(changed))

    @bp.delete("/<inbound:name>")
    @guard.needs("admin")
    @bp.output({}, status_code=204, description="Removed")
    @bp.doc(summary="Remove an inbound rule", security="bearer", responses=documented(401, 403, 404, 503))
    def remove(name: str) -> Response:
        inbound.remove(name, g.key.name)
        return nothing()

    @bp.post("/<inbound:name>/move")
    @guard.needs("admin")
    @bp.input(MoveIn, arg_name="wanted")
    @bp.output(InboundOut)
    @bp.doc(summary="Move an inbound rule to another position", security="bearer", responses=documented(*_BODY, 404, 503))
    def move(name: str, wanted: MoveIn) -> Response:
        return answer(rule_json(inbound.move(name, wanted.position, g.key.name)))

    @bp.post("/reset")
    @guard.needs("admin")
    @bp.output(ResetOut)
    @bp.doc(summary="Remove all inbound rules", security="bearer", responses=documented(401, 403, 503))
    def reset() -> Response:
        return answer({"removed": inbound.reset(g.key.name)})

    @bp.post("/explain")
    @guard.needs("read")
    @bp.input(InboundExplainIn, arg_name="wanted")
    @bp.output(InboundExplainOut)
    @bp.doc(summary="Whom a text would be for, and why", security="bearer", responses=documented(*_BODY))
    def explain(wanted: InboundExplainIn) -> Response:
        known = doors.settings.channel_names
        if wanted.channel and wanted.channel not in known:
            raise BadValue("channel", f"there is no channel {wanted.channel!r}", nearest(wanted.channel, known))
        facts = InboundFacts(wanted.to or "", wanted.channel or "", wanted.from_, wanted.text)
        return answer(_explanation_json(inbound.explain(facts)))

    @bp.post("/replay")
    @guard.needs("admin")
    @bp.input(InboundReplayIn, arg_name="wanted")
    @bp.output(InboundReplayOut, status_code=202, description="They will be posted, once for each call")
    @bp.doc(summary="Hand incoming texts on again", security="bearer", responses=documented(*_BODY, 404, 409, 503))
    def replay(wanted: InboundReplayIn) -> Response:
        found = doors.replaying.replay(wanted.ids, wanted.webhook, g.key.name)
        return answer({"replayed": found.replayed, "nobody": list(found.nobody)}, 202)

    return bp


def _as_rule(name: str, wanted: InboundChange) -> InboundRule:
    return InboundRule(
        name=name,
        enabled=wanted.enabled,
        to=tuple(wanted.to),
        channels=tuple(wanted.channels),
        pool=wanted.pool or "",
        from_=tuple(wanted.from_),
        keywords=tuple(wanted.keywords),
        pattern=wanted.pattern or "",
        webhooks=tuple(wanted.webhooks),
        extension=wanted.extension or "",
        follow_days=wanted.follow_days,
    )


def _refusal(fault: BadValue) -> Problem:
    """422 for a value that is wrong by itself; 409 for a webhook that is not there, or cannot be told, now."""
    problem = bad_value(fault)
    if fault.field == "webhooks":
        problem.status = 409
    return problem


def rule_json(rule: InboundRule) -> dict[str, object]:
    return {
        "name": rule.name,
        "position": rule.position,
        "enabled": rule.enabled,
        "to": list(rule.to),
        "channels": list(rule.channels),
        "pool": rule.pool or None,
        "from": list(rule.from_),
        "keywords": list(rule.keywords),
        "pattern": rule.pattern or None,
        "webhooks": list(rule.webhooks),
        "extension": rule.extension or None,
        "follow_days": rule.follow_days,
    }


def _explanation_json(found: Explanation) -> dict[str, object]:
    return {
        "to": found.facts.to,
        "channel": found.facts.channel,
        "from": found.facts.from_,
        "keyword": word_of(found.facts.text),
        "looked_at": [{"position": one.position, "rule": one.rule, "matched": one.matched, "why": one.why} for one in found.looks],
        "rule": found.decision.rule,
        "webhooks": list(found.webhooks),
        "extension": found.extension,
        "claimed": bool(found.webhooks),
    }
