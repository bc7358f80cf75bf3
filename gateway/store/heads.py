"""Looks into flows for the first text that a channel may take, however long they are. Binds nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from peewee import SqliteDatabase

from gateway.records import OnUnknown
from gateway.store import found, lanes, limits, line
from gateway.store.claims import Offer, Want, subjects
from gateway.store.line import READY, Flow

# So many texts of one flow are looked at for one that this channel may take; the others are for other channels.
_WINDOW = 64
# How far a channel has looked into a flow of which it could take none of the first texts. Used by the writer's thread alone.
Reach = dict[tuple[str, Flow, str], int]
_MOST_REACHES = 1000
# Mostly one of these will do; where none does, much is asked of the others at once.
_FEW = 4

_Text = tuple[int, str, str, int]
_HEAD = (
    "SELECT id, avoid, recipient, parts FROM messages INDEXED BY messages_ready"
    f" WHERE lane = ? AND key_id = ? AND priority = ? AND COALESCE(pinned, wants) = ? AND id > ? AND {READY}"
    f" ORDER BY id LIMIT {_WINDOW}"
)


class Heads:
    """For one round of claims. `spurned` are lanes in which a text was left to others, because it was refused here; `deeper` says
    that a channel found nothing so far and has not looked at all the texts."""

    def __init__(self, db: SqliteDatabase, ledger: limits.Ledger, reach: Reach | None) -> None:
        self._db = db
        self._ledger = ledger
        self._reach: Reach = {} if reach is None else reach
        if len(self._reach) > _MOST_REACHES:
            self._reach.clear()
        self._wanted: frozenset[str] | None = None
        self.spurned: set[str] = set()
        self.deeper = False

    def head(self, want: Want, offer: Offer, flow: Flow) -> int | None:
        """The first text of a flow that this channel may take: of those for anybody, if it is its turn, and those that want it."""
        wishes = ["", want.channel, *self._left_behind(offer)] if offer.free else [want.channel]
        heads = [self._first(want, offer, flow, wanted) for wanted in wishes]
        return min((head for head in heads if head is not None), default=None)

    def _left_behind(self, offer: Offer) -> list[str]:
        """The channels that texts of this lane may still want though the number they asked for is no longer there."""
        if not lanes.groups_of(offer.lane):
            return []
        if self._wanted is None:
            self._wanted = frozenset(line.wanted(self._db))
        return sorted(self._wanted - offer.holders)

    def _first(self, want: Want, offer: Offer, flow: Flow, wanted: str) -> int | None:
        """Where none of the first texts will do, some behind them are looked at too, each time others."""
        head, last = self._look(want, offer, flow, wanted, 0)
        place = want.channel, flow, wanted
        if head is not None:
            return head
        if last is None:
            self._reach.pop(place, None)
            return None
        begin = max(last, self._reach.get(place, 0))
        head, last = self._look(want, offer, flow, wanted, begin)
        if head is None and last is None:
            self._reach.pop(place, None)
        else:
            self._reach[place] = begin if last is None else last
            self.deeper = self.deeper or head is None
        return head

    def _look(self, want: Want, offer: Offer, flow: Flow, wanted: str, behind: int) -> tuple[int | None, int | None]:
        """A text that this channel may take, and otherwise the last one that was looked at if there are more.

        A text that avoids this channel is taken all the same once it avoids every able channel: it would wait for ever.
        """
        avoided = f",{want.channel},"
        others_are_quicker = not wanted and flow.priority > offer.most
        whose = subjects(want.sim, offer.pool, flow.key_id)
        looked, message_id = 0, 0
        for texts, strangers in self._pieces(flow, wanted, behind, whose):
            looked += len(texts)
            for message_id, avoid, recipient, parts in texts:
                if avoided in avoid and any(f",{one}," not in avoid for one in offer.able):
                    self.spurned.add(flow.lane)
                    continue
                if recipient in strangers or (others_are_quicker and not avoid):
                    continue
                if not wanted and any(f",{one}," not in avoid for one in offer.after):
                    continue
                if wanted and self._is_another_sims(want, message_id):
                    continue
                if self._ledger.admits(whose, recipient, parts):
                    return int(message_id), None
        return None, message_id if looked == _WINDOW else None

    def _pieces(self, flow: Flow, wanted: str, behind: int, whose: Sequence[str]) -> Iterator[tuple[list[_Text], Collection[str]]]:
        """Texts with those of their recipients who may surely not be texted: of the first few that is not asked yet."""
        rows = self._db.execute_sql(_HEAD, (*flow, wanted, behind))
        if not self._ledger.full_of_people(whose):
            yield rows.fetchmany(_FEW), ()
        if others := rows.fetchall():
            yield others, self._ledger.strangers(whose, [recipient for _, _, recipient, _ in others])

    def _is_another_sims(self, want: Want, message_id: int) -> bool:
        """A held message of which another SIM has sent parts waits for that one."""
        part = found.next_part(self._db, message_id)
        held = part is not None and part.on_unknown == OnUnknown.HOLD
        return held and part is not None and found.must_begin_anew(self._db, part, want.sim, want.whole)
