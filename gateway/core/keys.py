"""Giving out and taking back API keys. A token is told once, to whoever asked for it; only its hash is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.clock import Clock
from gateway.errors import BadValue
from gateway.records import Key
from gateway.store import keys as shelf

if TYPE_CHECKING:
    from gateway.store import Store

SCOPES = ("send", "read", "admin")
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
SHORTEST_TOKEN = 32
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{32,255}")  # what a Bearer header can carry (RFC 6750 clause 2.1)


class Keys:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, name: str, scopes: Collection[str], token: str | None = None) -> tuple[Key, str]:
        """Make a key, with a token of ours unless one is given. Raises BadValue, or Conflict for a name in use."""
        if not re.fullmatch(NAME, name):
            raise BadValue("name", f"{name!r} is not a key's name", "up to 64 letters, digits, '_', '.' and '-'")
        _check_scopes(scopes)
        if token is None:
            token = "srk_" + secrets.token_urlsafe(32)
        elif len(token) < SHORTEST_TOKEN:
            raise BadValue("token", f"has {len(token)} characters", f"a key of your own has at least {SHORTEST_TOKEN}")
        elif not _TOKEN.fullmatch(token):
            raise BadValue("token", "holds characters a header cannot carry", "use letters, digits and -._~+/=")
        token_hash, now = shelf.hashed(token), self._clock.now()
        return self._store.writer.run(lambda db: shelf.add(db, name, scopes, token_hash, now)), token

    def revoke(self, name: str) -> Key:
        """Raises NotFound."""
        now = self._clock.now()
        return self._store.writer.run(lambda db: shelf.revoke(db, name, now))

    def all(self) -> list[Key]:
        return self._store.keys.all()


def _check_scopes(scopes: Collection[str]) -> None:
    if not scopes:
        raise BadValue("scopes", "none is given", "choose from " + ", ".join(SCOPES))
    for scope in scopes:
        if scope not in SCOPES:
            raise BadValue("scopes", f"{scope!r} is not a scope", "choose from " + ", ".join(SCOPES))
