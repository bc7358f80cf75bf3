"""How fast the codec is on this machine, one core, plain texts of several lengths. Prints one JSON object."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from gateway.pdu import deliver, submit
from gateway.pdu.split import split

WHEN = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
TEXTS = (
    "OK",
    "Your code is 482913. It is valid for 10 minutes.",
    "Guten Tag, Ihr Termin am 14.03. um 15:30 ist bestätigt. Bitte kommen Sie 10 Minuten früher.",
    "The quick brown fox jumps over the lazy dog. " * 3 + "And the day was over.",
    "Price list: [small] 3€, [medium] 5€, [large] 7€ ~ until Friday",
    "Ваш код 482913. Он действует 10 минут.",
    "Доставка завтра с 9 до 12 часов, курьер позвонит за полчаса 🙂",
    "您的验证码是482913，请在10分钟内输入。",
)
SHORT = TEXTS[1]


def rate(work: Callable[[int], object], seconds: float = 1.0) -> float:
    """Calls per second, the best of three runs: the others only measured who else was at work."""
    best = 0.0
    for _ in range(3):
        done = 0
        start = time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds / 3:
            for i in range(500):
                work(done + i)
            done += 500
        best = max(best, done / spent)
    return best


def measure() -> dict[str, int]:
    parts = [part for text in TEXTS for part in split(text)]
    recipients = [f"+49151{number:08d}" for number in range(50_000)]
    pdus = [
        deliver.encode(part, recipients[i], WHEN.replace(second=i % 60), smsc="+491722270333").hex
        for i in range(4000)
        for part in (parts[i % len(parts)],)
    ]
    return {
        "decodes_per_s": int(rate(lambda i: deliver.decode(pdus[i % len(pdus)]))),
        "encodes_per_s": int(
            rate(lambda i: submit.encode(parts[i % len(parts)], recipients[i % len(recipients)], report=True))
        ),
        "splits_per_s": int(rate(lambda i: split(TEXTS[i % len(TEXTS)]))),
        "short_splits_per_s": int(rate(lambda i: split(SHORT))),
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
