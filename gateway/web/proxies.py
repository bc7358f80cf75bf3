"""Who connects when a proxy stands in front: X-Forwarded-For is believed of the proxies that the configuration names alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway.settings.networks import within

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def behind(proxies: Sequence[str], application: Application) -> Application:
    """The application, told the address of the client instead of the proxy's."""

    def told(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = client(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""), proxies)
        return application(environ, start)

    return told


def client(peer: str, forwarded_for: str, proxies: Sequence[str]) -> str:
    """The last address that is none of a proxy of ours: what stands before it is what anybody may have written."""
    found = peer
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and within(found, proxies):
        found = hops.pop()
    return found
