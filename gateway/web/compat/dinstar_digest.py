"""HTTP Digest (MD5; qop=auth, or none as before RFC 2617) and Basic for the Dinstar door, as the boxes' clients speak them.

Nonces need no table to be given out: they carry their time and a mark of ours. What was used of each is remembered as long as
they live, so that no request is taken twice; without qop a client counts nothing, and that cannot be seen.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from flask import request

from gateway.core.keys import DINSTAR_REALM, digest_secret
from gateway.records import Key
from gateway.web.compat.refused import Refused, Why

NONCE_LIVES_S = 300
# Clients with several connections use a nonce's counts a little out of order.
_WINDOW = 64
_MOST_NONCES = 20_000
_NOBODY = "0" * 32
_STALE = "nonce"  # the `field` of a refusal that a fresh nonce mends

Find = Callable[[str], tuple[Key, str] | None]


@dataclass(slots=True)
class _Used:
    highest: int = 0
    before: int = 0  # bit n: the count `highest - n` was used


class Nonces:
    """Called from many threads. `monotonic` is the clock: the other one may jump."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._used: dict[str, _Used] = {}
        self._forgotten = -1  # what was used of nonces up to this age is not known any more

    def new(self) -> str:
        body = f"{int(self._monotonic()):08x}{secrets.token_hex(8)}"
        return body + self._mark(body)

    def use(self, nonce: str, count: int | None) -> bool:
        """False for one that is not ours, too old, or used with this count before. `count` is None where clients do not count."""
        body, mark = nonce[:24], nonce[24:]
        if len(body) < 24 or not hmac.compare_digest(mark.encode(), self._mark(body).encode()):
            return False
        made = int(body[:8], 16)
        if self._monotonic() - made > NONCE_LIVES_S:
            return False
        if count is None:
            return True
        with self._lock:
            used = self._used.get(nonce)
            if used is None:
                if made <= self._forgotten:
                    return False
                self._forget()
                used = self._used[nonce] = _Used()
            return _take(used, count)

    def _mark(self, body: str) -> str:
        return hmac.new(self._secret, body.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def _forget(self) -> None:
        """The oldest, when there are too many."""
        if len(self._used) >= _MOST_NONCES:
            oldest = sorted(self._used)[: _MOST_NONCES // 4]
            for nonce in oldest:
                del self._used[nonce]
            self._forgotten = int(oldest[-1][:8], 16)
            self._used = {nonce: used for nonce, used in self._used.items() if int(nonce[:8], 16) > self._forgotten}


def _take(used: _Used, count: int) -> bool:
    if count < 1:
        return False
    ahead = count - used.highest
    if ahead > 0:
        used.before = (used.before << min(ahead, _WINDOW) | 1) & ((1 << _WINDOW) - 1)
        used.highest = count
        return True
    if -ahead >= _WINDOW or used.before >> -ahead & 1:
        return False
    used.before |= 1 << -ahead
    return True


class Login:
    """`by_name` finds a key with what checks its password, `by_token` the key of an API token."""

    def __init__(self, by_name: Find, by_token: Callable[[str], Key | None], monotonic: Callable[[], float]) -> None:
        self._by_name = by_name
        self._by_token = by_token
        self._nonces = Nonces(monotonic)

    def key(self) -> Key:
        """Who asks. Raises Refused."""
        given = request.authorization
        if given is None or given.type not in ("basic", "digest"):
            raise Refused(Why.CREDENTIALS, "a login is missing: HTTP Digest, or Basic")
        if given.type == "basic":
            key = self._basic(given.username or "", given.password or "")
        else:
            key = self._digest({name.lower(): value for name, value in given.parameters.items()})
        if key is None:
            raise Refused(Why.CREDENTIALS, "user or password is wrong")
        if key.revoked_at is not None:
            raise Refused(Why.CREDENTIALS, "the key was revoked")
        return key

    def challenge(self, refused: Refused) -> str:
        # Every value but `stale` between quotes, and in this order: some clients read it no other way.
        told = f'Digest realm="{DINSTAR_REALM}", qop="auth", nonce="{self._nonces.new()}", algorithm="MD5"'
        return told + (", stale=true" if refused.field == _STALE else "")

    def _basic(self, name: str, password: str) -> Key | None:
        """The password of the key of this name; or an API token, under whatever name."""
        found = self._by_name(name)
        right = hmac.compare_digest(digest_secret(name, password), found[1] if found else _NOBODY)
        return found[0] if found and right else self._by_token(password)

    def _digest(self, given: Mapping[str, str | None]) -> Key | None:
        name, uri, nonce = (given.get(each) or "" for each in ("username", "uri", "nonce"))
        qop, count = given.get("qop"), given.get("nc") or ""
        if given.get("realm") != DINSTAR_REALM or (given.get("algorithm") or "MD5").upper() != "MD5":
            return None
        if qop not in (None, "auth") or not _is_this_request(uri):
            return None
        found = self._by_name(name)
        middle = nonce if qop is None else f"{nonce}:{count}:{given.get('cnonce') or ''}:auth"
        wanted = _md5(f"{found[1] if found else _NOBODY}:{middle}:{_md5(f'{request.method}:{uri}')}")
        if not hmac.compare_digest((given.get("response") or "").lower().encode(), wanted.encode()) or found is None:
            return None
        # Only who knows the password learns how it is with nonces.
        if not self._nonces.use(nonce, None if qop is None else _count(count)):
            raise Refused(Why.CREDENTIALS, "the nonce is too old, or was used before", _STALE)
        return found[0]


def _is_this_request(uri: str) -> bool:
    """What was signed is what was asked, however it was escaped; a proxy may have taken off the beginning of the path."""
    path, _, query = uri.partition("?")
    same_path = unquote_to_bytes(path).endswith(request.path.encode("utf-8", "surrogatepass"))
    return same_path and unquote_to_bytes(query) == unquote_to_bytes(request.query_string)


def _count(written: str) -> int:
    try:
        return int(written[:8], 16)
    except ValueError:
        return 0


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
