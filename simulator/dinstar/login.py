"""Who may use the API: HTTP Digest (RFC 2617, as such devices speak it) and Basic. Knows one account."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from dataclasses import dataclass

from simulator.dinstar.plan import BoxPlan
from simulator.dinstar.web import Request

REALM = "Web Server"
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_MOST_NONCES = 2000


@dataclass(slots=True)
class _Nonce:
    given: float
    uses: int = 0


class Login:
    """The nonces given out, and the failures since the last success."""

    def __init__(self) -> None:
        self._nonces: dict[str, _Nonce] = {}
        self._count = 0
        self._failures = 0
        self._shut_until = 0.0
        self.refuses = False

    def verdict(self, request: Request, plan: BoxPlan, stale: bool = False) -> tuple[int, str]:
        """200, or 401 with a challenge, or 403 while it is shut. `stale`: whatever nonce it brings is too old."""
        now = time.monotonic()
        if now < self._shut_until:
            return 403, ""
        good, old = self._good(request, plan, now, stale)
        if good and not self.refuses:
            self._failures = 0
            return 200, ""
        self._failures += not old
        if plan.lockout and self._failures >= plan.lockout:
            self._failures, self._shut_until = 0, now + plan.lockout_seconds
        return 401, self._challenge(plan, now, old)

    def _good(self, request: Request, plan: BoxPlan, now: float, stale: bool) -> tuple[bool, bool]:
        """Whether the login is right; whether it would be but for its nonce."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and plan.login != "digest":
            return _basic(rest, plan), False
        if scheme.lower() != "digest" or plan.login == "basic":
            return False, False
        given = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
        if not _digest(given, request, plan):
            return False, False
        nonce = self._nonces.get(given.get("nonce", ""))
        if nonce is None or stale or (plan.nonce_once and nonce.uses) or 0 < plan.nonce_seconds < now - nonce.given:
            return False, True
        nonce.uses += 1
        return True, False

    def _challenge(self, plan: BoxPlan, now: float, old: bool) -> str:
        if plan.login == "basic":
            return f'Basic realm="{REALM}"'
        self._count += 1
        nonce = hashlib.md5(f"{plan.sn}/{self._count}/{now}".encode()).hexdigest()
        self._nonces[nonce] = _Nonce(now)
        if len(self._nonces) > _MOST_NONCES:
            del self._nonces[next(iter(self._nonces))]
        return f'Digest realm="{REALM}", qop="auth", nonce="{nonce}", algorithm="MD5"' + (', stale="true"' if old else "")

    def forget(self) -> None:
        """After a restart no nonce is known."""
        self._nonces.clear()
        self._failures, self._shut_until = 0, 0.0


def _basic(rest: str, plan: BoxPlan) -> bool:
    try:
        return base64.b64decode(rest.strip(), validate=True) == f"{plan.user}:{plan.password}".encode()
    except binascii.Error:
        return False


def _digest(given: dict[str, str], request: Request, plan: BoxPlan) -> bool:
    """Whether the response is right for the nonce it names."""
    if given.get("username") != plan.user or given.get("realm") != REALM or given.get("uri") != request.target:
        return False
    secret = _md5(f"{plan.user}:{REALM}:{plan.password}")
    asked = _md5(f"{request.method}:{given['uri']}")
    middle = given.get("nonce", "")
    if "qop" in given:
        middle += f":{given.get('nc', '')}:{given.get('cnonce', '')}:{given['qop']}"
    return given.get("response", "") == _md5(f"{secret}:{middle}:{asked}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
