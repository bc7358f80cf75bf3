"""How many submit_sm a second one bind with a window of 10 gives, each of them on disk before its answer leaves.

As a program it is the client, which writes its PDUs by hand: `python -m tests.bench.smpp PORT PASSWORD SECONDS`.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from typing import BinaryIO

from tests.bench.figures import Figure
from tests.bench.stage import cpu_seconds, stage
from tests.ports import free_port

WINDOW = 10
SECONDS = 6
_HEADER = struct.Struct(">IIII")
_BIND_TRX, _SUBMIT = 0x09, 0x04


def smpp() -> list[Figure]:
    port = free_port()
    with stage() as on:
        gateway = on.gateway(None, extra=f'[smpp]\nlisten = "127.0.0.1:{port}"\n')
        config = str(gateway.config)
        password = on.simrack("key", "add", "bench", "--scope", "send", "--smpp", "--config", config).split()[1]
        answered = _client(port, password, 1)["answered"]
        before = cpu_seconds(gateway.pid)
        found = _client(port, password, SECONDS)
        answered += found["answered"]
        with sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True) as database:
            stored = database.execute("SELECT COUNT(*) FROM messages WHERE status = 'queued'").fetchone()[0]
        assert stored == answered, (stored, answered)
        cost = (cpu_seconds(gateway.pid) - before) / (found["per_s"] * SECONDS) * 1000
    return [
        Figure("SMPP: submits, durable, one bind, window 10", found["per_s"], ">=", 1000, "submits/s", f"p99 {found['p99_ms']} ms"),
        Figure("CPU per 1,000 texts: SMPP", cost, "<=", 0.8, "s", "one submit_sm for each text, receipt wanted"),
    ]


def _client(port: int, password: str, seconds: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.smpp", str(port), password, str(seconds)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def _pdu(command: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(16 + len(body), command, 0, sequence) + body


def _submit(sequence: int) -> bytes:
    number = b"49170%07d" % (sequence % 9_000_000)
    text = b"your code is %06d" % (sequence % 1_000_000)
    body = b"\0\0\0\0\x01\x01" + number + b"\0\x03\0\0\0\0\x01\0\0\0" + bytes((len(text),)) + text
    return _pdu(_SUBMIT, sequence, body)


def main(port: int, password: str, seconds: float) -> None:
    left_at: dict[int, float] = {}
    took: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = line.makefile("rb")
        line.sendall(_pdu(_BIND_TRX, 1, b"bench\0" + password.encode() + b"\0bench\0\x34\0\0\0"))
        assert _read(file) == (0x80000000 | _BIND_TRX, 0, 1)
        sequence, began = 1, time.perf_counter()
        while (now := time.perf_counter()) - began < seconds or left_at:
            if now - began < seconds:
                first = sequence + 1
                sequence += WINDOW - len(left_at)
                left_at.update(dict.fromkeys(range(first, sequence + 1), now))
                line.sendall(b"".join(_submit(number) for number in range(first, sequence + 1)))
            command, status, number = _read(file)
            assert (command, status) == (0x80000000 | _SUBMIT, 0), (command, status)
            took.append(time.perf_counter() - left_at.pop(number))
    took.sort()
    whole = time.perf_counter() - began
    p99 = took[int(len(took) * 0.99)]
    print(json.dumps({"answered": len(took), "per_s": round(len(took) / whole), "p99_ms": round(p99 * 1000, 1)}))


def _read(file: BinaryIO) -> tuple[int, int, int]:
    length, command, status, sequence = _HEADER.unpack(file.read(16))
    file.read(length - 16)
    return command, status, sequence


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
