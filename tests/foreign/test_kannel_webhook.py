"""A webhook in Kannel's form feeds a real Kannel: its bearerbox takes our MO calls as an HTTP centre, smsbox hands the texts on."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.records import EventType
from tests.core.stage import Stage, story
from tests.foreign.clients import EMOJI, PATIENCE, Daemon, needs
from tests.foreign.kannel import SERVICE, boxes, running_smsbox
from tests.ports import free_ports
from tests.receiver import Receiver

pytestmark = [pytest.mark.slow, needs("kannel", "bearerbox", "smsbox")]

CENTRE = """
group = smsc
smsc = http
smsc-id = simrack
system-type = kannel
port = {port}
send-url = http://127.0.0.1:{port}/
smsc-username = simrack
smsc-password = swordfish
connect-allow-ip = 127.0.0.1
"""
QUERY = "username=simrack&password=%{secret}&from=%p&to=%P&text=%b&charset=UTF-8&coding=%c"


@story
async def tell(folder: Path, web: Receiver, port: int) -> None:
    async with Stage(folder) as stage:
        url = f"http://127.0.0.1:{port}/sms"
        right = stage.hook(url, format="kannel", options={"mo": QUERY}, secret="swordfish")
        wrong = stage.hook(url, format="kannel", options={"mo": QUERY}, secret="something-else")
        for place, (text, encoding) in enumerate((("Grüße & 50% +1", "gsm7"), (EMOJI, "ucs2"))):
            data = {"from": "+491711234567", "to": "+4915110000000", "text": text, "encoding": encoding, "channel": "p0"}
            await stage.happens(EventType.MESSAGE_RECEIVED, data, f"conversation {place}")
        await stage.recorded(right, "accepted", "accepted")
        row = (await stage.recorded(wrong, "pending", "pending", tries=1))[0]
        assert row.last_error == "HTTP 202: Kannel answered 'Authorization failed for sendsms'"
        told = [parse_qs(urlsplit(one.path).query) for one in await web.expect(2, PATIENCE)]
        assert {one["text"][0] for one in told} == {"Grüße & 50% +1", EMOJI}
        assert {(one["from"][0], one["family"][0]) for one in told} == {("+491711234567", "simrack")}


def test_a_real_kannel_takes_our_texts(tmp_path: Path) -> None:
    admin, box, send, port = free_ports(4)
    with Receiver() as web:
        settings = tmp_path / "kannel.conf"
        settings.write_text(boxes(admin, box, send) + SERVICE.format(web=web.port) + CENTRE.format(port=port))
        with Daemon("bearerbox", "-v", "0", settings, folder=tmp_path) as bearerbox:
            bearerbox.wait_for("Starting to execute|MAIN: Start-up done")
            with running_smsbox(settings, box, send):
                tell(tmp_path, web, port)
