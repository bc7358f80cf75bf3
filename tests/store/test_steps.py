from itertools import product

import pytest

from gateway.records import Status
from gateway.store import steps

Q, S, T, D, N, U, F, E, C, B, R = (
    Status.QUEUED,
    Status.SENDING,
    Status.SENT,
    Status.DELIVERED,
    Status.UNDELIVERED,
    Status.UNKNOWN,
    Status.FAILED,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.BLOCKED,
    Status.RECEIVED,
)

ALLOWED = {
    (Q, S), (Q, F), (Q, E), (Q, C), (Q, B),
    (S, T), (S, Q), (S, U), (S, F),
    (U, T), (U, D), (U, Q), (U, F),
    (T, D), (T, N),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_exactly_the_steps_of_the_table_are_allowed(before: Status, after: Status) -> None:
    if (before, after) in ALLOWED:
        steps.check(before, after)
    else:
        with pytest.raises(steps.ForbiddenStep):
            steps.check(before, after)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ({T}, T),
        ({D}, D),
        ({T, D}, T),
        ({D, N}, N),
        ({T, U}, U),
        ({T, Q}, Q),
        ({T, S, U}, S),
        ({D, F}, F),
    ],
)
def test_a_message_is_what_its_parts_add_up_to(parts: set[Status], whole: Status) -> None:
    assert steps.roll_up(parts) is whole
