"""What every benchmark stands on: a simulated bank, a gateway and a webhook receiver, each a process of its own.

The programs are the ones a user starts; their CPU is read from the operating system. Traffic stays on loopback.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port

GATEWAY = (sys.executable, "-m", "gateway", "run")
TICKS = os.sysconf("SC_CLK_TCK")
# Beside the checkout: on many machines /tmp is memory, and an fsync there costs nothing.
HOME = Path(os.environ.get("SIMRACK_BENCH_DIR", Path(__file__).parents[2] / "build"))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def call(url: str, method: str = "GET", body: object = None, key: str = "", timeout: float = 70.0) -> Any:
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        content = answer.read()
        return json.loads(content) if content else None


def until(happened: Callable[[], Any], seconds: float, what: str, pause: float = 0.02) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = happened()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(pause)


@dataclass
class Bank:
    folder: Path
    url: str
    pid: int
    ports: int

    def control(self, path: str, body: object | None = None, method: str | None = None) -> Any:
        return call(f"{self.url}{path}", method or ("GET" if body is None else "POST"), body)

    def journal(self, kind: str = "submit", since: int = 0) -> list[dict[str, Any]]:
        return list(self.control(f"/journal?kind={kind}&since={since}")["entries"])

    def wait_for(self, kind: str, count: int, seconds: float, since: int = 0) -> list[dict[str, Any]]:
        """Entries of a kind, once there are `count` of them. The bank is asked rarely and cheaply: it is being measured beside."""

        def enough() -> list[dict[str, Any]] | None:
            if self.control(f"/journal?since={10**9}")["last"] - since < count:
                return None
            found = self.journal(kind, since)
            return found if len(found) >= count else None

        return list(until(enough, seconds, f"{count} {kind} in the journal", pause=0.1))


@dataclass
class Gateway:
    url: str
    key: str
    pid: int
    process: subprocess.Popen[bytes]
    config: Path
    database: Path

    def call(self, path: str, method: str = "GET", body: object = None) -> Any:
        return call(f"{self.url}{path}", method, body, self.key)

    def ready(self, channels: int) -> bool:
        try:
            found = self.call("/v1/channels")["data"]
        except (urllib.error.URLError, ConnectionError):
            return False
        return sum(channel["state"] == "ready" for channel in found) >= channels

    def send_all(self, messages: Sequence[dict[str, Any]], at_once: int = 200) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(messages), at_once):
            answer = self.call("/v1/messages/batch", "POST", {"messages": list(messages[start : start + at_once])})
            ids += [message["id"] for message in answer["data"]]
        return ids


@dataclass
class Stage:
    """Starts programs in a folder of its own and ends them with the benchmark."""

    stack: ExitStack
    folder: Path
    env: dict[str, str] = field(default_factory=lambda: {**os.environ, "PYTHONUNBUFFERED": "1"})

    def bank(self, ports: int, *options: str, latency: str = "0.2", report_delay: str = "0.5") -> Bank:
        folder = self.folder / "bank"
        process = self.start(
            [sys.executable, "-m", "simulator", "run", "--ports", str(ports), "--dir", str(folder), "--latency", latency,
             "--report-delay", report_delay, *options],
            "bank.log",
        )  # fmt: skip
        control = until(lambda: (folder / "control").exists() and (folder / "control").read_text().strip(), 30, "the bank")
        return Bank(folder, control, process.pid, ports)

    def gateway(
        self,
        bank: Bank | None,
        *,
        extra: str = "",
        wrap: Sequence[str] = (),
        webhook: str = "",
        events: Sequence[str] = (),
        program: Sequence[str] = GATEWAY,
    ) -> Gateway:
        """`program` takes the configuration file as `--config F`."""
        port = free_port()
        config = self.folder / "simrack.toml"
        database = self.folder / "simrack.db"
        modems = "".join(
            f'[[modem]]\nname = "p{n}"\nport = "{bank.folder}/p{n}"\n' for n in range(bank.ports if bank is not None else 0)
        )
        config.write_text(f'[http]\nlisten = "127.0.0.1:{port}"\n[store]\npath = "{database}"\n{extra}{modems}')
        key = self.simrack("key", "add", f"bench{port}", "--scope", "send,read,admin", "--config", str(config)).strip()
        if webhook:
            chosen = [word for event in events for word in ("--event", event)]
            self.simrack("webhook", "add", webhook, *chosen, "--config", str(config))
        return self.run_gateway(config, port, key, bank.ports if bank is not None else 0, wrap, program)

    def run_gateway(
        self,
        config: Path,
        port: int,
        key: str,
        channels: int,
        wrap: Sequence[str] = (),
        program: Sequence[str] = GATEWAY,
    ) -> Gateway:
        process = self.start([*wrap, *program, "--config", str(config)], "gateway.log")
        pid = process.pid
        if wrap:
            pid = _python_child(process.pid)
            # The wrapper would end without it; with it, the wrapper ends by itself.
            self.stack.callback(_end, pid)
        gateway = Gateway(f"http://127.0.0.1:{port}", key, pid, process, config, self.folder / "simrack.db")
        until(lambda: self._alive(process) and gateway.ready(channels), 60, "the gateway's channels", 0.1)
        return gateway

    def receiver(self) -> Receiver:
        port = free_port()
        process = self.start([sys.executable, "-m", "tests.bench.sink", str(port)], "sink.log")
        receiver = Receiver(f"http://127.0.0.1:{port}", process.pid)
        until(receiver.answers, 20, "the webhook receiver")
        return receiver

    def simrack(self, *words: str) -> str:
        done = subprocess.run([sys.executable, "-m", "gateway", *words], capture_output=True, text=True, env=self.env, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"simrack {' '.join(words)}: {done.stderr}")
        return done.stdout

    def start(self, command: Sequence[str], log: str) -> subprocess.Popen[bytes]:
        output = self.stack.enter_context((self.folder / log).open("ab"))
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=self.env)
        self.stack.callback(stop, process)
        return process

    def _alive(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"the gateway ended: {(self.folder / 'gateway.log').read_text()[-2000:]}")
        return True


@dataclass
class Receiver:
    url: str
    pid: int

    @property
    def hook(self) -> str:
        return f"{self.url}/hook"

    def answers(self) -> bool:
        try:
            return call(f"{self.url}/count") is not None
        except (urllib.error.URLError, ConnectionError):
            return False

    def count(self) -> int:
        return int(call(f"{self.url}/count")["count"])

    def events(self) -> list[dict[str, Any]]:
        """What came: `at` (epoch seconds), `id` and `body` of each posting."""
        return list(call(f"{self.url}/events")["events"])

    def forget(self) -> None:
        call(f"{self.url}/forget", "POST", {})


@contextmanager
def stage() -> Iterator[Stage]:
    HOME.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=HOME))
    try:
        with ExitStack() as stack:
            yield Stage(stack, folder)
    finally:
        if not os.environ.get("SIMRACK_BENCH_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until(lambda: not Path(f"/proc/{pid}").exists(), 20, f"the end of process {pid}")


def _python_child(pid: int) -> int:
    """The gateway behind a wrapper that starts it as a child."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return int(until(lambda: children.read_text().split(), 10, "the wrapped gateway")[0])
