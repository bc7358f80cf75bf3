"""`/v1/keys`: who may call the API. A key is shown once, when it is made."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response, g
from pydantic import Field, StringConstraints

from gateway.clock import isoformat, moment
from gateway.core.keys.rules import MOST_PER_SECOND, rules_json
from gateway.errors import Conflict
from gateway.records import Key
from gateway.settings.sections import MOST_CHARACTERS
from gateway.web.answers import answer
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import KEY_NAME_ALONE, In, Out, Timestamp, Words, whole

Scope = Literal["send", "read", "admin"]


class KeyIn(In):
    name: Annotated[str, StringConstraints(pattern=KEY_NAME_ALONE)]
    scopes: list[Scope] = Field(min_length=1, max_length=3)


LinkRule = Literal["allow", "warn", "refuse"]
Pace = Annotated[float, Field(ge=0, le=MOST_PER_SECOND, allow_inf_nan=False)]
_LONGEST = "Characters of a text; null is max_characters in [sending] of the configuration."
_PER_SECOND = "Texts it may give in a second, 0 for no bound; null is sends_per_s in [http], and for SMPP no bound but throughput."
_LINKS = "What becomes of texts that hold a link; null is what [sending] says."


_FROM = "Own numbers, channels, dial strings and pools that the key may send from; empty for all."
_EXTENSIONS = (
    "Which extension may send from what; an empty list is whatever the key may. Once there are some, a text must name one of them;"
    " * is any other, and none."
)


class RulesIn(In):
    longest: whole(1, MOST_CHARACTERS) | None = Field(None, description=_LONGEST)
    links: LinkRule | None = Field(None, description=_LINKS)
    per_second: Pace | None = Field(None, description=_PER_SECOND)
    from_: list[Words] | None = Field(None, alias="from", description=_FROM)
    extensions: dict[str, list[Words]] | None = Field(None, description=_EXTENSIONS)


class RulesOut(Out):
    longest: int | None = Field(description=_LONGEST)
    links: LinkRule | None = Field(description=_LINKS)
    per_second: float | None = Field(description=_PER_SECOND)
    from_: list[str] = Field(alias="from", description=_FROM)
    extensions: dict[str, list[str]] = Field(description=_EXTENSIONS)


class KeyOut(Out):
    name: str
    scopes: list[Scope]
    created_at: Timestamp
    revoked_at: Timestamp | None
    rules: RulesOut


class NewKeyOut(KeyOut):
    key: str = Field(description="Shown this once; send it as Authorization: Bearer KEY.")


class KeyList(Out):
    data: list[KeyOut]


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("keys", __name__, url_prefix="/v1/keys", tag="Keys")

    @bp.post("")
    @guard.needs("admin")
    @bp.input(KeyIn, arg_name="wanted")
    @bp.output(NewKeyOut, status_code=201, description="Made; the key is not shown again")
    @bp.doc(summary="Make a key", security="bearer", responses=documented(400, 401, 403, 409, 413, 415, 422, 503))
    def add(wanted: KeyIn) -> Response:
        key, token = doors.keys.add(wanted.name, wanted.scopes, by=g.key.name)
        return answer({**key_json(key), "key": token}, 201)

    @bp.get("")
    @guard.needs("admin")
    @bp.output(KeyList)
    @bp.doc(summary="List the keys, revoked ones too", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": [key_json(key) for key in doors.keys.all()]})

    @bp.patch("/<name>")
    @guard.needs("admin")
    @bp.input(RulesIn, arg_name="changes")
    @bp.output(KeyOut, description="Changed; it holds from the next text on")
    @bp.doc(
        summary="Change what a key may send",
        description="Fields that are not given stay as they are.",
        security="bearer",
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    def change(name: str, changes: RulesIn) -> Response:
        given = {field.rstrip("_"): getattr(changes, field) for field in changes.model_fields_set}
        return answer(key_json(doors.keys.change_rules(name, given, g.key.name, doors.settings)))

    @bp.delete("/<name>")
    @guard.needs("admin")
    @bp.output(KeyOut, description="Revoked; it is refused from now on")
    @bp.doc(summary="Revoke a key", security="bearer", responses=documented(401, 403, 404, 409, 503))
    def revoke(name: str) -> Response:
        if name == g.key.name:
            raise Conflict("this is the key you are calling with; revoke it with another, or with `simrack key revoke`")
        return answer(key_json(doors.keys.revoke(name, g.key.name)))

    return bp


def key_json(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": isoformat(key.created_at),
        "revoked_at": moment(key.revoked_at),
        "rules": rules_json(key.rules),
    }
