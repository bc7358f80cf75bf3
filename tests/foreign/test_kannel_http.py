"""Kannel in front of the gateway, unmodified: its bearerbox takes the Kannel door for an SMSC that is reached by HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.keys import Keys
from gateway.settings import DoorsSettings
from simulator.testing import running_bank
from tests.foreign.clients import EMOJI, LONG, PATIENCE, PRICE, Daemon, needs
from tests.foreign.kannel import boxes, running_smsbox, send_by
from tests.ports import free_ports
from tests.receiver import Receiver
from tests.scenarios.box import running_gateway

pytestmark = [pytest.mark.slow, needs("kannel", "bearerbox", "smsbox")]

KEY = "pbx-key-0123456789-0123456789-0123456789"
HANDSET = "+491709900001"
# max-sms-octets: the texts come whole, for the gateway splits them itself.
CENTRE = """
group = smsc
smsc = http
smsc-id = simrack
system-type = kannel
send-url = {url}/cgi-bin/sendsms
port = {listen}
smsc-username = pbx
smsc-password = {key}
max-sms-octets = 1500
"""


def test_a_bearerbox_hands_texts_to_the_gateway_whole(tmp_path: Path) -> None:
    admin, box, send, listen = free_ports(4)
    doors = DoorsSettings(open=("kannel",), other_senders="ignore")
    with running_bank(1) as bank, running_gateway(tmp_path, bank, doors=doors) as gateway:
        Keys(gateway.service.store, gateway.service.clock).add("pbx", ["send"], KEY)
        settings = tmp_path / "kannel.conf"
        settings.write_text(boxes(admin, box, send) + CENTRE.format(listen=listen, url=gateway.url, key=KEY))
        with Daemon("bearerbox", "-v", "0", settings, folder=tmp_path) as bearerbox:
            bearerbox.wait_for("Start-up done")
            with running_smsbox(settings, box, send):
                for text, coding in ((PRICE, 0), (LONG, 0), (EMOJI, 2)):
                    send_by(send, username="x", password="x", to=HANDSET, text=text, coding=coding, charset="UTF-8")
                texts = gateway.wait(
                    lambda: len(found := bank.journal(kind="text", to=HANDSET)) == 3 and found, "three texts", PATIENCE
                )
        assert sorted(one["text"] for one in texts) == sorted([PRICE, LONG, EMOJI]), bearerbox.printed[-3000:]


# Who calls the dlr-url of a client of Kannel: the gateway, or the bearerbox, which hears of it as it hears of a centre.
WAYS = {
    "the gateway calls the client": "",
    "the gateway calls the bearerbox": 'dlr-url = "http://127.0.0.1:{listen}/?username=pbx&password={key}"\n',
}


@pytest.mark.parametrize("way", WAYS)
def test_reports_come_back_to_who_gave_the_text_to_smsbox(tmp_path: Path, way: str) -> None:
    admin, box, send, listen = free_ports(4)
    doors = DoorsSettings(open=("kannel",), other_senders="ignore")
    centre = CENTRE + WAYS[way]
    with Receiver() as web, running_bank(1) as bank, running_gateway(tmp_path, bank, doors=doors) as gateway:
        Keys(gateway.service.store, gateway.service.clock).add("pbx", ["send"], KEY)
        settings = tmp_path / "kannel.conf"
        settings.write_text(boxes(admin, box, send) + centre.format(listen=listen, url=gateway.url, key=KEY))
        with Daemon("bearerbox", "-v", "0", settings, folder=tmp_path) as bearerbox:
            bearerbox.wait_for("Start-up done")
            with running_smsbox(settings, box, send):
                report = {"dlr-mask": 31, "dlr-url": f"http://127.0.0.1:{web.port}/dlr?type=%d&text=7"}
                send_by(send, username="x", password="x", to=HANDSET, text=PRICE, charset="UTF-8", **report)
                gateway.wait(lambda: any(one.path == "/dlr?type=1&text=7" for one in web.requests), "the report", PATIENCE)
    told = [one.path for one in web.requests]
    # Twice 8 at most: the bearerbox says it of our answer, and we say it of the network's.
    assert told[0] == "/dlr?type=8&text=7" and told[-1] == "/dlr?type=1&text=7", bearerbox.printed[-3000:]
    assert set(told) == {"/dlr?type=8&text=7", "/dlr?type=1&text=7"}
