"""Each phone system connected as its guide says: `simrack connect` prints what to type, a text goes out in the very form that the
system sends, one from a phone comes in, and the command says both."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus, urlencode, urlsplit

import pytest

from gateway import guides
from gateway.guides.recipes import RECIPES
from gateway.settings import DOORS, DoorsSettings, SmppSettings
from simulator.testing import RunningBank, running_bank
from tests.asterisk import Asterisk
from tests.receiver import Answer, Received, Receiver
from tests.scenarios.box import PATIENCE_S, Box, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"
WAIT = "60"


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
        self.system = args[0]
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


def basic(password: str, user: str = "simrack") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def provider_file(connect: Connect, site: Site, text: str) -> None:
    """What the PHP file posts; another test runs it."""
    typed = connect.typed
    body = json.dumps({"from": site.own, "to": HANDSET, "text": text}).encode()
    bearer = f"Bearer {typed['simrack: Key']}"
    assert call(f"{typed['simrack: Address']}/api/send", body, Authorization=bearer, Content_Type="application/json")[:3] == "OK "


def fusionpbx(connect: Connect, site: Site, text: str) -> None:
    """Its own reading of the rows: paths of a JSON body, and always Basic."""
    rows = re.findall(r"'(outbound)', '(\w+)', '\w+', '(\w+)', '([^']*)', \d+", connect.file)
    told = {(kind, name): value for _, kind, name, value in rows}
    assert told["method", "http_method"] == "POST" and told["content", "content_type"] == "json"
    content = {
        told["content", "message_from"]: site.own,
        told["content", "message_to"]: HANDSET,
        told["content", "message_content"]: text,
    }
    login = basic(told["authentication", "http_auth_password"], told["authentication", "http_auth_username"])
    url = told["destination", "http_destination"]
    assert call(url, json.dumps(content).encode(), Authorization=login, Content_Type="application/json").startswith("OK ")


def dialplan(connect: Connect, site: Site, text: str) -> None:
    """CURL(url,post-data) with URIENCODE of the extension and the body."""
    post = re.search(r"Set\(SMS=(.*)\)$", connect.file, re.M)
    url = re.search(r"\$\{CURL\((.*),\$\{SMS\}\)\}", connect.file)
    assert post is not None and url is not None
    filled = post[1].replace("${URIENCODE(${EXTEN})}", quote(HANDSET)).replace("${URIENCODE(${MESSAGE(body)})}", quote(text))
    assert "$" not in filled
    assert call(url[1], filled.encode(), Content_Type="application/x-www-form-urlencoded").startswith("OK ")


def curl_form(connect: Connect, site: Site, text: str) -> None:
    found = re.search(r"-u (\S+):(\S+) and (\S+)$", connect.typed["the command"])
    assert found is not None
    body = urlencode({"number": HANDSET, "message": text}).encode()
    assert json.loads(call(found[3], body, Authorization=basic(found[2], found[1])))["result"] == "Success"


def template_of(**placeholders: str) -> Callable[[Connect, Site, str], None]:
    """A URL with placeholders of the system's own."""

    def send(connect: Connect, site: Site, text: str) -> None:
        url = connect.typed["URL"]
        for name, meaning in placeholders.items():
            value = {"to": HANDSET, "from": site.own, "text": text, "id": "17"}[meaning]
            for written in (f"${{{name}}}", f"{{{name.replace('_', '-')}}}"):
                url = url.replace(written, quote(value))
        assert "{" not in url
        assert call(url).startswith("OK ")

    return send


def twilio_library(connect: Connect, site: Site, text: str) -> None:
    from twilio.rest import Client

    typed = connect.typed
    client = Client(typed["Account SID"], typed["Auth Token"])
    client.api.base_url = typed["Base address"]
    assert client.messages.create(to=HANDSET, from_=site.own, body=text).status == "queued"


def vonage_form(connect: Connect, site: Site, text: str) -> None:
    typed = connect.typed
    asked = {"api_key": typed["API key"], "api_secret": typed["API secret"], "to": HANDSET[1:], "from": site.own[1:], "text": text}
    answer = json.loads(call(f"http://{typed['Host']}/sms/json", urlencode(asked).encode()))
    assert answer["messages"][0]["status"] == "0", answer


