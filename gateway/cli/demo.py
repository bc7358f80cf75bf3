"""`simrack demo`: a simulated modem bank and a gateway on this machine, and one text told as a story.

Everything is real but the radio: the bank is a program of its own behind pseudo-terminals, the gateway the one that `run`
starts, the PBX a small web server here. Keeps its files in a temporary folder and takes them away again.
"""

from __future__ import annotations

import json
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

PORTS = 4
HANDSET = "+4917099000001"
ANSWER = "Thanks, got it!"
PATIENCE_S = 30.0
FIRST_PORT = 8080

CONFIGURATION = """\
[http]
listen = "127.0.0.1:{port}"
[store]
path = "{folder}/simrack.db"
[numbers]
country = "DE"
"""
MODEM = """\
[[modem]]
name = "p{number}"
port = "{folder}/bank/p{number}"
"""


class StoryFailed(Exception):
    """A step of the story did not happen."""


@click.command(short_help="A simulated bank and a gateway, with one text told as a story.")
@click.option("--once", is_flag=True, help="End after the story. Exit code 0 only if every step happened.")
def demo(once: bool) -> None:
    """Start a simulated modem bank and a gateway, send one text to a simulated handset and tell what happens to it.

    Then keep running, for you to try, until Ctrl-C.
    """
    # However it is ended, nothing of it stays behind. A background job of a script is born deaf to Ctrl-C.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="simrack-demo-"))
    try:
        with ExitStack() as stack:
            _story(folder, stack, once)
    except StoryFailed as fault:
        click.echo(f"The story broke off: {fault}", err=True)
        _show_log(folder)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("\nGood bye.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _story(folder: Path, stack: ExitStack, once: bool) -> None:
    started = time.monotonic()

    def tell(text: str) -> None:
        click.echo(f"  {time.monotonic() - started:5.1f} s  {text}")

    click.echo(f"A bank of {PORTS} simulated modems, a gateway, and a PBX that listens for webhooks:")
    bank = ["run", "--ports", str(PORTS), "--dir", str(folder / "bank"), "--latency", "0.5-1.0", "--report-delay", "1"]
    handset = ["--handset", f"{HANDSET}=answer:{ANSWER}", "--answer-delay", "2"]
    _start(stack, [*_command("simrack-sim", "simulator"), *bank, *handset], folder / "bank.log")
    _until(lambda: all((folder / "bank" / f"p{n}").exists() for n in range(PORTS)), "the simulated modems did not appear")
    tell(f"{PORTS} simulated modems are there")
    pbx = stack.enter_context(Pbx())
    gateway = _start_gateway(folder, stack, pbx)
    tell("the gateway runs, its modems are registered")
    _show_address(gateway)
    _one_text(gateway, pbx, tell)
    if once:
        return
    click.echo("Everything keeps running; webhooks are shown as they come. End with Ctrl-C.")
    while True:
        event = pbx.events.get()
        data = event["data"]
        tell(f"webhook {event['type']}: {data.get('from') or data.get('channel')}: {data.get('text') or data.get('state')}")


def _one_text(gateway: Gateway, pbx: Pbx, tell: Callable[[str], None]) -> None:
    sent = gateway.call("POST", "/v1/messages", {"to": HANDSET, "text": "Hello from simrack. Are you there?"})
    if sent["status"] != "queued":
        raise StoryFailed(f"the message is {sent['status']}, not queued")
    tell(f"queued: {sent['id']} to {HANDSET}")
    event = pbx.wait_for("message.sent", lambda data: data["id"] == sent["id"])
    shown = gateway.call("GET", f"/v1/messages/{sent['id']}")
    tell(f"sent by channel {shown['channel']} ({shown['from']}), reference {shown['attempts'][-1]['reference']}")
    event = pbx.wait_for("message.delivered", lambda data: data["id"] == sent["id"])
    tell(f"delivered: the network's report came at {event['data']['delivered_at']}")
    event = pbx.wait_for("message.received", lambda data: data["from"] == HANDSET)
    if event["data"]["text"] != ANSWER or event["data"]["channel"] != shown["channel"]:
        raise StoryFailed(f"another answer came: {event['data']}")
    tell(f"the handset answered on channel {event['data']['channel']}: {event['data']['text']!r}")
    tell(f"webhook {event['headers']['webhook-id']} carried it to the PBX, signed {event['headers']['webhook-signature'][:12]}…")


@dataclass
class Gateway:
    url: str
    key: str

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as fault:
            raise StoryFailed(f"{method} {path}: {fault.code} {fault.read().decode(errors='replace')}") from fault
        except urllib.error.URLError as fault:
            raise StoryFailed(f"{method} {path}: {fault.reason}") from fault


@dataclass
class Pbx:
    """A web server that takes webhooks and keeps them in a queue."""

    events: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)
    _came: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Pbx:
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                events.put({**json.loads(body), "headers": {name.lower(): value for name, value in self.headers.items()}})
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet: the story is told elsewhere."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/sms"

    def wait_for(self, kind: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first webhook of this kind about the wanted thing, be it one that came earlier."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for event in self._came:
                if event["type"] == kind and wanted(event["data"]):
                    return event
            try:
                self._came.append(self.events.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                raise StoryFailed(f"no webhook {kind} within {PATIENCE_S:.0f} s") from None


def _start_gateway(folder: Path, stack: ExitStack, pbx: Pbx) -> Gateway:
    port = _free_port()
    file = folder / "simrack.toml"
    modems = "".join(MODEM.format(number=number, folder=folder) for number in range(PORTS))
    file.write_text(CONFIGURATION.format(port=port, folder=folder) + modems)
    simrack = _command("simrack", "gateway")
    key = _output([*simrack, "key", "add", "demo", "--scope", "send,read", "--config", str(file)]).strip()
    _output([*simrack, "webhook", "add", pbx.url, "--event", "message.received", "--event", "message.sent",
             "--event", "message.delivered", "--config", str(file)])  # fmt: skip
    _start(stack, [*simrack, "run", "--config", str(file)], folder / "gateway.log")
    gateway = Gateway(f"http://127.0.0.1:{port}", key)
    _until(lambda: _ready(gateway), "the gateway did not become ready")
    return gateway


def _ready(gateway: Gateway) -> bool:
    try:
        channels = gateway.call("GET", "/v1/channels")["data"]
    except StoryFailed:
        return False
    return len(channels) == PORTS and all(channel["state"] == "ready" for channel in channels)


def _show_address(gateway: Gateway) -> None:
    click.echo(f"\n  address  {gateway.url}\n  key      {gateway.key}")
    body = json.dumps({"to": HANDSET, "text": "Hello"})
    click.echo(f"  try      curl -H 'Authorization: Bearer {gateway.key}' -H 'Content-Type: application/json' \\")
    click.echo(f"                -d '{body}' {gateway.url}/v1/messages\n")


def _command(script: str, package: str) -> list[str]:
    """The installed command beside this Python; else the package itself, as in a checkout."""
    beside = Path(sys.executable).with_name(script)
    return [str(beside)] if beside.exists() else [sys.executable, "-m", package]


def _start(stack: ExitStack, command: list[str], log: Path) -> None:
    """Run a program until the story ends."""
    output = stack.enter_context(log.open("w"))
    # A session of its own: Ctrl-C reaches only the story, which then ends the others in order.
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def end() -> None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()

    stack.callback(end)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StoryFailed(f"{' '.join(command[-6:])}: {done.stderr.strip()}")
    return done.stdout


def _until(happened: Callable[[], bool], fault: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > deadline:
            raise StoryFailed(f"{fault} within {PATIENCE_S:.0f} s")
        time.sleep(0.05)


def _free_port() -> int:
    """8080, or any other where that is taken."""
    for port in (FIRST_PORT, 0):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(attempt.getsockname()[1])
    raise StoryFailed("no free port on 127.0.0.1")


def _show_log(folder: Path) -> None:
    for name in ("gateway.log", "bank.log"):
        log = folder / name
        if log.exists():
            click.echo(f"--- the end of {name}", err=True)
            click.echo("\n".join(log.read_text().splitlines()[-20:]), err=True)
