"""The network's part of the control: what can be changed about it, and how it is shown. Knows no paths."""

from collections.abc import Callable
from typing import Any

from simulator.caps import caps
from simulator.credit import credit
from simulator.network import Network
from simulator.numberplan import number_plan
from simulator.pace import span
from simulator.rules import rule, show_rule

Values = dict[str, Any]

_PACES = ("report_delay", "answer_delay", "redeliver_after", "duplicates_known_for", "speed")


def _latency(network: Network, value: Any) -> None:
    network.pace.latency = span(value)


def _rules(network: Network, value: Any) -> None:
    network.admission.rules = [rule(each) for each in value]


def _caps(network: Network, value: Any) -> None:
    network.admission.caps = caps(value)


def _credit(network: Network, value: Any) -> None:
    made = credit(value)
    made.balances = {network.number_of(sim): int(cents) for sim, cents in made.balances.items()}
    network.admission.credit = made


def _centres(network: Network, value: Any) -> None:
    network.admission.centres = {str(number): int(cause) for number, cause in value.items()}


def _numbers(network: Network, value: Any) -> None:
    network.admission.numbers = number_plan(value)


def _coverage(network: Network, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"coverage is true or false, not {value!r}")
    network.set_coverage(value)


_CHANGES: dict[str, Callable[[Network, Any], None]] = {
    "latency": _latency, "refuse": _rules, "caps": _caps, "credit": _credit, "centres": _centres, "numbers": _numbers,
    "coverage": _coverage,
}
KEYS = (*_PACES, *_CHANGES)


def change(network: Network, values: Values) -> None:
    """Changes what is named; the rest stays. Raises ValueError or TypeError with what is wrong."""
    for name, value in values.items():
        if name in _PACES:
            if float(value) < 0:
                raise ValueError(f"{name} cannot be below 0")
            setattr(network.pace, name, float(value))
        elif name in _CHANGES:
            _CHANGES[name](network, value)
        else:
            raise ValueError(f"the network has no {name!r}; it has: {', '.join(KEYS)}")


def show(network: Network) -> Values:
    """Everything that can be changed, as it is now."""
    admission = network.admission
    return {"latency": network.pace.latency.shown(), **{name: getattr(network.pace, name) for name in _PACES},
            "refuse": [show_rule(each) for each in admission.rules], "caps": admission.caps.shown(),
            "credit": admission.credit.shown(), "centres": admission.centres,
            "numbers": {"country": admission.numbers.country, "own": admission.numbers.own,
                        "unassigned": admission.numbers.unassigned},
            "coverage": network.coverage}
