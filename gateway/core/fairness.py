"""Whose text goes next when several clients and priorities wait: a bulk client never starves a single alert. Keeps no texts.

Self-clocked fair queueing: each flow (one lane, one client key, one priority) has a finish tag; the smallest goes first, and the
one that was served gets a later tag, the later the smaller its weight. A flow that had nothing to send gains no credit by it.
Used by the writer's thread alone; kept in memory, since a restart may begin the count anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.store.line import Flow

# Each step of priority weighs this much more, up to the bounds: the lowest still moves.
_STEP = 4.0
_LEAST, _MOST = _STEP**-4, _STEP**6
_KEPT = 1000


def weight(priority: int, share: float) -> float:
    """How many texts of this flow go for one of a flow of priority 0 and share 1."""
    return float(min(max(_STEP**priority, _LEAST), _MOST)) * share


class Fairness:
    """`share` is the weight of a client key beside the others."""

    def __init__(self, share: Callable[[int], float]) -> None:
        self._share = share
        self._clock = 0.0
        self._tags: dict[Flow, float] = {}

    def order(self, flows: Iterable[Flow]) -> list[Flow]:
        """Those that should be served first, first. A flow that is seen for the first time gets its tag here, and keeps it."""
        ranked = list(flows)
        for flow in ranked:
            if flow not in self._tags:
                self._tags[flow] = self._next_tag(flow)
        return sorted(ranked, key=lambda flow: (self._tags[flow], -flow.priority))

    def served(self, flow: Flow) -> None:
        self._clock = max(self._clock, self._tags.get(flow, 0.0))
        self._tags[flow] = self._next_tag(flow)
        if len(self._tags) > _KEPT:
            # What is behind has been waiting or is over; one that waits is given a new tag when it is seen again.
            self._tags = {flow: tag for flow, tag in self._tags.items() if tag > self._clock}

    def _next_tag(self, flow: Flow) -> float:
        return self._clock + 1.0 / weight(flow.priority, self._share(flow.key_id))
