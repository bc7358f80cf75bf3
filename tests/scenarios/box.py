"""A whole gateway in a thread of this process, for stories: real HTTP in front, a real database, whatever ports it is given."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.clock import Clock, SystemClock, isoformat
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.modem.timing import Timing
from gateway.service import Service
from gateway.settings import HttpSettings, ModemSettings, PoolSettings, Settings, StoreSettings
from gateway.store import Store
from simulator.testing import RunningBank
from tests.ports import free_port

PATIENCE_S = 45.0


class PassingClock(SystemClock):
    """The machine's own, put forward by a story: hours that pass at once. See `Box.time_passes`."""

    _passed = 0.0

    def now(self) -> float:
        return super().now() + self._passed

    def monotonic(self) -> float:
        return super().monotonic() + self._passed

    def pass_(self, seconds: float) -> None:
        self._passed += seconds

    def in_(self, seconds: float) -> str:
        """A moment to come, as requests name it."""
        return isoformat(self.now() + seconds)


class Box:
    """What a client and a technician can do with a running gateway."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop, key: str) -> None:
        self.service = service
        self.loop = loop
        self._key = key
        self.url = f"http://{service.settings.http.listen}"

    def call(self, path: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self._key}")
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                content = answer.read()
                return answer.status, json.loads(content) if content else None
        except urllib.error.HTTPError as fault:
            content = fault.read()
            return fault.code, json.loads(content) if content else None

    def send(self, to: str = "+4917012345", text: str = "hello", **given: object) -> str:
        status, message = self.call("/v1/messages", "POST", {"to": to, "text": text, **given})
        assert status == 202, message
        return str(message["id"])

    def message(self, public_id: str) -> dict[str, Any]:
        status, message = self.call(f"/v1/messages/{public_id}")
        assert status == 200, message
        return dict(message)

    def wait_status(self, public_id: str, *wanted: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """The message, once it has one of these statuses."""
        return self.wait(lambda: (m := self.message(public_id))["status"] in wanted and m, f"{public_id} {wanted}", seconds)

    def wait_channel(self, name: str, state: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        def found() -> Any:
            channels = self.call("/v1/channels")[1]["data"]
            return next((channel for channel in channels if channel["name"] == name and channel["state"] == state), None)

        return self.wait(found, f"{name} {state}", seconds)

    def wait(self, happened: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> Any:
        deadline = time.monotonic() + seconds
        pause = threading.Event()
        while not (found := happened()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}")
            pause.wait(0.01)
        return found

    def time_passes(self, clock: PassingClock, seconds: float) -> None:
        """And the timetable looks at its clock."""
        clock.pass_(seconds)
        self.loop.call_soon_threadsafe(self.service.timetable.sooner)

    def received(self) -> list[dict[str, Any]]:
        return list(self.call("/v1/messages?direction=in&limit=100")[1]["data"])


def settings_for(folder: Path, bank: RunningBank | None, ports: int, **given: Any) -> Settings:
    modems = tuple(ModemSettings(f"p{n}", bank.device(f"p{n}"), **given.get("modem", {})) for n in range(ports)) if bank else ()
    if bank:
        # The stable name under the bank's folder outlives unplugging.
        stable = given.get("devices") or [str(bank.folder / modem.name) for modem in modems]
        modems = tuple(replace(modem, port=port) for modem, port in zip(modems, stable, strict=True))
    base = Settings(
        http=HttpSettings(listen="127.0.0.1:0"),
        store=StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0),
        modems=modems,
        pools=given.get("pools", ()),
        dinstars=given.get("dinstars", ()),
        tariffs=given.get("tariffs", ()),
    )
    sections = ("sending", "receiving", "forwarding", "store", "numbers", "doors", "smpp")
    return replace(base, **{name: value for name, value in given.items() if name in sections})


@contextmanager
def running_gateway(
    folder: Path,
    bank: RunningBank | None = None,
    ports: int = 1,
    *,
    webhook: str = "",
    events: Sequence[str] = ("*",),
    clock: Clock | None = None,
    timing: Timing | None = None,
    ready: bool = True,
    pools: Sequence[PoolSettings] = (),
    **given: Any,
) -> Iterator[Box]:
    """`given`: sections of Settings by name, `modem` with fields for every modem, `devices` with their ports, `dinstars`."""
    listen = f"127.0.0.1:{free_port()}"
    settings = replace(settings_for(folder, bank, ports, pools=tuple(pools), **given), http=HttpSettings(listen=listen))
    key = _prepare(settings, webhook, events)
    loop = asyncio.new_event_loop()
    built: list[Service] = []
    failed: list[BaseException] = []
    up = threading.Event()

    async def main() -> None:
        built.append(Service(settings, clock, timing))
        up.set()
        await built[0].run()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(main())
        except BaseException as fault:  # noqa: BLE001  raised again in the test's own thread
            failed.append(fault)
        finally:
            up.set()
            loop.close()

    thread = threading.Thread(target=run, name="gateway", daemon=True)
    thread.start()
    up.wait(2 * PATIENCE_S)
    if failed:
        raise failed[0]
    box = Box(built[0], loop, key)
    try:
        box.wait(lambda: _answers(box), "the gateway to answer", 2 * PATIENCE_S)
        for name in settings.channel_names if ready and bank else ():
            box.wait_channel(name, "ready", 2 * PATIENCE_S)
        yield box
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(built[0].stop)
        thread.join(2 * PATIENCE_S)  # it may want to hear the outcome of what is on the air
        assert not thread.is_alive(), "the gateway did not stop"
    if failed:
        raise failed[0]


def _prepare(settings: Settings, webhook: str, events: Sequence[str]) -> str:
    clock = SystemClock()
    store = Store.open(settings.store, clock, serving=False)
    try:
        taken = {key.name for key in store.keys.all()}
        _, token = Keys(store, clock).add(f"story{len(taken)}", ["send", "read", "admin"])
        if webhook and not store.webhooks.all():
            Webhooks(store, clock, lambda: None).add(webhook, list(events), [])
    finally:
        store.close()
    return token


def _answers(box: Box) -> bool:
    try:
        return box.call("/healthz")[0] == 200
    except (urllib.error.URLError, ConnectionError):
        return False
