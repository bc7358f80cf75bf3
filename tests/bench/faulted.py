"""How soon a port serves again after each fault the simulator knows, with the driver's real waits."""

from __future__ import annotations

import time
from typing import Any

from tests.bench.figures import machine
from tests.bench.stage import Bank, Gateway, stage

LASTS_S = 5.0
LONGEST_S = 240.0


def faulted() -> dict[str, float | None]:
    """Each fault on a port of its own, all at once. Seconds from the end of the fault to a text at the network.

    The texts are bound to their ports, so a refused one waits its 30 s; None means not in time.
    """
    with stage() as on:
        faults: dict[str, dict[str, Any]] = on.bank(1).control("/faults")
    names = sorted(faults)
    with stage() as on:
        bank = on.bank(len(names), latency="0.2", report_delay="0.5")
        gateway = on.gateway(bank)
        for number, name in enumerate(names):
            lasting = {"seconds": LASTS_S} if "seconds" in faults[name]["options"] else {}
            bank.control(f"/ports/p{number}/fault", {"name": name, **lasting})
            _text(gateway, number, "during")
            bank.control("/text", {"from": f"+49172{number:07d}", "to": f"p{number}", "text": "in"})
        time.sleep(LASTS_S)
        ended = time.time()
        for number in range(len(names)):
            bank.control(f"/ports/p{number}/fault", method="DELETE")
            _text(gateway, number, "after")
        return _times(bank, names, ended)


def _text(gateway: Gateway, port: int, text: str) -> None:
    wish = {"to": f"+49170{port:07d}", "text": text, "channel": f"p{port}", "on_unknown": "hold", "report": False}
    gateway.call("/v1/messages", "POST", wish)


def _times(bank: Bank, names: list[str], ended: float) -> dict[str, float | None]:
    found: dict[str, float] = {}
    while len(found) < len(names) and time.time() < ended + LONGEST_S:
        for entry in bank.journal("submit"):
            if entry["text"] == "after":
                found.setdefault(str(entry["port"]), max(0.0, float(entry["t"]) - ended))
        time.sleep(0.5)
    return {name: found.get(f"p{number}") for number, name in enumerate(names)}


if __name__ == "__main__":
    print(f"{machine()}\n\n| fault | in use again after |\n|---|---|")
    for fault, seconds in faulted().items():
        print(f"| {fault} | {'not within 4 minutes' if seconds is None else f'{seconds:.1f} s'} |")
