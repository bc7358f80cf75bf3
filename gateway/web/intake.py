"""Reading requests: raw body, query and headers become a checked schema, or a problem that names the field.

Plugs into APIFlask in place of its own pydantic adapter, so that the schema that checks is the one that is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from pydantic import BaseModel, ValidationError

from gateway.web.problems import Fault, Problem
from gateway.web.schemas import PATTERN_WORDS

_WANTED_TYPE = "send the body as JSON, with the header Content-Type: application/json"
# More would only repeat itself: a batch may hold a thousand wrong texts.
_MOST_FAULTS = 20


class Intake(PydanticAdapter):
    """APIFlask asks `validate_input` once per decorated place of a request."""

    def validate_input(self, request: Request, location: str, **_: Any) -> BaseModel:
        if location == "json":
            return self._body(request)
        if location == "query":
            return self._query(request)
        return self._headers(request)

    def _body(self, request: Request) -> BaseModel:
        mimetype = request.mimetype
        if mimetype != "application/json" and not mimetype.endswith("+json"):
            raise Problem(415, _WANTED_TYPE)
        raw = request.get_data()
        try:
            return self.model_class.model_validate_json(raw)
        except ValidationError as fault:
            raise _body_problem(raw, fault) from None

    def _query(self, request: Request) -> BaseModel:
        given = request.args
        for name, values in given.lists():
            if len(values) > 1:
                raise _problem([{"parameter": name, "detail": "is given twice"}])
        try:
            return self.model_class.model_validate(given.to_dict())
        except ValidationError as fault:
            faults = [{"parameter": ".".join(map(str, e["loc"])), "detail": _words(e)} for e in _errors(fault)]
            raise _problem(faults) from None

    def _headers(self, request: Request) -> BaseModel:
        environ = request.environ
        given = {name: environ.get(f"HTTP_{name.upper()}") for name in self.model_class.model_fields}
        try:
            return self.model_class.model_validate(given)
        except ValidationError as fault:
            names = [str(e["loc"][0]).title().replace("_", "-") for e in _errors(fault)]
            faults = [{"header": name, "detail": _words(e)} for name, e in zip(names, _errors(fault), strict=True)]
            raise _problem(faults) from None


def install() -> None:
    """APIFlask keeps one list of adapters for the whole process; to install twice changes nothing."""
    registry.register("pydantic", Intake)


def _body_problem(raw: bytes, fault: ValidationError) -> Problem:
    errors = _errors(fault)
    if errors[0]["type"] != "json_invalid":
        return _problem([{"pointer": _pointer(e["loc"]), "detail": _words(e)} for e in errors])
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return Problem(400, f"the body is not JSON: {errors[0]['ctx']['error']}")
    # JSON lets "\ud800" stand alone, which is no character and has no UTF-8: the fast reader calls that invalid JSON.
    halves = list(_lone_surrogates(document, ()))
    if halves:
        return _problem([{"pointer": _pointer(where), "detail": "holds half a surrogate pair"} for where in halves])
    return Problem(400, f"the body cannot be read: {errors[0]['ctx']['error']}")


def _lone_surrogates(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        yield where
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _lone_surrogates(inner, (*where, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _lone_surrogates(inner, (*where, index))


def _errors(fault: ValidationError) -> list[Any]:
    return fault.errors(include_url=False, include_input=False)[:_MOST_FAULTS]


def _pointer(where: tuple[str | int, ...]) -> str:
    """RFC 6901; a character that cannot be written is shown as a question mark."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in where)
    return "".join(f"/{step}" for step in steps).encode("utf-8", "replace").decode()


def _words(error: Any) -> str:
    """What is wrong, for the person who wrote the client."""
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return PATTERN_WORDS.get(error["ctx"]["pattern"], error["msg"])
    if kind == "extra_forbidden":
        return "is not a field of this request"
    if kind == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")


def _problem(faults: list[Fault]) -> Problem:
    first = faults[0]
    place = first.get("pointer") or first.get("parameter") or first.get("header") or "the body"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Problem(422, f"{place.lstrip('/')}: {first['detail']}{more}", faults)
