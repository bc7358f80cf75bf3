"""Modem ports and ports of boxes in one pool, in compressed time: nothing lost or doubled, limits kept, kills, a dead box."""

from __future__ import annotations

import pytest

from tests.bench.mixed import Plan, told
from tests.bench.stage import stage

# Small enough for every run of the suite; `make bench ARGS=mixed` tells it with 32 channels and 20,000 texts.
SMALL = Plan(
    modems=4, boxes=2, box_ports=2, texts=600, recipients=450, side_texts=12, kills=3, sim_minute=40, p1_minute=10, side_minute=3,
    key_minute=160, p0_recipients_hour=30, seconds=150.0,
)  # fmt: skip


SPEED = ("shares", "pace", "limits that were reached")


@pytest.mark.slow
def test_a_mixed_pool_keeps_every_text_and_limit_through_kills_a_dead_box_and_a_hung_port() -> None:
    """Equal shares and an even pace are asked for by the benchmark, and without a stopwatch by `tests/core/test_shares`.

    Where other tests keep the machine busy, a port in compressed time seems slow, and nobody waits for a slow one. There a minute
    may also be over before as many texts have left as a limit allows.
    """
    with stage() as on:
        figures = told(on, SMALL, speed=4.0)
    assert [figure.row() for figure in figures if not figure.reached and not any(word in figure.what for word in SPEED)] == []
