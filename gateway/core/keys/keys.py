"""Giving out and taking back API keys. A token is told once, to whoever asked for it; only its hash is kept.

Every change leaves an audit row without token or password. `by` is the name of the key that asked, or the command
that did it at the box.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.clock import Clock
from gateway.core.keys.rules import changed, rules_json
from gateway.errors import BadValue, Conflict
from gateway.records import Key
from gateway.settings import Settings, dial
from gateway.store import Database, audit
from gateway.store import keys as shelf
from gateway.store import pools as pool_rows

if TYPE_CHECKING:
    from gateway.store import Store

SCOPES = ("send", "read", "admin")
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
SHORTEST_TOKEN = 32
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{32,255}")  # what a Bearer header can carry (RFC 6750 clause 2.1)

# What SMPP has room for (clause 5.2.1 and 5.2.2).
SMPP_LONGEST_NAME = 15
SMPP_PASSWORD_LENGTH = 8
# HTTP Digest at the Dinstar door: a hash of name, realm and password is all that is kept, so the realm is the same for ever. It is
# that of the boxes.
DINSTAR_REALM = "Web Server"
_DINSTAR_PASSWORD_LENGTH = 20  # HTTP Digest's hash is a quick one

AT_THE_BOX = "simrack key"  # who changed it, where no key did

# None that look like others.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class Keys:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, name: str, scopes: Collection[str], token: str | None = None, by: str = AT_THE_BOX) -> tuple[Key, str]:
        """Make a key, with a token of ours unless one is given. Raises BadValue, or Conflict for a name in use."""
        if not re.fullmatch(NAME, name):
            raise BadValue("name", f"{name!r} is not a key's name", "up to 64 letters, digits, '_', '.' and '-'")
        _check_scopes(scopes)
        if token is None:
            token = _new_token()
        elif len(token) < SHORTEST_TOKEN:
            raise BadValue("token", f"has {len(token)} characters", f"a key of your own has at least {SHORTEST_TOKEN}")
        elif not _TOKEN.fullmatch(token):
            raise BadValue("token", "holds characters a header cannot carry", "use letters, digits and -._~+/=")
        token_hash, now = shelf.hashed(token), self._clock.now()

        def job(db: Database) -> Key:
            made = shelf.add(db, name, scopes, token_hash, now)
            self._note(db, by, "add", name, None, {"scopes": sorted(made.scopes)})
            return made

        return self._store.writer.run(job), token

    def renew(self, name: str, by: str = AT_THE_BOX) -> tuple[Key, str]:
        """Another token for a key that stays what it is; the one before ends. Raises NotFound, and Conflict for a revoked one."""
        token = _new_token()
        return self._give(name, by, "token", lambda db: shelf.set_token(db, name, shelf.hashed(token))), token

    def add_smpp(self, name: str, by: str = AT_THE_BOX) -> tuple[Key, str]:
        """Give a key a password for SMPP, in place of the one it had; shown once. Raises BadValue, NotFound, Conflict."""
        require_smpp_name(name)
        password = _password(SMPP_PASSWORD_LENGTH)
        salt = secrets.token_hex(16)
        kept = f"{salt}${_slow_hash(password, salt)}"
        return self._give(name, by, "smpp", lambda db: shelf.set_smpp(db, name, kept)), password

    def add_dinstar(self, name: str, by: str = AT_THE_BOX) -> tuple[Key, str]:
        """Give a key a password for the Dinstar door, in place of the one it had; shown once. Raises NotFound, Conflict."""
        password = _password(_DINSTAR_PASSWORD_LENGTH)
        kept = digest_secret(name, password)
        return self._give(name, by, "dinstar", lambda db: shelf.set_dinstar(db, name, kept)), password

    def smpp_login(self, name: str, password: str) -> Key | None:
        """The key of this name if the password is its own, revoked or not. Takes its time: passwords of SMPP are short."""
        found = self._store.keys.smpp(name)
        salt, _, wanted = (found[1] if found is not None else "none$none").partition("$")
        right = hmac.compare_digest(_slow_hash(password, salt), wanted)
        return found[0] if found is not None and right else None

    def revoke(self, name: str, by: str = AT_THE_BOX) -> Key:
        """Raises NotFound."""
        now = self._clock.now()

        def job(db: Database) -> Key:
            before = shelf.named(db, name)
            if before.revoked_at is not None:
                return before
            self._note(db, by, "revoke", name, {"scopes": sorted(before.scopes)}, None)
            return shelf.revoke(db, name, now)

        return self._store.writer.run(job)

    def change_rules(self, name: str, changes: Mapping[str, Any], by: str, settings: Settings) -> Key:
        """What the key called `name` may send; None gives back what the configuration says. Raises NotFound, BadValue, Conflict."""

        def job(db: Database) -> Key:
            key = _not_revoked(shelf.named(db, name))
            pools = {pool.name: pool.channels for pool in (*settings.pools, *pool_rows.find(db))}
            expand = partial(dial.expand, channels=settings.channel_names, pools=pools)
            new = shelf.set_rules(db, name, changed(key.rules, changes, settings.numbers.country, expand))
            self._note(db, by, "rules", name, rules_json(key.rules), rules_json(new.rules))
            return new

        return self._store.writer.run(job)

    def all(self) -> list[Key]:
        return self._store.keys.all()

    def _give(self, name: str, by: str, what: str, change: Callable[[Database], Key]) -> Key:
        """A new token or password. Raises NotFound, and Conflict for a revoked key."""

        def job(db: Database) -> Key:
            _not_revoked(shelf.named(db, name))
            self._note(db, by, what, name, None, None)
            return change(db)

        return self._store.writer.run(job)

    def _note(
        self, db: Database, by: str, action: str, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        audit.note(db, self._clock.now(), by, f"key.{action}", f"key:{name}", before, after)


def _new_token() -> str:
    return "srk_" + secrets.token_urlsafe(32)


def require_smpp_name(name: str) -> None:
    if len(name) > SMPP_LONGEST_NAME:
        raise BadValue("name", f"{name!r} is too long to be a system_id", f"SMPP takes {SMPP_LONGEST_NAME} characters at most")


def digest_secret(name: str, password: str) -> str:
    """HA1 of RFC 7616: with it a Digest is checked, and whoever has it can make one for this realm, but not learn the password."""
    return hashlib.md5(f"{name}:{DINSTAR_REALM}:{password}".encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _password(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _not_revoked(key: Key) -> Key:
    if key.revoked_at is not None:
        raise Conflict(f"the key {key.name!r} is revoked")
    return key


def _slow_hash(password: str, salt: str) -> str:
    """Eight characters could be found by trying from a quick hash."""
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt.encode(), n=2**14, r=8, p=1).hex()


def _check_scopes(scopes: Collection[str]) -> None:
    if not scopes:
        raise BadValue("scopes", "none is given", "choose from " + ", ".join(SCOPES))
    for scope in scopes:
        if scope not in SCOPES:
            raise BadValue("scopes", f"{scope!r} is not a scope", "choose from " + ", ".join(SCOPES))