def dinstar_client(connect: Connect, site: Site, text: str) -> None:
    """By Digest, as the libraries for these boxes do."""
    import requests
    from requests.auth import HTTPDigestAuth

    typed = connect.typed
    content = {"text": text, "port": [0], "encoding": "unicode", "param": [{"number": HANDSET, "user_id": 42}]}
    url, login = typed["URL to send, where it is asked for whole"], HTTPDigestAuth(typed["User"], typed["Password"])
    answer = requests.post(url, json=content, auth=login, timeout=PATIENCE_S).json()
    assert answer["error_code"] == 202, answer


SENDS: Mapping[str, Callable[[Connect, Site, str], None]] = {
    "3cx": flat_json("Provider URL", "API Key"),
    "yeastar": flat_json("API Address for Sending Messages", "API Key"),
    "url": url_template,
    "kannel": bearerbox,
    "freepbx": provider_file,
    "fusionpbx": fusionpbx,
    "asterisk": dialplan,
    "wildix": curl_form,
    "vodia": template_of(to_e164="to", from_e164="from", body="text"),
    "bicom": flat_json("Webhook URL", "Auth Token"),
    "ucontact": template_of(phone="to", message="text", id="id"),
    "dinstar": dinstar_client,
    "twilio": twilio_library,
    "vonage": vonage_form,
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


def flat_body(connect: Connect, asked: Received) -> tuple[str, str]:
    inbound = re.findall(r"'inbound', '\w+', '\w+', '(message_\w+)', '(\w+)'", connect.file)
    paths = dict(inbound)
    return asked.json[paths["message_from"]], asked.json[paths["message_content"]]


def receive_url(connect: Connect, asked: Received) -> tuple[str, str]:
    query = parse_qs(urlsplit(asked.path).query)
    return "+" + query["phone"][0], query["message"][0]


def twilio_form(connect: Connect, asked: Received) -> tuple[str, str]:
    from twilio.request_validator import RequestValidator

    form = {name: values[0] for name, values in parse_qs(asked.body.decode(), keep_blank_values=True).items()}
    secret = connect.typed["Token that checks X-Twilio-Signature"]
    url = f"http://{asked.headers['host']}{asked.path}"
    assert RequestValidator(secret).validate(url, form, asked.headers["x-twilio-signature"])
    return form["From"], form["Body"]


def vonage_inbound(connect: Connect, asked: Received) -> tuple[str, str]:
    """Sorted parameters, `&` and `=` in them replaced, HMAC-SHA256 in lower-case hex."""
    form = {name: values[0] for name, values in parse_qs(asked.body.decode(), keep_blank_values=True).items()}
    signature = form.pop("sig").lower()
    joined = "".join(f"&{name}={re.sub('[&=]', '_', form[name])}" for name in sorted(form))
    assert signature == hmac.new(connect.typed["Signature secret"].encode(), joined.encode(), hashlib.sha256).hexdigest()
    return "+" + form["msisdn"], form["text"]


def pushed(connect: Connect, asked: Received) -> tuple[str, str]:
    (sms,) = asked.json["sms"]
    assert sms["port"] == 0
    return sms["number"], sms["text"]


TAKES: Mapping[str, tuple[str, Callable[[Connect, Received], tuple[str, str]]]] = {
    "3cx": ("/sms/generic/155e", telnyx_envelope),
    "yeastar": ("/api/v1.0/webhook/general/abc", signed_envelope),
    "url": ("/anything", standard_webhook),
    "kannel": ("/sms?", kannel_mo),
    "freepbx": ("/smsconn/provider.php?provider=telnyx", telnyx_envelope),
    "fusionpbx": ("/app/messages/index.php", flat_body),
    "ucontact": ("/Integra/resources/InboundSMS/ReceiveURLSMS", receive_url),
    "dinstar": ("/push", pushed),
    "twilio": ("/twilio", twilio_form),
    "vonage": ("/vonage", vonage_inbound),
}


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if not recipe.smpp])
def test_the_first_text_each_way_is_told(site: Site, name: str) -> None:
    path, take = TAKES.get(name, ("", None))
    to_pbx = ["--url", f"http://127.0.0.1:{site.pbx.port}{path.rstrip('?')}"] if take else []
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
        (asked,) = [one for one in site.received(path) if f"in-by-{name}:" in unquote_plus(one.path + one.body.decode())]
        assert take(connect, asked) == (HANDSET, came)


def printed(connect: Connect) -> tuple[str, int, str, str]:
    """Host, port, system_id and password, from the fields or the file."""
    if not RECIPES_WITH_FILES & {connect.system}:
        typed = connect.typed
        return typed["Host"], int(typed["Port"]), typed["system_id"], typed["password"]
    found = dict(re.findall(r'(?:param name="|^)(\w+)(?:" value="| )([^"\n]*)', connect.file, re.M))
    return found["host"], int(found["port"]), found.get("system_id") or found["username"], found["password"]


