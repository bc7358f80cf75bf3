"""Each phone system connected as its guide says: `simrack connect` prints what to type, a text goes out in the very form that the
system sends, one from a phone comes in, and the command says both."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import pytest

from gateway.guides.recipes import RECIPES
from gateway.settings import DOORS, DoorsSettings, SmppSettings
from simulator.testing import RunningBank, running_bank
from tests.receiver import Answer, Received, Receiver
from tests.scenarios.box import PATIENCE_S, Box, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"
WAIT = "20"


@dataclass(frozen=True)
class Site:
    """A gateway with every door open, two SIMs, a PBX that takes what is posted to it, and the configuration for the command."""

    box: Box
    bank: RunningBank
    pbx: Receiver
    config: Path

    @property
    def own(self) -> str:
        return self.bank.number("p0")

    def received(self, path: str) -> list[Received]:
        return [one for one in self.pbx.requests if one.path.startswith(path)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("connect")
    with running_bank(2) as bank, Receiver() as pbx:
        pbx.decide = lambda asked: Answer(200, body=b"OK")
        own = {"number": bank.number("p0")}
        with running_gateway(
            folder, bank, 1, doors=DoorsSettings(open=DOORS), smpp=SmppSettings(listen="127.0.0.1:0"), modem=own
        ) as box:
            port = box.service.smpp.address[1]
            config = folder / "simrack.toml"
            config.write_text(
                f'[http]\nlisten = "{box.service.settings.http.listen}"\n[smpp]\nlisten = "127.0.0.1:{port}"\n'
                f'[store]\npath = "{folder}/simrack.db"\nreserve_mb = 0\n[doors]\nopen = {json.dumps(DOORS)}\n'
            )
            yield Site(box, bank, pbx, config)


class Connect:
    """`simrack connect`, a program of its own, whose lines are read as they come."""

    def __init__(self, site: Site, *args: str) -> None:
        command = [sys.executable, "-u", "-m", "gateway", "connect", *args, "--wait", WAIT, "--config", str(site.config)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []
        self._read = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self._read.wait(PATIENCE_S), self.text

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Waiting"):
                self._read.set()
        self._read.set()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def typed(self) -> dict[str, str]:
        """What a person would type: field and value."""
        start = next(place for place, line in enumerate(self.lines) if line.startswith("Type into"))
        fields = {}
        for line in self.lines[start + 2 :]:
            if not line.startswith("  "):
                break
            label, _, value = line.strip().partition("  ")
            fields[label] = value.strip()
        return fields

    @property
    def file(self) -> str:
        start = next(place for place, line in enumerate(self.lines) if line.startswith("Put into"))
        rest = self.lines[start + 2 :]
        end = next(place for place, line in enumerate(rest) if line and not line.startswith("  "))
        return "\n".join(line[2:] for line in rest[:end])

    def ended(self) -> int:
        self._thread.join(PATIENCE_S + float(WAIT))
        return self._process.wait(PATIENCE_S)


def call(url: str, body: bytes | None = None, **headers: str) -> str:
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


# How each system sends: what it was told by the command, and its own words.


def flat_json(address: str, key: str) -> Callable[[Connect, Site, str], None]:
    """3CX, Yeastar: {from, to, text} with Bearer."""

    def send(connect: Connect, site: Site, text: str) -> None:
        typed = connect.typed
        body = json.dumps({"from": site.own, "to": HANDSET, "text": text}).encode()
        answer = json.loads(call(typed[address], body, Authorization=f"Bearer {typed[key]}", Content_Type="application/json"))
        assert answer["data"]["id"] == answer["data"]["payload"]["id"]

    return send


def url_template(connect: Connect, site: Site, text: str) -> None:
    template = connect.typed["To send, GET or POST"]
    assert call(template.replace("NUMBER", "%2B" + HANDSET[1:]).replace("TEXT", text)).startswith("OK msg_")


def bearerbox(connect: Connect, site: Site, text: str) -> None:
    """What Kannel 1.4.5 was seen to ask of an HTTP SMSC."""
    found = dict(re.findall(r"^(send-url|smsc-username|smsc-password) = \"?([^\"\n]+)\"?$", connect.file.split("\n\n")[0], re.M))
    asked = {"username": found["smsc-username"], "password": found["smsc-password"], "to": HANDSET, "text": text, "from": site.own}
    assert call(f"{found['send-url']}?{urlencode({**asked, 'coding': '0', 'charset': 'UTF-8'})}") == "0: Accepted for delivery"


SENDS: Mapping[str, Callable[[Connect, Site, str], None]] = {
    "3cx": flat_json("Provider URL", "API Key"),
    "yeastar": flat_json("API Address for Sending Messages", "API Key"),
    "url": url_template,
    "kannel": bearerbox,
}


# What each system wants to read: sender and text of what came in.


def telnyx_envelope(connect: Connect, asked: Received) -> tuple[str, str]:
    payload = asked.json["data"]["payload"]
    assert asked.json["data"]["event_type"] == "message.received" and payload["to"][0]["phone_number"]
    return payload["from"]["phone_number"], payload["text"]


def signed_envelope(connect: Connect, asked: Received) -> tuple[str, str]:
    wanted = hmac.new(connect.typed["Secret"].encode(), asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-signature-256"] == f"sha256={wanted}"
    return telnyx_envelope(connect, asked)


def standard_webhook(connect: Connect, asked: Received) -> tuple[str, str]:
    from standardwebhooks import Webhook

    told: Any = Webhook(connect.typed["Secret of the webhook"]).verify(asked.body, asked.headers)
    return told["data"]["from"], told["data"]["text"]


def kannel_mo(connect: Connect, asked: Received) -> tuple[str, str]:
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
    assert query["username"] == "simrack" and f'smsc-password = "{query["password"]}"' in connect.file
    return query["from"], query["text"]


TAKES: Mapping[str, tuple[str, Callable[[Connect, Received], tuple[str, str]]]] = {
    "3cx": ("/sms/generic/155e", telnyx_envelope),
    "yeastar": ("/api/v1.0/webhook/general/abc", signed_envelope),
    "url": ("/anything", standard_webhook),
    "kannel": ("/sms?", kannel_mo),
}


def path_for_url(name: str) -> str:
    return TAKES[name][0].rstrip("?")


@pytest.mark.parametrize("name", [name for name in RECIPES if name in SENDS])
def test_the_first_text_each_way_is_told(site: Site, name: str) -> None:
    path, take = TAKES.get(name, ("", None))
    to_pbx = ["--url", f"http://127.0.0.1:{site.pbx.port}{path_for_url(name)}"] if take else []
    connect = Connect(site, name, *to_pbx, "--gateway", site.box.url)
    title = RECIPES[name].title
    assert re.search(r"^The door \w+ is open\.$", connect.text, re.M), connect.text
    out, came = f"out-by-{name}", f"in-by-{name}: Grüße & 50% +1 €"
    SENDS[name](connect, site, out)
    if take:
        site.bank.text(HANDSET, "p0", came)
    assert connect.ended() == 0, connect.text
    assert re.search(rf"from {title}: msg_\w+ to \{HANDSET}: ", connect.text), connect.text
    assert re.search(rf"(sent|delivered) by p0 \(\{site.own}\)", connect.text), connect.text
    assert [entry["to"] for entry in site.bank.wait_for("text", 1, text=out)] == [HANDSET]
    if take:
        assert f"from a phone: {HANDSET} to {site.own}: {came!r}" in connect.text
        assert f"{title} took it (HTTP 200)" in connect.text
        (asked,) = [one for one in site.received(path) if f"in-by-{name}:" in unquote_plus(one.path) + one.body.decode()]
        assert take(connect, asked) == (HANDSET, came)


def test_a_client_of_smpp_is_told_both_ways(site: Site) -> None:
    from smpplib.client import Client

    connect = Connect(site, "smpp", "--name", "bank")
    assert "SMPP is open." in connect.text
    typed = connect.typed
    got: list[Any] = []
    client = Client(typed["Host"], int(typed["Port"]), allow_unknown_opt_params=True)
    client.set_message_received_handler(lambda pdu: got.append(pdu.short_message))
    client.connect()
    client.bind_transceiver(system_id=typed["system_id"], password=typed["password"])
    client.send_message(source_addr="", destination_addr=HANDSET[1:], dest_addr_ton=1, short_message=b"out by smpp")
    site.bank.text(HANDSET, "p0", "in by smpp")
    while b"in by smpp" not in got:
        client.read_once()
    assert connect.ended() == 0, connect.text
    client.unbind()
    client.disconnect()
    assert "from SMPP: msg_" in connect.text and "'in by smpp'" in connect.text and "SMPP acknowledged it" in connect.text


def test_a_limit_made_by_the_command_holds_for_the_gateway_that_runs(site: Site) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "gateway", "connect", "url", "--name", "slow", "--per-minute", "3", "--config", str(site.config)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "3 texts a minute" in made.stdout and "Waiting" not in made.stdout
    limits = site.box.service.limits
    site.box.wait(lambda: [one for one in limits.all() if (one.subject, one.most) == ("key:slow", 3)], "the limit")
