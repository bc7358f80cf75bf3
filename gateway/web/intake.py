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
from gateway.web.words import HALF, words

_BEYOND = "the body cannot be read: it is nested too deeply, or holds a number that JSON does not know"
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
        raw = request.get_data()
        if not raw and getattr(self.model_class, "may_be_missing", False):
            return self.model_class.model_validate_json(b"{}")
        mimetype = request.mimetype
        if mimetype != "application/json" and not mimetype.endswith("+json"):
            raise Problem(415, _WANTED_TYPE)
        try:
            return self.model_class.model_validate_json(raw)
        except ValidationError as fault:
            raise _body_problem(raw, fault, self.model_class) from None

    def _query(self, request: Request) -> BaseModel:
        given = request.args
        for name, values in given.lists():
            if len(values) > 1:
                raise _problem([{"parameter": name, "detail": "is given twice"}])
        try:
            return self.model_class.model_validate(given.to_dict())
        except ValidationError as fault:
            faults = [
                {"parameter": ".".join(map(str, e["loc"])), "detail": words(e, self.model_class, "parameter", "this list")}
                for e in _errors(fault)
            ]
            raise _problem(faults) from None

    def _headers(self, request: Request) -> BaseModel:
        environ = request.environ
        given = {name: environ.get(f"HTTP_{name.upper()}") for name in self.model_class.model_fields}
        try:
            return self.model_class.model_validate(given)
        except ValidationError as fault:
            faults = [
                {
                    "header": str(e["loc"][0]).title().replace("_", "-"),
                    "detail": words(e, self.model_class, "header", "this request"),
                }
                for e in _errors(fault)
            ]
            raise _problem(faults) from None


def install() -> None:
    """APIFlask keeps one list of adapters for the whole process; to install twice changes nothing."""
    registry.register("pydantic", Intake)


def _body_problem(raw: bytes, fault: ValidationError, model: type[BaseModel]) -> Problem:
    errors = _errors(fault)
    if errors[0]["type"] != "json_invalid":
        faults = [{"pointer": _pointer(e["loc"]), "detail": words(e, model, "field", "this request")} for e in errors]
        return _problem(faults)
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as wrong:
        return Problem(400, _not_json(raw, wrong))
    except UnicodeDecodeError as wrong:
        return Problem(400, f"the body is not UTF-8 at octet {wrong.start}; send JSON in UTF-8")
    except (ValueError, RecursionError):
        return Problem(400, _BEYOND)
    # JSON lets "\ud800" stand alone, which is no character and has no UTF-8: the fast reader calls that invalid JSON.
    halves = list(_lone_surrogates(document, ()))
    if halves:
        return _problem([{"pointer": _pointer(where), "detail": HALF} for where in halves])
    return Problem(400, _BEYOND)


def _not_json(raw: bytes, wrong: json.JSONDecodeError) -> str:
    if not raw.strip():
        return "the body is empty; send a JSON object"
    where = f"line {wrong.lineno}, column {wrong.colno}"
    return f"the body is not JSON: it goes wrong at {where}; look there for quotes, commas and brackets"


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


def _problem(faults: list[Fault]) -> Problem:
    first = faults[0]
    place = first.get("pointer") or first.get("parameter") or first.get("header") or "the body"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Problem(422, f"{place.lstrip('/')}: {first['detail']}{more}", faults)
