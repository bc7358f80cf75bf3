"""Every fault the simulator knows, by name: nothing lost, nothing doubled, and the port serves again."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.faults import CATALOGUE
from tests.scenarios.faults import go_through

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fault", sorted(CATALOGUE))
def test_a_port_comes_through_with_nothing_lost_and_nothing_doubled(fault: str, tmp_path: Path) -> None:
    after = go_through(fault, tmp_path)
    assert (after.lost, after.doubled, after.missing, after.twice) == ([], [], [], [])
