"""Writing answers: plain values to JSON, at the speed the hot routes need. Says nothing about what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from pydantic_core import to_json


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(content), status, headers, content_type="application/json")


def nothing() -> Response:
    return Response(status=204)
