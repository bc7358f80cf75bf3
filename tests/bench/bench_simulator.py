"""What the simulator costs: 64 modems on one core, idle and at 100 texts a second. Prints one JSON object.

    python -m tests.bench.bench_simulator --ports 64 --rate 100 --seconds 20

The clients share one process and one epoll loop, so that what is measured is the simulator alone.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# SUBMIT to +4917012345 with a report wanted, "hello" (TS 23.040).
PDU = b"0021000A919471103254000005E8329BFD06"
_TICKS = os.sysconf("SC_CLK_TCK")


class Line:
    """One client on one modem: sends when it is told to, counts results and reports."""

    def __init__(self, device: Path) -> None:
        self.fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.busy = False
        self.sent = self.reports = 0
        self._read = b""

    def send(self) -> None:
        self.busy = True
        os.write(self.fd, b"AT+CMGS=%d\r" % (len(PDU) // 2 - 1))

    def readable(self) -> None:
        self._read += os.read(self.fd, 65536)
        if self._read.endswith(b"\r\n> "):
            self._read = b""
            os.write(self.fd, PDU + b"\x1a")
        if b"+CMGS: " in self._read and b"OK\r\n" in self._read:
            self.busy = False
            self.sent += 1
            self._read = self._read.partition(b"OK\r\n")[2]
        if not self.busy and self._read.endswith(b"\r\n") and b"+CDS" in self._read:
            self.reports += self._read.count(b"+CDS")
            self._read = b""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def started(folder: Path, ports: int) -> subprocess.Popen[str]:
    bank = subprocess.Popen(
        [sys.executable, "-m", "simulator", "run", "--ports", str(ports), "--dir", str(folder), "--latency", "0.1-0.5"],
        stdout=subprocess.PIPE, text=True)
    assert bank.stdout
    for line in bank.stdout:
        if line == "ready\n":
            return bank
    raise RuntimeError("the bank did not start")


def opened(folder: Path, ports: int, watched: selectors.BaseSelector) -> list[Line]:
    lines = [Line(folder / f"p{place}") for place in range(ports)]
    for line in lines:
        os.write(line.fd, b"ATE0;+CMEE=1;+CNMI=2,1,0,1,0\r")
    for line in lines:
        read = b""
        while not read.endswith(b"OK\r\n"):
            try:
                read += os.read(line.fd, 4096)
            except BlockingIOError:
                time.sleep(0.001)
        watched.register(line.fd, selectors.EVENT_READ, line)
    return lines


def drive(lines: list[Line], watched: selectors.BaseSelector, rate: float, seconds: float) -> None:
    """Starts `rate` sends a second on whichever lines are free."""
    start = time.monotonic()
    asked = turn = 0
    while (passed := time.monotonic() - start) < seconds:
        while asked < passed * rate:
            free = next((lines[(turn + step) % len(lines)] for step in range(len(lines))
                         if not lines[(turn + step) % len(lines)].busy), None)
            if free is None:
                break
            free.send()
            turn, asked = (turn + 1) % len(lines), asked + 1
        for key, _ in watched.select(0.005):
            key.data.readable()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ports", type=int, default=64)
    options.add_argument("--rate", type=float, default=100.0)
    options.add_argument("--seconds", type=float, default=20.0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, selectors.DefaultSelector() as watched:
        folder = Path(name)
        bank = started(folder, chosen.ports)
        try:
            lines = opened(folder, chosen.ports, watched)
            before = cpu_seconds(bank.pid)
            time.sleep(chosen.seconds / 2)
            idle = (cpu_seconds(bank.pid) - before) / (chosen.seconds / 2)
            before = cpu_seconds(bank.pid)
            drive(lines, watched, chosen.rate, chosen.seconds)
            busy = (cpu_seconds(bank.pid) - before) / chosen.seconds
            memory = int(Path(f"/proc/{bank.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        finally:
            bank.terminate()
            bank.wait(10)
    print(json.dumps({
        "ports": chosen.ports, "texts_per_second": round(sum(line.sent for line in lines) / chosen.seconds, 1),
        "reports_per_second": round(sum(line.reports for line in lines) / chosen.seconds, 1),
        "cpu_percent_busy": round(busy * 100, 1), "cpu_percent_idle": round(idle * 100, 2), "memory_mb": round(memory, 1)}))


if __name__ == "__main__":
    main()
