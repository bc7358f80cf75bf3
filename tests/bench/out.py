"""How fast texts go out, and whether they keep their order for each recipient."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Sequence

from tests.bench.figures import Figure
from tests.bench.stage import Bank, Gateway, stage

PER_RECIPIENT = 5


def texts(count: int, each: int = PER_RECIPIENT, **given: object) -> list[dict[str, object]]:
    """Numbered texts, so many to each recipient, spread over the whole queue."""
    recipients = max(1, count // each)
    return [{"to": f"+49170{at % recipients:07d}", "text": f"number {at}", "report": False, **given} for at in range(count)]


def run(gateway: Gateway, bank: Bank, count: int, seconds: float, **given: object) -> tuple[float, int]:
    """Texts per second from the first request to the last text at the network, and how many came out of order."""
    started = time.time()
    gateway.send_all(texts(count, **given))
    entries = bank.wait_for("submit", count, seconds)
    took = entries[count - 1]["t"] - started
    return count / took, disorder(entries)


def disorder(entries: Sequence[dict[str, object]]) -> int:
    seen: dict[object, int] = defaultdict(lambda: -1)
    wrong = 0
    for entry in entries:
        number = int(str(entry["text"]).split()[-1])
        wrong += number < seen[entry["to"]]
        seen[entry["to"]] = number
    return wrong


def out_32_200() -> list[Figure]:
    with stage() as on:
        bank = on.bank(32, latency="0.2")
        rate, wrong = run(on.gateway(bank), bank, 3200, 60)
    return [
        Figure("out, 32 ports, network takes 200 ms", rate / 160 * 100, ">=", 97, "% of 160 texts/s", f"{rate:.1f}/s"),
        Figure("… texts out of order for their recipient", wrong, "=", 0, ""),
    ]


def out_32_200_slow_disk() -> list[Figure]:
    what = "the same, every fsync delayed by 20 ms"
    if shutil.which("strace") is None:
        return [Figure(what, None, ">=", 95, "% of 160 texts/s", "strace is not installed")]
    slow = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
            "-e", "inject=fsync,fdatasync:delay_exit=20000"]  # fmt: skip
    with stage() as on:
        bank = on.bank(32, latency="0.2")
        rate, wrong = run(on.gateway(bank, wrap=slow), bank, 3200, 90)
    note = f"{rate:.1f}/s, {wrong} out of order"
    return [Figure(what, rate / 160 * 100, ">=", 95, "% of 160 texts/s", note)]


def out_1_200() -> list[Figure]:
    with stage() as on:
        bank = on.bank(1, latency="0.2")
        rate, _ = run(on.gateway(bank), bank, 60, 60)
    return [Figure("out, 1 port, 200 ms", rate / 5 * 100, ">=", 95, "% of 5 texts/s", f"{rate:.2f}/s")]


def out_32_0() -> list[Figure]:
    with stage() as on:
        bank = on.bank(32, latency="0")
        rate, wrong = run(on.gateway(bank), bank, 4000, 60)
    return [Figure("out, 32 ports, network takes 0 ms", rate, ">=", 400, "texts/s", f"{wrong} out of order")]
