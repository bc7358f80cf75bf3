"""What every test shares: those that talk to a port, real or simulated, belong to the slow part."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
AT_A_PORT = {HERE / folder for folder in ("modem", "dinstar", "simulator", "scenarios", "foreign")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if AT_A_PORT & set(item.path.parents):
            item.add_marker(pytest.mark.slow)
