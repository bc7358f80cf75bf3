"""Connecting a phone system: its key, its password, its webhook and its limit, all made in one commit or none of them.

What was made is kept in the audit under the name of the key, so that who connects again is told what there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from gateway.clock import Clock
from gateway.core.forwarding.addresses import Reach
from gateway.core.keys import Keys
from gateway.core.limits import Limits
from gateway.core.webhook_changes import ALL_EVENTS
from gateway.core.webhooks import Webhooks
from gateway.errors import Conflict
from gateway.pbx import signing
from gateway.pbx.formats import signing_of
from gateway.records import Counted, EventType, Key, Limit, Per, Webhook
from gateway.store import Database, audit
from gateway.store.audit import Audit
from gateway.store.together import Together

if TYPE_CHECKING:
    from gateway.store import Store

WHO = "simrack connect"
_KIND = "connect"
_LOOKED_THROUGH = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """`url` empty: nothing is posted there, yet. `per_minute` None: as it is, or the usual; 0: no limit. `chosen`: somebody asked
    for these options, so that a webhook that is there gets them too."""

    name: str
    recipe: str
    scopes: tuple[str, ...]
    url: str = ""
    format: str = ""
    events: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    chosen: bool = False
    password: str = ""  # smpp or dinstar: the key gets one for that, too
    per_minute: int | None = None
    usual_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Connection:
    """What there is now. Token, password and secret are empty where they were told before."""

    key: Key
    token: str = field(repr=False)
    password: str = field(repr=False)
    webhook: Webhook | None
    secret: str = field(repr=False)
    limit: Limit | None
    news: tuple[str, ...]  # what was made or changed, one thing each; empty when all was there
    others: int = 0  # further webhooks that hear of incoming texts


class Connecting:
    def __init__(self, store: Store, clock: Clock, reach: Reach | None = None) -> None:
        """`reach` is where webhooks may point."""
        self._store = store
        self._clock = clock
        self._reach = reach

    def connect(self, wanted: Wanted, again: bool = False) -> Connection:
        """Make what is missing; `again` makes new secrets for what is there. Raises BadValue, and Conflict for a key that is
        somebody else's or revoked."""
        return self._store.writer.run(lambda db: _Step(db, self._clock, self._reach, wanted, again).take())


class _Step:
    """One connecting, inside its transaction."""

    def __init__(self, db: Database, clock: Clock, reach: Reach | None, wanted: Wanted, again: bool) -> None:
        store = cast("Store", Together(db))
        self._db, self._clock, self._wanted, self._again = db, clock, wanted, again
        self._keys = Keys(store, clock)
        self._webhooks = Webhooks(store, clock, wake=lambda: None, reach=reach)
        self._limits = Limits(store, clock, wake=lambda: None)
        self._present = store.keys.get(wanted.name)
        self._before = _before(store, wanted.name)
        self._news: list[str] = []

    def take(self) -> Connection:
        key, token = self._key()
        password = ""
        if self._wanted.password and token:
            give, words = {"smpp": (self._keys.add_smpp, "SMPP"), "dinstar": (self._keys.add_dinstar, "the Dinstar door")}[
                self._wanted.password
            ]
            password = give(key.name, WHO)[1]
            self._news.append(f"its password for {words}")
        webhook, secret = self._webhook()
        limit = self._limit()
        if self._news:
            made = {
                "recipe": self._wanted.recipe,
                "key": key.id,
                "webhook": None if webhook is None else webhook.id,
                "limit": None if limit is None else limit.id,
            }
            what = f"{_KIND}.{'change' if self._before else 'add'}"
            audit.note(self._db, self._clock.now(), WHO, what, key.name, self._before or None, made)
        return Connection(key, token, password, webhook, secret, limit, tuple(self._news), self._others(webhook))

    def _others(self, own: Webhook | None) -> int:
        wanted = {ALL_EVENTS, EventType.MESSAGE_RECEIVED.value}
        others = [one for one in self._webhooks.all() if own is None or one.id != own.id]
        return sum(one.enabled and bool(wanted & set(one.events)) for one in others)

    def _key(self) -> tuple[Key, str]:
        name, present = self._wanted.name, self._present
        if present is None:
            self._before = {}
            self._news.append(f"the key {name}")
            return self._keys.add(name, self._wanted.scopes, by=WHO)
        if present.revoked_at is not None:
            raise Conflict(f"the key {name!r} was revoked, and its name stays taken; connect under another with --name")
        if self._before.get("key") != present.id:
            raise Conflict(f"there is a key {name!r} already that was made otherwise; connect under another name with --name")
        if self._before.get("recipe") != self._wanted.recipe:
            raise Conflict(f"the key {name!r} is that of {self._before['recipe']}; connect under another name with --name")
        if not self._again:
            return present, ""
        self._news.append(f"a new key {name} in place of the one before")
        return self._keys.renew(name, WHO)

    def _webhook(self) -> tuple[Webhook | None, str]:
        wanted, known = self._wanted, self._before.get("webhook")
        present = next((one for one in self._webhooks.all() if one.id == known), None)
        if present is None:
            if not wanted.url:
                return None, ""
            made, secret = self._webhooks.add(wanted.url, wanted.events, (), wanted.format, options=wanted.options, by=WHO)
            self._news.append(f"the webhook {made.id}")
            return made, secret
        if wanted.url and wanted.url != present.url:
            present = self._webhooks.change(present.id, url=wanted.url, by=WHO)
            self._news.append(f"the webhook {present.id} posts there now")
        if wanted.chosen and dict(present.options) != dict(wanted.options):
            present = self._webhooks.change(present.id, format=present.format, options=wanted.options, by=WHO)
            self._news.append(f"other options of the webhook {present.id}")
        if not self._again:
            return present, ""
        secret = signing.secret_for(signing_of(present.format, present.options))
        self._news.append(f"a new secret of the webhook {present.id}")
        changed = self._webhooks.change(present.id, format=present.format, options=present.options, secret=secret, by=WHO)
        return changed, secret

    def _limit(self) -> Limit | None:
        known = self._before.get("limit")
        present = next((one for one in self._limits.all() if one.id == known), None)
        most = self._wanted.per_minute
        if most is None:
            most = present.most if present else 0 if self._before else self._wanted.usual_per_minute
        if present is None and not most:
            return None
        if present is not None and most == present.most:
            return present
        if not most:
            assert present is not None
            self._limits.remove(present.id, WHO)
            self._news.append("no limit any more")
            return None
        told = Limit(0, f"key:{self._wanted.name}", Counted.TEXTS, Per.MINUTE, most)
        self._news.append(f"a limit of {most} texts a minute")
        return self._limits.add(told, WHO, ()) if present is None else self._limits.change(present.id, told, WHO, ())


def _before(store: Store, name: str) -> dict[str, Any]:
    """What the last connecting under this name came to; empty without one."""
    entries = Audit(store.read).page(_KIND, None, _LOOKED_THROUGH)
    return next((dict(entry.after or {}) for entry in entries if entry.subject == name), {})
