"""`kill -9`, ten times, while texts go out and come in: nothing lost, nothing doubled that is held."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

from tests.bench.figures import Figure
from tests.bench.stage import Bank, Gateway, Receiver, Stage, stage, until

KILLS = 10
OUT = 500
IN = 200
PORTS = 8
SEED = 20261121


def killed() -> list[Figure]:
    with stage() as on:
        bank = on.bank(PORTS, latency="0.02-0.2", report_delay="0.5")
        receiver = on.receiver()
        gateway = on.gateway(bank, webhook=receiver.hook, events=["message.received"])
        arrivals = threading.Thread(target=_text_us, args=(bank,), daemon=True)
        arrivals.start()
        ids = _send_and_kill(on, bank, gateway)
        arrivals.join(60)
        return _verdict(on, bank, gateway, receiver, ids)


def _text_us(bank: Bank) -> None:
    chance = random.Random(SEED)
    for number in range(IN):
        bank.control("/text", {"from": f"+49172{number:07d}", "to": f"p{number % PORTS}", "text": f"in {number}"})
        time.sleep(chance.uniform(0.02, 0.1))


def _send_and_kill(on: Stage, bank: Bank, gateway: Gateway) -> list[str]:
    """Texts are offered in pieces, each accepted before the next kill; a new gateway is started at once after it."""
    chance = random.Random(SEED)
    port = int(gateway.url.rpartition(":")[2])
    ids: list[str] = []
    for kill in range(KILLS):
        share = range(kill * OUT // KILLS, (kill + 1) * OUT // KILLS)
        ids += gateway.send_all([{"to": f"+49170{n:07d}", "text": f"out {n}", "on_unknown": "hold"} for n in share])
        time.sleep(chance.uniform(0.1, 0.8))
        gateway.process.kill()
        gateway.process.wait()
        again = on.run_gateway(gateway.config, port, gateway.key, PORTS)
        gateway.process, gateway.pid = again.process, again.pid
    return ids


def _verdict(on: Stage, bank: Bank, gateway: Gateway, receiver: Receiver, ids: list[str]) -> list[Figure]:
    until(lambda: not _waiting(gateway, "queued") and not _waiting(gateway, "sending"), 120, "the queue to empty", 0.5)
    until(lambda: len({e["body"]["data"]["text"] for e in receiver.events()}) >= IN, 60, "all incoming texts", 0.5)
    time.sleep(3)
    at_network = Counter(entry["text"] for entry in bank.journal("submit"))
    states = {public_id: gateway.call(f"/v1/messages/{public_id}")["status"] for public_id in ids}
    open_unknowns = sum(state == "unknown" for state in states.values())
    gone = sum(1 for n in range(OUT) if at_network[f"out {n}"] >= 1)
    lost = sum(
        1
        for n, public_id in enumerate(ids)
        if at_network[f"out {n}"] == 0 and states[public_id] != "unknown"
    )
    doubled = sum(count - 1 for text, count in at_network.items() if text.startswith("out ") and count > 1)
    events = receiver.events()
    identities = Counter(str(event["body"]["data"]["text"]) for event in {e["body"]["data"]["id"]: e for e in events}.values())
    missing = sum(1 for n in range(IN) if identities[f"in {n}"] == 0)
    twice = sum(count - 1 for count in identities.values() if count > 1)
    note = f"{KILLS} kills, {gone} of {OUT} at the network, {open_unknowns} held as unknown for a person"
    return [
        Figure("kill -9: outgoing lost", lost, "=", 0, "texts", note),
        Figure("kill -9: outgoing sent twice with hold", doubled, "=", 0, "texts"),
        Figure("kill -9: incoming lost", missing, "=", 0, "texts", f"of {IN}"),
        Figure("kill -9: incoming handed over under two ids", twice, "=", 0, "texts", f"{len(events)} postings"),
    ]


def _waiting(gateway: Gateway, status: str) -> bool:
    return bool(gateway.call(f"/v1/messages?status={status}&direction=out&limit=1")["data"])
