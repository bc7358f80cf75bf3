"""A port that stops answering, and one that is unplugged: what the others notice, and how soon it serves again."""

from __future__ import annotations

import time

from tests.bench.figures import Figure
from tests.bench.out import texts
from tests.bench.stage import Bank, Gateway, stage, until

QUEUE = 200
SILENCE_S = 20.0


def hung_port() -> list[Figure]:
    """One of four ports freezes in mid-queue for a while. Three ports need QUEUE/3 * 0.2 s for the rest.

    Each text has a recipient of its own: a second text to the same one rightly waits for the first.
    """
    with stage() as on:
        bank = on.bank(4, latency="0.2")
        gateway = on.gateway(bank)
        gateway.send_all(texts(QUEUE, each=1))
        bank.wait_for("submit", QUEUE // 4, 30)
        bank.control("/ports/p1/fault", {"name": "silence", "seconds": SILENCE_S})
        froze = time.time()
        left = QUEUE - len(bank.journal("submit"))
        entries = bank.wait_for("submit", QUEUE - 1, 60)
        took = entries[QUEUE - 2]["t"] - froze
        back = _serves_again(bank, gateway, "p1", froze + SILENCE_S)
    ideal = left / 3 * 0.2
    return [
        Figure("one of 4 ports hangs: delay of the other texts", took - ideal, "<=", 1.0, "s", f"{took:.1f} s for {left} texts"),
        Figure("… the port in use again after it answers", back, "<=", 5, "s", f"silent for {SILENCE_S:.0f} s"),
    ]


def replug() -> list[Figure]:
    with stage() as on:
        bank = on.bank(2, latency="0.2")
        gateway = on.gateway(bank)
        bank.control("/ports/p1/unplug", {})
        until(lambda: _state(gateway, "p1") == "lost", 20, "the gateway to notice")
        time.sleep(10)
        bank.control("/ports/p1/plug", {})
        back = _serves_again(bank, gateway, "p1", time.time())
    return [Figure("a port unplugged for 10 s, plugged in again: in use", back, "<=", 5, "s")]


def _state(gateway: Gateway, name: str) -> str:
    found = gateway.call("/v1/channels")["data"]
    return next(str(channel["state"]) for channel in found if channel["name"] == name)


def _serves_again(bank: Bank, gateway: Gateway, port: str, since: float) -> float:
    """Seconds from `since` until a text bound to this port is at the network."""
    gateway.call("/v1/messages", "POST", {"to": "+491759999999", "text": "back 0", "channel": port, "report": False})
    entries = until(
        lambda: [e for e in bank.journal("submit") if e["to"] == "+491759999999"], 200, f"a text over {port}", pause=0.05
    )
    return max(0.0, float(entries[0]["t"]) - since)
