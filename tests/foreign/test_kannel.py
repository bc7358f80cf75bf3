"""Kannel's AT driver, unmodified: one bearerbox holds six families over terminals, smsbox takes and gives texts by HTTP.

It recognises a modem by its answer to ATI and has texts and reports shown on the wire (+CMT, +CDS); nothing is ever stored, so
nothing is left to delete. Of a long text it asks a report for one part alone. It takes "+CPIN: READY" for the end of that
answer and is one OK ahead from then on: it reads +CSMS=? wrong, and acknowledges only on Wavecom, which says no OK there.
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from simulator.testing import running_bank
from tests.foreign.clients import EMOJI, LONG, LONG_EMOJI, PATIENCE, PRICE, SOMEONE, Daemon, needs
from tests.foreign.kannel import SERVICE, boxes, running_smsbox, send_by
from tests.ports import free_ports
from tests.receiver import Receiver

pytestmark = [pytest.mark.slow, needs("kannel", "bearerbox", "smsbox")]

# What ATI says of a family, and its own settings.
SHOWN = 'init-string = "AT+CNMI=2,2,0,1,0"'
FAMILIES = {
    "generic": ("Generic", SHOWN),
    "sim800": ("SIM800", SHOWN),
    "quectel_ec25": ("Quectel", SHOWN),
    "huawei_e173": ("huawei", SHOWN),
    "wavecom": ("WAVECOM", SHOWN),
    "mc35i": ("MC35", 'init-string = "AT+CNMI=2,2,0,1,1"\nkeepalive-cmd = "AT+CSQ"\nenable-hwhs = "AT\\\\Q3"'),
}
TEXTS = {"hello": 0, LONG: 0, EMOJI: 2}
MODEM = """
group = modems
id = {family}
name = "{family}"
detect-string = "{detect}"
{more}

group = smsc
smsc = at
smsc-id = {family}
allowed-smsc-id = {family}
modemtype = auto
device = {device}
speed = 115200
my-number = {number}
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Everything the two boxes do at all ports, and what came of it."""
    folder = tmp_path_factory.mktemp("kannel")
    admin, box, send = free_ports(3)
    with running_bank(ports=len(FAMILIES), family=tuple(FAMILIES)) as bank, Receiver() as web:
        ports = {family: f"p{place}" for place, family in enumerate(FAMILIES)}
        settings = folder / "kannel.conf"
        settings.write_text(boxes(admin, box, send) + SERVICE.format(web=web.port) + "".join(
            MODEM.format(family=family, detect=detect, more=more, device=bank.device(ports[family]),
                         number=bank.number(ports[family]))
            for family, (detect, more) in FAMILIES.items()))
        with Daemon("bearerbox", "-v", "0", settings, folder=folder) as bearerbox:
            bearerbox.wait_for("AT SMSC successfully opened", len(FAMILIES))
            with running_smsbox(settings, box, send):
                for family, port in ports.items():
                    for place, (text, coding) in enumerate(TEXTS.items()):
                        # %i and %d are for Kannel to fill in, and nothing else of the address may look so.
                        report = f"http://127.0.0.1:{web.port}/report?family=%i&state=%d&text={place}"
                        send_by(send, username="x", password="x", smsc=family, to=SOMEONE, text=text, coding=coding,
                                charset="UTF-8", **{"dlr-mask": 3, "dlr-url": report})
                    bank.text(SOMEONE, port, PRICE)
                    bank.text(SOMEONE, port, LONG_EMOJI)
                web.wait_for(len(FAMILIES) * (len(TEXTS) + 2), PATIENCE)
        told = [(urlsplit(each.path).path, {name: value for name, [value] in parse_qs(urlsplit(each.path).query).items()})
                for each in web.requests]
        return bearerbox.printed, told, {family: bank.state(port) for family, port in ports.items()}, bank.journal()


@pytest.mark.parametrize("family", FAMILIES)
def test_it_identifies_sends_and_receives(story, family):
    printed, told, states, journal = story
    assert f"AT2[{family}]: found string <{FAMILIES[family][0]}>, using modem definition <{family}>" in printed
    assert f"AT2[{family}]: AT SMSC successfully opened." in printed
    sent = [entry["text"] for entry in journal if entry["kind"] == "text" and entry["from"] == states[family]["number"]]
    assert sorted(sent) == sorted(TEXTS)
    received = [query["text"] for path, query in told if path == "/text" and query["family"] == family]
    assert sorted(received) == [LONG_EMOJI, PRICE]
    assert all(used == 0 for used, _ in states[family]["stores"].values())


@pytest.mark.parametrize("family", FAMILIES)
def test_it_gets_reports_and_acknowledges_what_it_believes_it_must(story, family):
    printed, told, states, journal = story
    reports = [(query["text"], query["state"]) for path, query in told if path == "/report" and query["family"] == family]
    assert sorted(reports) == [(str(place), "1") for place in range(len(TEXTS))]
    mine = [entry for entry in journal if entry.get("port") == states[family]["name"]]
    assert [entry["how"] for entry in mine if entry["kind"] == "report"] == ["shown"] * len(TEXTS)
    assert not [entry for entry in mine if entry["kind"] == "unacknowledged"]
    acknowledged = printed.count(f"AT2[{family}]: --> AT+CNMA^M")
    assert acknowledged == (sum(entry["kind"] in ("deliver", "report") for entry in mine) if family == "wavecom" else 0)
