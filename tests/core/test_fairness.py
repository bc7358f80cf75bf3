"""Whose text goes next: runs of texts of several clients, counted."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.fairness import Fairness
from gateway.store.line import Flow

BULK, ALERT = Flow("", 1, 0), Flow("", 2, 0)


def served(fairness: Fairness, flows: list[Flow], texts: int) -> list[Flow]:
    found = []
    for _ in range(texts):
        flow = fairness.order(flows)[0]
        fairness.served(flow)
        found.append(flow)
    return found


def test_a_single_alert_goes_next_however_many_texts_of_another_client_wait() -> None:
    fairness = Fairness(lambda key_id: 1.0)
    served(fairness, [BULK], 1000)
    assert ALERT in served(fairness, [BULK, ALERT], 2)


def test_two_clients_share_evenly_from_the_moment_the_second_comes() -> None:
    fairness = Fairness(lambda key_id: 1.0)
    served(fairness, [BULK], 1000)
    assert Counter(served(fairness, [BULK, ALERT], 100)) == {BULK: 50, ALERT: 50}


def test_a_client_with_a_larger_share_gets_it() -> None:
    fairness = Fairness(lambda key_id: 3.0 if key_id == 1 else 1.0)
    assert Counter(served(fairness, [BULK, ALERT], 100)) == {BULK: 75, ALERT: 25}


def test_a_higher_priority_goes_first_and_a_lower_one_still_moves() -> None:
    fairness = Fairness(lambda key_id: 1.0)
    urgent, idle = Flow("", 1, 2), Flow("", 1, -2)
    found = served(fairness, [BULK, urgent, idle], 2000)
    assert found[0] is urgent
    counts = Counter(found)
    assert counts[urgent] > 10 * counts[BULK] > 10 * counts[idle] > 0


def test_whoever_sent_nothing_for_long_has_not_saved_it_up() -> None:
    fairness = Fairness(lambda key_id: 1.0)
    served(fairness, [BULK, ALERT], 10)
    served(fairness, [BULK], 1000)
    assert Counter(served(fairness, [BULK, ALERT], 20))[ALERT] <= 11


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_of_equal_clients_that_always_have_something_none_is_ever_two_texts_behind(present: list[int]) -> None:
    fairness = Fairness(lambda key_id: 1.0)
    counts: Counter[int] = Counter()
    for extra in present:
        flows = [Flow("", 1, 0), Flow("", 2, 0), *(Flow("", 10 + n, 0) for n in range(extra))]
        flow = fairness.order(flows)[0]
        fairness.served(flow)
        counts[flow.key_id] += 1
        assert abs(counts[1] - counts[2]) <= 1
