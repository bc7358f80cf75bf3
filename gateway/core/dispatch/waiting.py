"""What is known of the queue without reading it: in which lanes texts may wait, for which channels, how urgent. Claims nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gateway.channels.rotation import Lane
from gateway.store.claims import Round, Want


class Waiting:
    """Lanes that are thought empty are not looked into, so whatever fills one says so here."""

    def __init__(self, lanes: Callable[[], Mapping[str, Lane]]) -> None:
        self._lanes = lanes
        self._lively: set[str] | None = None  # lanes in which texts may wait; None for all of them
        self._enlivened: set[str] = set()  # those that filled while a round of claims was being committed
        self._urgent_lanes: set[str] = set()
        self.urgent: int | None = None  # the highest priority that came in since `take_urgent`
        self.wanted: frozenset[str] = frozenset()  # channels that texts wait for
        self.spurned: frozenset[str] = frozenset()  # lanes with texts that a channel has refused

    def anywhere(self) -> None:
        self._lively = None

    def enliven(self, lanes: Iterable[str]) -> None:
        if self._lively is not None:
            self._lively.update(lanes)
        self._enlivened.update(lanes)

    def came_in(self, lanes: Iterable[str], priority: int) -> None:
        self.enliven(lanes)
        self._urgent_lanes.update(lanes)
        self.urgent = priority if self.urgent is None else max(priority, self.urgent)

    def take_urgent(self) -> tuple[int, set[str]] | None:
        """The highest priority that came in, and the lanes in which anything came in."""
        if self.urgent is None:
            return None
        taken = self.urgent, self._urgent_lanes
        self.urgent, self._urgent_lanes = None, set()
        return taken

    def lively(self) -> Iterable[str]:
        return self._lanes() if self._lively is None else self._lively

    def begin_round(self) -> None:
        if self._lively is None:
            self._lively = set(self._lanes())
        self._enlivened = set()

    def learn(self, wants: Sequence[Want], round_: Round) -> None:
        """What a round of claims found; what filled meanwhile is not empty."""
        self.wanted = round_.wanted
        self.spurned = self.spurned.difference(offer.lane for want in wants for offer in want.offers) | round_.spurned
        if self._lively is not None:
            self._lively -= round_.empty - self._enlivened
