"""pytest fixtures for programs that talk to modems: `bank`, `modem` and `handset`. Imports nothing until one is used.

`@pytest.mark.bank(ports=4, family="sim800")` says what the bank shall be: the arguments of `running_bank`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.devices_for_tests import Handset, PluggedModem
    from simulator.testing import RunningBank


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "bank(**plan): the simulated modem bank of this test, as running_bank(**plan) takes it")


@pytest.fixture
def bank(request: pytest.FixtureRequest) -> "Iterator[RunningBank]":
    """A running bank of simulated modems: one generic modem, or what the mark `bank` says."""
    from simulator.testing import running_bank

    plan: dict[str, Any] = {}
    # The nearest mark wins: that of the function over those of class and module.
    for mark in reversed(list(request.node.iter_markers("bank"))):
        plan |= mark.kwargs
    with running_bank(**plan) as running:
        yield running


@pytest.fixture
def modem(bank: "RunningBank") -> "PluggedModem":
    """The first modem of the bank."""
    from simulator.devices_for_tests import PluggedModem

    return PluggedModem(bank, "p0")


@pytest.fixture
def handset(bank: "RunningBank") -> "Handset":
    """A telephone outside the bank; it takes texts and answers nothing unless told to."""
    from simulator.devices_for_tests import Handset

    return Handset(bank, "+491709999999")
