"""What a format is: it turns an event into the request a receiver understands, and reads what the receiver answers.

Whoever posts an HTTP request adds nothing but Host and Content-Length; who talks to an Asterisk, nothing but the login.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import SimrackError
from gateway.pbx.options import Option
from gateway.records import Event, EventType

if TYPE_CHECKING:
    from gateway.pbx.ami import Action

WEB = ("http", "https")


class NotPosted(SimrackError):
    """The receiver, as it is configured, cannot be told this event; the words say what to configure."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_headers(self, *headers: tuple[str, str]) -> HttpRequest:
        return HttpRequest(self.method, self.url, (*self.headers, *headers), self.body)


@dataclass(frozen=True, slots=True)
class AmiRequest:
    """What an Asterisk manager is asked to do for one event, one action after the other."""

    url: str
    user: str
    secret: str = field(repr=False)
    actions: tuple[Action, ...]


Request = HttpRequest | AmiRequest


@dataclass(frozen=True, slots=True)
class AsBox:
    """What the Dinstar door says it is: its pushes say the same."""

    sn: str = "simrack"
    ports: Mapping[str, int] = field(default_factory=dict)  # what it calls each channel; empty where that door is shut


@dataclass(frozen=True, slots=True)
class Hook:
    """What a format needs to know of a webhook. `options` holds every option of the format, given or not."""

    id: str
    url: str
    secret: str = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    country: str = "DE"  # whose national form `numbers = "national"` means
    as_box: AsBox = AsBox()


@dataclass(frozen=True, slots=True)
class Heard:
    """What an accepting answer (2xx) says beyond that: a fault after all, or texts to send back to who wrote."""

    fault: str = ""
    replies: tuple[str, ...] = ()


def nothing_more(hook: Hook, body: str) -> Heard:
    return Heard()


# (event, webhook, seconds since 1970 of this attempt); None for an event that the format cannot express; may raise NotPosted
Compose = Callable[[Event, Hook, float], Request | None]


@dataclass(frozen=True, slots=True)
class Format:
    compose: Compose
    tells: frozenset[EventType]  # what it can express
    options: tuple[Option, ...]
    signings: tuple[str, ...]  # the first is the default
    hear: Callable[[Hook, str], Heard] = nothing_more
    narrow: Callable[[Mapping[str, Any]], frozenset[EventType]] | None = None  # what options leave of `tells`
    schemes: tuple[str, ...] = WEB  # of the URLs it is posted to
