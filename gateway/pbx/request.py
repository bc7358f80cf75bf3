"""The HTTP request a format produces. Whoever posts it adds nothing but Host and Content-Length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.records import Event


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


# (event, the webhook's URL, its secret, seconds since 1970 of this attempt)
Format = Callable[[Event, str, str, float], HttpRequest]
