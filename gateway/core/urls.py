"""The addresses that people give for webhooks and callbacks: what cannot be one is refused by its fault. Resolves no name."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from gateway.core.forwarding import ami
from gateway.core.forwarding.addresses import Reach
from gateway.errors import BadValue, Conflict
from gateway.pbx import formats
from gateway.pbx.request import WEB

PORTS = {"http": 80, "https": 443, **ami.PORTS}

_LONGEST_URL = 2000


def checked_url(url: str, schemes: Sequence[str] = WEB, reach: Reach | None = None) -> str:
    """`schemes` are those that it may have. Raises BadValue."""
    remedy = "such as https://pbx.example/sms" if "https" in schemes else f"such as {schemes[0]}://pbx.example"
    if len(url) > _LONGEST_URL:
        raise BadValue("url", f"is longer than {_LONGEST_URL} characters", remedy)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise BadValue("url", "holds characters a URL cannot hold", "write them as %XX, and a host name in its xn-- form")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as fault:
        raise BadValue("url", str(fault), remedy) from None
    reason = _fault_of(split, port, schemes)
    if reason:
        raise BadValue("url", reason, remedy)
    never = reach.why_not_yet(split.hostname or "", port or PORTS[split.scheme]) if reach is not None else None
    if never:
        raise BadValue("url", never, "give another address; allow in [forwarding] of the configuration says which there may be")
    return url


def _fault_of(split: SplitResult, port: int | None, schemes: Sequence[str]) -> str:
    if split.scheme not in schemes:
        return f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if not split.hostname:
        return "names no host"
    if split.username is not None or split.password is not None:
        return "holds a user name or password; the signature proves who posts"
    if port == 0:
        return "names port 0"
    if split.fragment:
        return "holds a fragment (#), which is never sent"
    if split.scheme not in WEB and (split.path.strip("/") or split.query):
        return "names a path, where only a host and a port are called"
    return ""


def require_scheme(url: str, format: str) -> None:
    """Raises Conflict: address and format belong together, and only one of them was given."""
    schemes = formats.FORMATS[format].schemes
    if urlsplit(url).scheme not in schemes:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise Conflict(f"the format {format} is posted to {wanted}; change url and format together")
