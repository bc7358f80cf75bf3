"""Whom a limit is about: as people write it, as counters know it, and as it is shown.

People write sim:ID, sim:*, channel:NAME (the SIM that is in it now), pool:NAME, key:NAME and key:*. Counters know keys by number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import BadValue, Conflict, NotFound
from gateway.records import ChannelFacts, Key
from gateway.settings.spelling import nearest
from gateway.store import Database

_PORT = re.compile("port:[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")  # stands for a SIM that tells no number of its own
FORMS = "write sim:*, sim:ID, channel:NAME, pool:NAME, key:* or key:NAME"


@dataclass(frozen=True, slots=True)
class Names:
    """Which SIMs, channels and keys there are. Read at one moment."""

    channel_of: Mapping[str, str]  # SIM -> where it was last seen, or empty
    keys: Mapping[int, Key]

    def counted(self, written: str, pools: Collection[str] | None = None) -> str:
        """As counters know it. Raises BadValue for what is no subject, NotFound for what there is not."""
        kind, _, name = written.partition(":")
        if written in ("sim:*", "key:*"):
            return written
        if not name or kind not in ("sim", "channel", "pool", "key"):
            raise BadValue("subject", f"{written!r} is no subject", FORMS)
        if kind == "channel":
            return f"sim:{self.sim_in(name)}"
        if kind == "sim" and name not in self.channel_of and not _PORT.fullmatch(name):
            raise NotFound(f"no SIM {name} was ever seen; `simrack sims` lists them", "subject")
        if kind == "pool" and pools is not None and name not in pools:
            raise NotFound(f"there is no pool {name}; {nearest(name, pools)}", "subject")
        return f"key:{self.key_named(name, 'subject').id}" if kind == "key" else written

    def shown(self, subject: str) -> str:
        """As people know it."""
        kind, _, name = subject.partition(":")
        key = self.keys.get(int(name)) if kind == "key" and name != "*" else None
        return subject if key is None else f"key:{key.name}"

    def key_named(self, name: str, field: str) -> Key:
        """Raises NotFound naming `field`."""
        for key in self.keys.values():
            if key.name == name:
                return key
        known = [key.name for key in self.keys.values() if key.revoked_at is None]
        raise NotFound(f"there is no key named {name!r}; {nearest(name, known)}", field)

    def sim_in(self, channel: str) -> str:
        """The SIM that was seen there last."""
        for sim, where in self.channel_of.items():
            if where == channel:
                return sim
        raise Conflict(
            f"no SIM was seen in a channel called {channel!r} yet; `simrack channels` lists the channels there are. "
            f"Write sim:port:{channel} for a SIM that tells no number",
            "subject",
        )

    def concrete(self, subject: str) -> list[str]:
        """ "sim:*" as every SIM that is in a channel, "key:*" as every key that was not revoked; another subject is itself."""
        if subject == "sim:*":
            return [f"sim:{sim}" for sim, channel in self.channel_of.items() if channel]
        if subject == "key:*":
            return [f"key:{key.id}" for key in self.keys.values() if key.revoked_at is None]
        return [subject]


def names(db: Database, keys: Sequence[Key]) -> Names:
    rows = db.execute_sql("SELECT id, channel FROM sims ORDER BY first_seen, id").fetchall()
    return Names(dict(rows), {key.id: key for key in keys})


def sim_of(facts: ChannelFacts, known: Names) -> str:
    """The SIM of a channel now, or the one it had while it does not answer."""
    if facts.iccid or facts.imsi:
        return facts.sim
    return next((sim for sim, where in known.channel_of.items() if where == facts.name), facts.sim)
