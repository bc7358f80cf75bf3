"""One story for each door: a client of somebody else's API sends through a running gateway, and a simulated handset reads it."""

from __future__ import annotations

import base64
import re
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.core.keys import Keys
from gateway.settings import DOORS, DoorsSettings, ForwardingSettings
from simulator.testing import RunningBank, running_bank
from tests.receiver import Receiver
from tests.scenarios.box import PATIENCE_S, Box, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"
KEY = "pbx-key-0123456789-0123456789-0123456789"
ID = re.compile(r"(msg_[0-9a-z]{26}|SM[0-9a-f]{32})")


@dataclass(frozen=True)
class Story:
    gateway: Box
    bank: RunningBank
    pbx: Receiver


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder: Path = tmp_path_factory.mktemp("doors")
    doors = DoorsSettings(open=DOORS, other_senders="ignore")
    with (
        running_bank(2) as bank,
        Receiver() as pbx,
        running_gateway(
            folder, bank, 2, webhook=pbx.url, events=["message.delivered"], doors=doors, forwarding=ForwardingSettings()
        ) as gateway,
    ):
        Keys(gateway.service.store, gateway.service.clock).add("pbx", ["send", "read"], KEY)
        yield Story(gateway, bank, pbx)


def call(url: str, body: bytes | None = None, **headers: str) -> str:
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


BASIC = "Basic " + base64.b64encode(f"pbx:{KEY}".encode()).decode()
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def query(**given: str) -> str:
    return urlencode(given)


REQUESTS: Mapping[str, tuple[str, bytes | None, dict[str, str], str]] = {
    "telnyx": (
        "/compat/3cx",
        b'{"from":"+15550100","to":"+491709900001","text":"by telnyx"}',
        {"Authorization": f"Bearer {KEY}", "Content_Type": JSON},
        '"payload":{',
    ),
    "plain": ("/api/send?" + query(key=KEY, to=HANDSET, text="by plain", ref="7"), None, {}, "OK msg_"),
    "integra": (
        "/Integra/resources/SMS/SendSMS",
        query(destination="491709900001", message="by integra", campaign="c", agent="a", source="").encode(),
        {"Authorization": KEY, "Content_Type": FORM},
        "OK",
    ),
    "kannel": (
        "/cgi-bin/sendsms?" + query(username="u", password=KEY, to=HANDSET, text="by kannel", coding="0", charset="UTF-8"),
        None,
        {},
        "0: Accepted for delivery",
    ),
    "twilio": (
        "/2010-04-01/Accounts/AC1/Messages.json",
        query(To=HANDSET, From="+15550100", Body="by twilio").encode(),
        {"Authorization": BASIC, "Content_Type": FORM},
        '"status":"queued"',
    ),
    "vonage": (
        "/sms/json",
        query(to="491709900001", **{"from": "Acme"}, text="by vonage", api_key="pbx", api_secret=KEY).encode(),
        {"Content_Type": FORM},
        '"status":"0"',
    ),
    "smseagle": ("/http_api/send_sms?" + query(access_token=KEY, to=HANDSET, message="by smseagle"), None, {}, "OK; ID="),
    "smsgate": (
        "/3rdparty/v1/messages?skipPhoneValidation=true",
        b'{"id":"story-1","textMessage":{"text":"by smsgate"},"phoneNumbers":["+491709900001"]}',
        {"Authorization": BASIC, "Content_Type": JSON},
        '"state":"Pending"',
    ),
    "wildix": (
        "/api/v1/originate/sms",
        query(number=HANDSET, message="by wildix").encode(),
        {"Authorization": BASIC, "Content_Type": FORM},
        '"Success"',
    ),
    "playsms": ("/index.php?" + query(app="ws", op="pv", u="u", h=KEY, to=HANDSET, msg="by playsms"), None, {}, '"status":"OK"'),
    "dinstar": (
        "/api/send_sms",
        b'{"text":"by dinstar","port":[0],"encoding":"unicode","param":[{"number":"+491709900001"}]}',
        {"Authorization": BASIC},
        '"error_code":202',
    ),
    "jasmin": ("/send?" + query(username="u", password=KEY, to=HANDSET, content="by jasmin", dlr="yes"), None, {}, 'Success "msg_'),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_text_goes_through_the_door_to_the_handset_and_its_report_to_the_pbx(story: Story, door: str) -> None:
    path, body, headers, word = REQUESTS[door]
    answer = call(story.gateway.url + path, body, **headers)
    assert word in answer

    def arrived() -> bool:
        return any(entry["text"] == f"by {door}" for entry in story.bank.journal(kind="text"))

    story.gateway.wait(arrived, f"the text by {door} at the handset")
    story.gateway.wait(lambda: any(f"by {door}" in each.body.decode() for each in story.pbx.requests), "its report at the PBX")


def test_what_twilio_and_smsgate_clients_ask_for_afterwards_is_told(story: Story) -> None:
    for door, place, word in (
        ("twilio", "/2010-04-01/Accounts/AC1/Messages/{}.json", '"status":"delivered"'),
        ("smsgate", "/3rdparty/v1/messages/{}", '"state":"Delivered"'),
    ):
        path, body, headers, _ = REQUESTS[door]
        body = (body or b"").replace(b"story-1", b"story-2")
        found = ID.search(call(story.gateway.url + path, body, **headers))
        asked = story.gateway.url + place.format("story-2" if door == "smsgate" else found and found[0])
        story.gateway.wait(lambda asked=asked, word=word: word in call(asked, Authorization=BASIC), f"{word} by {door}")  # type: ignore[misc]


def test_a_text_that_twilio_clients_delete_is_gone_from_the_database_and_from_its_forwards(story: Story) -> None:
    path, body, headers, _ = REQUESTS["twilio"]
    found = ID.search(call(story.gateway.url + path, (body or b"").replace(b"by+twilio", b"by+night"), **headers))
    assert found is not None
    own = f"{story.gateway.url}/2010-04-01/Accounts/AC1/Messages/{found[0]}"
    story.gateway.wait(lambda: '"status":"delivered"' in call(own, Authorization=BASIC), "its report")
    story.gateway.wait(lambda: any("by night" in each.body.decode() for each in story.pbx.requests), "its report at the PBX")
    request = urllib.request.Request(own, method="DELETE", headers={"Authorization": BASIC})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        assert answer.status == 204
    assert "by night" not in story.gateway.service.store.read(lambda db: "\n".join(db.connection().iterdump()))


def test_a_text_that_came_in_is_deleted_with_a_key_of_scope_admin(story: Story) -> None:
    _, root = Keys(story.gateway.service.store, story.gateway.service.clock).add("root", ["admin"])
    authorization = "Basic " + base64.b64encode(f"AC1:{root}".encode()).decode()
    story.bank.text(HANDSET, "p0", "from outside")
    listed = f"{story.gateway.url}/2010-04-01/Accounts/AC1/Messages.json?" + query(From=HANDSET)
    found = story.gateway.wait(lambda: ID.search(call(listed, Authorization=authorization)), "the text that came in")
    (kept,) = [one for one in story.gateway.received() if one["text"] == "from outside"]
    own = f"{story.gateway.url}/2010-04-01/Accounts/AC1/Messages/{found[0]}.json"
    assert '"direction":"inbound"' in call(own, Authorization=authorization)
    request = urllib.request.Request(own, method="DELETE", headers={"Authorization": authorization})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        assert answer.status == 204
    dump = story.gateway.service.store.read(lambda db: "\n".join(db.connection().iterdump()))
    assert "from outside" not in dump
    assert story.gateway.message(kept["id"])["from"] == ""
