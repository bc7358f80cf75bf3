"""What every test shares: those that talk to a port, real or simulated, belong to the slow part; chance is the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
LONGEST = HERE / "web" / "test_schema.py"
AT_A_PORT = {HERE / folder for folder in ("modem", "dinstar", "simulator", "scenarios", "foreign")}

# The suite judges a change, not the luck of the day nor the speed of the machine. What nobody has thought of yet is looked for
# with `--hypothesis-profile=search`, as often as one likes; `--hypothesis-seed=N` repeats what that found.
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("search", settings.get_profile("suite"), derandomize=False)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if AT_A_PORT & set(item.path.parents):
            item.add_marker(pytest.mark.slow)
    # It takes minutes, in a process of its own: begun last, it would make the others wait for it.
    items.sort(key=lambda item: item.path != LONGEST)
