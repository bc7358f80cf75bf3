"""What `/openapi.json` promises is what the API does: schemathesis, let loose on a running server, finds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis.strategies import from_regex

from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.numbers import plain_form, recipient
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import HttpSettings, parse
from gateway.store import Store
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import CONFIGURATION, Gateway

EVERYWHERE = '[numbers]\nopen = ["*"]\npremium = true\n'
TOKEN = "a-token-of-alices-own-with-enough-characters"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    # The document does not say which countries are closed.
    configured, clock = parse(CONFIGURATION + EVERYWHERE, tmp_path), SystemClock()
    store = Store.open(configured.store, clock, serving=True)
    facts = [
        ChannelFacts("p0", ChannelState.READY, number="+4915110000000"),
        ChannelFacts("p1", ChannelState.LOST, number="+4915110000001"),
    ]
    gateway = Gateway(configured, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None), facts)
    gateway.keys.add("alice", ["admin"], TOKEN)
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0"))
    server.start()
    yield server
    server.stop()
    store.close()


@settings(max_examples=200)
@given(from_regex(plain_form("DE"), fullmatch=True))
def test_every_number_of_the_published_form_is_taken(number: str) -> None:
    assert recipient(number, "DE")


# "accept" is a regular expression as RE2 reads it, and schemathesis takes some of those for none. Own numbers in the rules of a key
# may be written in more ways than the document says.
LENIENT = """
[[operations]]
include-name = "PUT /v1/pools/{name}"
checks.negative_data_rejection.enabled = false

[[operations]]
include-name = "PATCH /v1/keys/{name}"
checks.negative_data_rejection.enabled = false

# Names of channels in a rule are well formed and yet unknown: 422.
[[operations]]
include-name = "PATCH /v1/keys/{name}"
checks.positive_data_acceptance.enabled = false
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(server: Server, tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{server.address}/openapi.json",
        f"--header=Authorization: Bearer {TOKEN}",
        # The same requests each time. Another seed finds what nobody has thought of yet.
        f"--seed={os.environ.get('SIMRACK_SCHEMA_SEED', '1')}",
        "--max-examples=25",
        "--generation-database=none",
        # How fast the machine is does not matter here.
        "--suppress-health-check=too_slow",
        "--request-timeout=60",
        # Our DELETE of a message calls it back; what became of it can still be read, and that is wanted.
        "--exclude-checks=use_after_free",
        "--no-color",
    ]
    (tmp_path / "schemathesis.toml").write_text(LENIENT)
    finished = subprocess.run(command, capture_output=True, text=True, timeout=1800, cwd=tmp_path)
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-2000:]


def test_the_document_says_what_may_be_left_out_and_which_channels_there_are(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    posts = {path: one["post"] for path, one in document["paths"].items() if "post" in one}
    optional = [path for path, post in posts.items() if not post.get("requestBody", {"required": True})["required"]]
    asked = [f"/v1/channels/{{name}}/{wish}" for wish in ("pause", "drain", "resume")]
    asked += [f"/v1/traffic/{wish}" for wish in ("pause", "drain", "resume")]
    others = ["/v1/webhooks/{webhook_id}/replay", "/v1/limits/{limit_id}/reset"]
    assert set(optional) == {*others, *asked}
    channels = document["components"]["schemas"]["WebhookIn"]["properties"]["channels"]
    assert channels["items"]["enum"] == ["p0", "p1"]


def test_the_document_is_open_to_everybody_and_names_every_event(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert "message.received" in document["webhooks"]
    assert all("." not in name for name in document["components"]["schemas"])
    text = document["components"]["schemas"]["SendIn"]["properties"]["text"]
    assert text["maxLength"] == 670
