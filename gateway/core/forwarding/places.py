"""Who may have one more posting in the air, and who must make room for others. Pure: counts, and waits for nothing.

Webhooks that people made and receivers that requests named have rooms of their own, so that no client can use up what a PBX needs.
In the callbacks' room each key has a part, and of that its receivers that did not answer the last time have a part: a key that
names a thousand silent hosts has a few connections open, and takes nothing from other keys. Everybody may always have one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

PER_RECEIVER = 8
OVERALL = 32
PER_KEY = 16
UNHEARD_PER_KEY = 8


@dataclass(slots=True, eq=False)
class Place:
    owner: int
    heard: bool  # whether its receiver answered the last time


class Room:
    """`per_owner` bounds what one of them takes. Without `unheard` nobody need have answered to be given more than one place."""

    def __init__(self, per_owner: int, unheard: int | None = None) -> None:
        self.taken = 0
        self._per_owner = per_owner
        self._unheard = unheard
        self._of_owner: Counter[int] = Counter()
        self._unheard_of_owner: Counter[int] = Counter()
        self._everybody_waits = False
        self._waiting: set[int] = set()  # owners that have all they may
        self._queueing: set[int] = set()  # owners with more receivers to hear than may be tried

    def most(self, heard: bool) -> int:
        """How many places one receiver may have."""
        return PER_RECEIVER if heard or self._unheard is None else 1

    def forget_who_waits(self) -> None:
        """Before everybody asks anew."""
        self._everybody_waits = False
        self._waiting.clear()
        self._queueing.clear()

    def take(self, owner: int, heard: bool) -> Place | None:
        if self._of_owner[owner]:
            if self.taken >= OVERALL:
                self._everybody_waits = True
                return None
            if self._of_owner[owner] >= self._per_owner:
                self._waiting.add(owner)
                return None
            if not heard and self._unheard is not None and self._unheard_of_owner[owner] >= self._unheard:
                self._queueing.add(owner)
                return None
        self.taken += 1
        self._of_owner[owner] += 1
        self._unheard_of_owner[owner] += not heard
        return Place(owner, heard)

    def answered(self, place: Place) -> bool:
        """Its receiver was heard. True if that lets others in, or more of its own."""
        if place.heard:
            return False
        place.heard = True
        self._unheard_of_owner[place.owner] -= 1
        return self._unheard is not None

    def is_wanted(self, place: Place) -> bool:
        """Somebody waits who could have this place."""
        owner = place.owner
        return self._everybody_waits or owner in self._waiting or (not place.heard and owner in self._queueing)

    def give_back(self, place: Place) -> None:
        self.taken -= 1
        self._of_owner[place.owner] -= 1
        self._unheard_of_owner[place.owner] -= not place.heard
        for counted in (self._of_owner, self._unheard_of_owner):
            if not counted[place.owner]:
                del counted[place.owner]
