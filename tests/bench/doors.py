"""How many texts a second each of other people's APIs takes in, beside what /v1/messages takes in the same minute."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
from typing import Any

from gateway.settings import DOORS
from tests.bench.door_requests import OURS
from tests.bench.figures import Figure
from tests.bench.load import DIGEST
from tests.bench.stage import Gateway, stage

# The door that takes more than one way to log in is measured by each.
WAYS = (*DOORS, f"dinstar{DIGEST}")
ROUNDS = 3
SECONDS = 1.5


def doors() -> list[Figure]:
    opened = ", ".join(f'"{door}"' for door in DOORS)
    with stage() as on:
        gateway = on.gateway(None, extra=f'[doors]\nopen = [{opened}]\nother_senders = "ignore"\n')
        name = f"bench{gateway.url.rpartition(':')[2]}"
        login = f"{name}:{on.simrack('key', 'dinstar', name, '--config', str(gateway.config)).strip()}"
        _load(gateway, OURS, login)
        shares: dict[str, list[float]] = {door: [] for door in WAYS}
        for _ in range(ROUNDS):
            for door in WAYS:
                ours, theirs = _load(gateway, OURS, login), _load(gateway, door, login)
                shares[door].append(theirs / ours * 100)
    return [
        Figure(f"accept through the door {door}", statistics.median(found), ">=", 70, "% of /v1/messages", _spread(found))
        for door, found in shares.items()
    ]


def _spread(found: list[float]) -> str:
    return f"{min(found):.0f} to {max(found):.0f} %"


def _load(gateway: Gateway, door: str, login: str) -> float:
    """Requests a second, every one of them a message on disk."""
    before = _messages(gateway)
    secret = login if door.startswith("dinstar") else gateway.key
    command = [sys.executable, "-m", "tests.bench.load", gateway.url, secret, "--seconds", str(SECONDS), "--door", door]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert _messages(gateway) - before == sum(found["statuses"].values()), (door, found)
    return float(found["requests_per_s"])


def _messages(gateway: Gateway) -> int:
    with sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT COUNT(*) FROM messages").fetchone()[0])
