"""What a story can say of the boxes of its bank. Changes nothing."""

from __future__ import annotations

from simulator.bank import Bank


def placeholders(bank: Bank) -> dict[str, str]:
    """`{box1.url}`, `{box1.user}`, `{box1.password}`, `{box1.sn}` and `{box1.0.number}`, for each box and each of its ports."""
    values: dict[str, str] = {}
    for name, box in bank.boxes.items():
        plan = box.plan
        values |= {f"{name}.url": box.url, f"{name}.user": plan.user, f"{name}.password": plan.password, f"{name}.sn": plan.sn}
        values |= {f"{port.name}.number": port.sim.number for port in box.ports}
    return values


def untouched(bank: Bank) -> list[str]:
    """The boxes that nobody has asked anything with a right login."""
    return [name for name, box in bank.boxes.items() if not box.requests]
