"""Every error the API answers, as an RFC 9457 problem that names the field. Decides only words and status codes."""

from __future__ import annotations

import http
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gateway.errors import (
    BadValue,
    Conflict,
    IdempotencyMismatch,
    NotFound,
    QueueFull,
    SimrackError,
    StorageFull,
    TooFast,
    UssdFailed,
)
from gateway.store.writer import StoreClosed

log = logging.getLogger("simrack.web")

MEDIA_TYPE = "application/problem+json"
# Seconds after which a client may try again when we cannot take more.
_RETRY_AFTER = "30"
_INTERNAL = "an unexpected error was logged"

Fault = dict[str, str]  # {"pointer" | "parameter" | "header": where, "detail": what}

# What each status means here; the code is for programs, the title for people.
_KINDS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read"),
    401: ("unauthorized", "A valid key is needed"),
    403: ("scope_missing", "This may not be done from there, or with this key"),
    404: ("not_found", "There is no such thing"),
    405: ("method_not_allowed", "This method is not offered here"),
    409: ("conflict", "The request contradicts the present state"),
    413: ("too_large", "The request is too large"),
    415: ("media_type", "The body must be JSON"),
    422: ("invalid", "A value cannot be accepted"),
    429: ("too_fast", "The key gives too many texts a second"),
    500: ("internal", "The gateway failed"),
    502: ("refused", "The network refused it"),
    503: ("unavailable", "The gateway cannot take this now"),
    504: ("timeout", "The network gave no answer in time"),
}
# What dialling a service code can come to.
_USSD = {"busy": 409, "not-ready": 409, "refused": 502, "timeout": 504}


class Problem(Exception):
    """Raised by a view to answer with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.code = code

    def response(self) -> Response:
        return Response(
            problem_body(self.status, self.detail, self.errors, self.code),
            self.status,
            self.headers,
            content_type=MEDIA_TYPE,
        )


def problem_body(status: int, detail: str, errors: Sequence[Fault] = (), code: str | None = None) -> bytes:
    return to_json(problem_json(status, detail, errors, code))


def problem_json(status: int, detail: str, errors: Sequence[Fault] = (), code: str | None = None) -> dict[str, Any]:
    usual_code, title = _KINDS.get(status) or (f"http_{status}", http.HTTPStatus(status).phrase)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code or usual_code,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return body


def bad_value(fault: BadValue, place: str = "pointer") -> Problem:
    """`place` says where the field stands: in the body (pointer), the query (parameter) or a header."""
    name = "/" + fault.field.lstrip("/") if place == "pointer" else fault.field
    detail = fault.reason + (f"; {fault.remedy}" if fault.remedy else "")
    return Problem(422, f"{fault.field}: {detail}", [{place: name, "detail": detail}])


def install(app: Flask, others: Callable[[HTTPException], Response | None]) -> None:
    """Answer every exception that leaves a view, and every error of routing that is none of `others`, with a problem."""

    def routing(fault: HTTPException) -> Response:
        response = others(fault)
        return _theirs(fault) if response is None else response

    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(SimrackError, _ours)
    app.register_error_handler(HTTPException, routing)


def _ours(fault: SimrackError) -> Response:
    if isinstance(fault, BadValue):
        problem = bad_value(fault)
    elif isinstance(fault, NotFound):
        problem = Problem(404, str(fault), _named(fault))
    elif isinstance(fault, IdempotencyMismatch):
        where = [{"header": "Idempotency-Key", "detail": str(fault)}]
        problem = Problem(422, str(fault), where, code="idempotency_mismatch")
    elif isinstance(fault, Conflict):
        problem = Problem(409, str(fault), _named(fault))
    elif isinstance(fault, TooFast):
        problem = Problem(429, str(fault), headers={"Retry-After": str(fault.wait_s)})
    elif isinstance(fault, StorageFull | StoreClosed):
        # Nothing was accepted, and it may go well later.
        code = "queue_full" if isinstance(fault, QueueFull) else "storage_full" if isinstance(fault, StorageFull) else "stopping"
        problem = Problem(503, str(fault), headers={"Retry-After": _RETRY_AFTER}, code=code)
    elif isinstance(fault, UssdFailed):
        problem = Problem(_USSD[fault.why], f"{fault.reason}; {fault.remedy}", code=f"ussd_{fault.why.replace('-', '_')}")
    else:
        log.error("a request failed", exc_info=fault)
        problem = Problem(500, _INTERNAL)
    return problem.response()


def _named(fault: NotFound | Conflict) -> list[Fault]:
    """Where the caller named what there is not: whatever has no body says it in its query."""
    if not fault.field:
        return []
    place = {"parameter": fault.field} if request.method == "GET" else {"pointer": f"/{fault.field}"}
    return [{**place, "detail": str(fault)}]


def _theirs(fault: HTTPException) -> Response:
    status = fault.code or 500
    headers = {name: value for name, value in fault.get_headers() if name.lower() != "content-type"}
    return Problem(status, _detail(fault, status), headers=headers).response()


def _detail(fault: HTTPException, status: int) -> str:
    if status == 404:
        return f"there is no {request.path}, or its door is closed; GET /openapi.json lists what there is, /guides/ is for people"
    if isinstance(fault, MethodNotAllowed):
        offered = ", ".join(sorted(fault.valid_methods or ()))
        return f"{request.method} is not offered for {request.path}; offered are {offered}"
    if status == 413:
        return "the body is larger than a megabyte; send less at a time"
    # A 500 was logged with its traceback; the client learns nothing of our insides.
    return _INTERNAL if status == 500 else (fault.description or fault.name)


def documented(*statuses: int) -> dict[int, Any]:
    """The OpenAPI entries for the problems a route can answer."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _KINDS[status][1], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }
