"""API keys at rest: found by the SHA-256 of their token, never kept in clear. What makes a good key is decided in core.

`add` and `revoke` are jobs for the writer and take `db` first; `Keys` reads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from peewee import IntegrityError, SqliteDatabase

from gateway.errors import Conflict, NotFound
from gateway.records import NO_RULES, Key, KeyRules, Links

_COLUMNS = "id, name, scopes, created_at, revoked_at, rules"


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def add(db: SqliteDatabase, name: str, scopes: Iterable[str], token_hash: str, now: float) -> Key:
    """Raises Conflict when the name or the token is taken, be it by a revoked key: both stay in the history."""
    try:
        db.execute_sql(
            "INSERT INTO keys (name, token_hash, scopes, created_at) VALUES (?,?,?,?)",
            (name, token_hash, ",".join(sorted(set(scopes))), now),
        )
    except IntegrityError as fault:
        there = _by_name(db, name)
        if there is not None:
            state = "exists already" if there.revoked_at is None else "was revoked, and its name is not used again"
            raise Conflict(f"a key named {name!r} {state}; choose another name") from fault
        raise Conflict("this token belongs to another key; use a new one") from fault
    return named(db, name)


def revoke(db: SqliteDatabase, name: str, now: float) -> Key:
    """End a key for good. A key revoked before keeps its first date. Raises NotFound."""
    db.execute_sql("UPDATE keys SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (now, name))
    return named(db, name)


def set_token(db: SqliteDatabase, name: str, token_hash: str) -> Key:
    """Give a key another token, unless it is revoked. Raises NotFound."""
    db.execute_sql("UPDATE keys SET token_hash = ? WHERE name = ? AND revoked_at IS NULL", (token_hash, name))
    return named(db, name)


def set_smpp(db: SqliteDatabase, name: str, password_hash: str) -> Key:
    """Give a key an SMPP password, in place of the one it had. Raises NotFound."""
    # Past peewee, which writes every parameter to its debug log.
    db.connection().execute("UPDATE keys SET smpp_hash = ? WHERE name = ?", (password_hash, name))
    return named(db, name)


def set_rules(db: SqliteDatabase, name: str, rules: KeyRules) -> Key:
    """Raises NotFound."""
    db.execute_sql("UPDATE keys SET rules = ? WHERE name = ?", (_column(rules), name))
    return named(db, name)


def set_dinstar(db: SqliteDatabase, name: str, ha1: str) -> Key:
    """Let a key enter the Dinstar door with the password behind this hash, in place of the one it had. Raises NotFound.

    With its first one it has read what came in before: that was told to somebody else.
    """
    # Past peewee, which writes every parameter to its debug log.
    connection = db.connection()
    connection.execute(
        "INSERT OR IGNORE INTO dinstarmarks (key_id, channel, read_to) SELECT id, '', (SELECT COALESCE(MAX(id), 0) FROM messages)"
        " FROM keys WHERE name = ? AND dinstar_ha1 IS NULL",
        (name,),
    )
    connection.execute("UPDATE keys SET dinstar_ha1 = ? WHERE name = ?", (ha1, name))
    return named(db, name)


class Keys:
    """`read` runs a query on the calling thread's own connection."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def find(self, token: str) -> Key | None:
        """The key this token belongs to, revoked or not; None for a token never given out.

        Asked anew for every request, so that a key revoked from the command line is refused at once.
        """
        token_hash = hashed(token)
        row = self._read(
            lambda db: db.execute_sql(f"SELECT {_COLUMNS} FROM keys WHERE token_hash = ?", (token_hash,)).fetchone()
        )
        return None if row is None else _key(row)

    def get(self, name: str) -> Key | None:
        found: Key | None = self._read(lambda db: _by_name(db, name))
        return found

    def require(self, name: str) -> Key:
        """Raises NotFound."""
        found: Key = self._read(lambda db: named(db, name))
        return found

    def smpp(self, name: str) -> tuple[Key, str] | None:
        """A key with the hash of its SMPP password, revoked or not; None where there is no such password."""
        row = self._read(
            lambda db: db.execute_sql(
                f"SELECT {_COLUMNS}, smpp_hash FROM keys WHERE name = ? AND smpp_hash IS NOT NULL", (name,)
            ).fetchone()
        )
        return None if row is None else (_key(row), str(row[-1]))

    def dinstar(self, name: str) -> tuple[Key, str] | None:
        """A key with what checks its password at the Dinstar door, revoked or not; None where there is no such password."""
        row = self._read(
            lambda db: db.execute_sql(
                f"SELECT {_COLUMNS}, dinstar_ha1 FROM keys WHERE name = ? AND dinstar_ha1 IS NOT NULL", (name,)
            ).fetchone()
        )
        return None if row is None else (_key(row), str(row[-1]))

    def all(self) -> list[Key]:
        rows = self._read(lambda db: db.execute_sql(f"SELECT {_COLUMNS} FROM keys ORDER BY id").fetchall())
        return [_key(row) for row in rows]


def _by_name(db: SqliteDatabase, name: str) -> Key | None:
    row = db.execute_sql(f"SELECT {_COLUMNS} FROM keys WHERE name = ?", (name,)).fetchone()
    return None if row is None else _key(row)


def named(db: SqliteDatabase, name: str) -> Key:
    """Raises NotFound."""
    key = _by_name(db, name)
    if key is None:
        raise NotFound(f"there is no key named {name!r}")
    return key


def _key(row: tuple[Any, ...]) -> Key:
    return Key(
        id=row[0],
        name=row[1],
        scopes=frozenset(row[2].split(",")),
        created_at=row[3],
        revoked_at=row[4],
        rules=NO_RULES if row[5] is None else _rules(row[5]),
    )


def _column(rules: KeyRules) -> str | None:
    if rules == NO_RULES:
        return None
    links = None if rules.links is None else rules.links.value
    return json.dumps({
        "longest": rules.longest,
        "links": links,
        "senders": rules.senders,
        "extensions": dict(rules.extensions),
        "per_second": rules.per_second,
    })


@lru_cache(maxsize=1024)
def _rules(column: str) -> KeyRules:
    found = json.loads(column)
    return KeyRules(
        longest=found["longest"],
        links=None if found["links"] is None else Links(found["links"]),
        senders=tuple(found["senders"]),
        extensions={extension: tuple(senders) for extension, senders in found["extensions"].items()},
        per_second=found.get("per_second"),  # came later than the others
    )