RECIPES_WITH_FILES = {"freeswitch", "jasmin"}


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.smpp])
def test_a_client_of_smpp_is_told_both_ways(site: Site, name: str) -> None:
    from smpplib.client import Client

    title = RECIPES[name].title
    connect = Connect(site, name)
    assert "SMPP is open." in connect.text
    host, port, system_id, password = printed(connect)
    got: list[Any] = []
    client = Client(host, port, allow_unknown_opt_params=True)
    client.set_message_received_handler(lambda pdu: got.append(pdu.short_message))
    client.connect()
    client.bind_transceiver(system_id=system_id, password=password)
    client.send_message(source_addr="", destination_addr=HANDSET[1:], dest_addr_ton=1, short_message=f"out by {name}".encode())
    site.bank.text(HANDSET, "p0", f"in by {name}")
    while f"in by {name}".encode() not in got:
        client.read_once()
    assert connect.ended() == 0, connect.text
    client.unbind()
    client.disconnect()
    assert f"from {title}: msg_" in connect.text and f"{title} acknowledged it" in connect.text


def test_an_asterisk_gets_the_text_by_what_was_printed(site: Site) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def there(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_S)

    pbx = Asterisk()
    there(pbx.__aenter__())
    try:
        args = ["--name", "switch", "--url", pbx.url, "--option", "default_extension=1001", "--gateway", site.box.url]
        connect = Connect(site, "asterisk", *args)
        found = dict(re.findall(r"^(secret|permit|write) = (.*)$", connect.file, re.M))
        assert found["permit"] == "127.0.0.1/255.255.255.255" and found["write"] == "message"
        pbx.secret = found["secret"]
        dialplan(connect, site, "out by a phone")
        site.bank.text(HANDSET, "p0", "Grüße an 1001")
        assert connect.ended() == 0, connect.text
        assert "Asterisk took it" in connect.text and pbx.texts == ["Grüße an 1001"]
        assert pbx.actions[0]["Destination"] == "pjsip:1001"
    finally:
        there(pbx.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


STUB = """<?php
namespace FreePBX\\modules\\Smsconnector\\Provider;
class providerBase {
    public $delivered = [];
    public function __construct() {}
    protected function getConfig($name) { return ['address' => getenv('ADDRESS'), 'key' => getenv('KEY')]; }
    protected function setDelivered($id) { $this->delivered[] = $id; }
}
require getenv('FILE');
$provider = new Simrack();
try {
    $provider->sendMessage('7', $argv[1], $argv[2], $argv[3]);
    echo 'delivered ' . implode($provider->delivered);
} catch (\\Exception $fault) {
    echo $fault->getMessage();
}
"""


@pytest.mark.skipif(shutil.which("php") is None, reason="php not installed (Debian package php-cli)")
def test_the_provider_file_for_freepbx_sends(site: Site, tmp_path: Path) -> None:
    (tmp_path / "stub.php").write_text(STUB)
    (tmp_path / "provider-simrack.php").write_text(guides.file("provider-simrack.php") or "")
    _, key = site.box.service.keys.add("php", ["send"])

    def run(to: str, text: str, key: str) -> str:
        given = {**os.environ, "ADDRESS": site.box.url, "KEY": key, "FILE": str(tmp_path / "provider-simrack.php")}
        command = ["php", str(tmp_path / "stub.php"), to, site.own[1:], text]
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout

    assert run(HANDSET[1:], "Grüße aus PHP & 50% +1 €", key) == "delivered 7"
    (entry,) = site.bank.wait_for("text", 1, text="Grüße aus PHP & 50% +1 €")
    assert (entry["to"], entry["from"]) == (HANDSET, site.own)
    assert run(HANDSET[1:], "x", "wrong").startswith("simrack did not take it (HTTP 401): ERROR")


def test_a_limit_made_by_the_command_holds_for_the_gateway_that_runs(site: Site) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "gateway", "connect", "url", "--name", "slow", "--per-minute", "3", "--config", str(site.config)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "3 texts a minute" in made.stdout and "Waiting" not in made.stdout
    limits = site.box.service.limits
    site.box.wait(lambda: [one for one in limits.all() if (one.subject, one.most) == ("key:slow", 3)], "the limit", 60)
