"""gammu-smsd, unmodified, serves eight families over a terminal: what waits in its outbox is sent, what arrives is filed.

It asks the modem to store reports (+CNMI ds=2) wherever that is on offer. Of each that is announced it files an empty note; it
reads them only where they lie on the SIM card among the texts (M35), never from the store SR. Where it must be content
with +CDS (SIM800) it files them whole. The MC35i refuses its +CNMI, for bfr must be 1 there: no reports. Texts it finds by
looking.
"""

import re

import pytest

from tests.foreign.clients import EMOJI, LONG, LONG_EMOJI, PATIENCE, PRICE, SOMEONE, Daemon, needs, run, tell

pytestmark = [pytest.mark.slow, needs("gammu-smsd", "gammu-smsd", "gammu-smsd-inject", "gammu-smsd-monitor")]

# How many of five reports it notes, and how many it files whole.
REPORTS = {"generic": (5, 0), "sim800": (0, 5), "quectel_m35": (5, 5), "quectel_ec25": (5, 0), "huawei_e173": (5, 0),
           "sim7600": (5, 0), "wavecom": (5, 0), "mc35i": (0, 0)}
SETTINGS = """
[gammu]
device = {device}
connection = at115200
synchronizetime = no

[smsd]
service = files
logfile = stderr
debuglevel = 1
commtimeout = 1
loopsleep = 1
receivefrequency = 2
statusfrequency = 1
checksecurity = 0
inboxpath = {folder}/inbox/
outboxpath = {folder}/outbox/
sentsmspath = {folder}/sent/
errorsmspath = {folder}/error/
inboxformat = detail
deliveryreport = sms
"""


def story(bank, port, family, folder):
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir()
    settings = folder / "smsdrc"
    settings.write_text(SETTINGS.format(device=bank.device(port), folder=folder))

    def inject(text, *options):
        run("gammu-smsd-inject", "-c", settings, "TEXT", SOMEONE, *options, "-text", text, folder=folder)

    bank.text(SOMEONE, port, PRICE)
    with Daemon("gammu-smsd", "-c", settings, folder=folder) as daemon:
        daemon.wait_for("Received IN")
        for text, *options in (("hello",), (LONG, "-len", "400"), (EMOJI, "-unicode")):
            inject(text, *options)
        bank.wait_for("submit", 4, PATIENCE, port=port)
        bank.text(SOMEONE, port, LONG_EMOJI)
        daemon.wait_for("Received IN", 2)
        # It reads and deletes before it sends: once this is out, the store has been emptied.
        inject("bye")
        daemon.wait_for(r"Renamed .*/sent/", 4)
        noted, filed = REPORTS[family]
        daemon.wait_for("Delivery report IN0", noted)
        daemon.wait_for("Delivery report IN[1-9]", filed)
        shown = run("gammu-smsd-monitor", "-c", settings, "-n", "1", "-d", "0", folder=folder)
    inbox = [path.read_text() for path in sorted((folder / "inbox").iterdir())]
    return shown, inbox, len(list((folder / "sent").iterdir())), bank.state(port), bank.journal(kind="text")


def text_of(file):
    """The text of a message file: all its parts, in hexadecimal."""
    return bytes.fromhex("".join(re.findall(r"^Text\d+ = (\w*)", file, re.MULTILINE))).decode("utf-16-be")


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    return tell(story, tuple(REPORTS), tmp_path_factory.mktemp("gammu-smsd"))


@pytest.mark.parametrize("family", REPORTS)
def test_it_identifies_sends_receives_and_deletes(stories, family):
    shown, inbox, sent, state, texts = stories[family].result()
    assert re.search(r"IMEI: (\d+)", shown)[1] == state["imei"]
    assert re.search(r"IMSI: (\d+)", shown)[1] == state["imsi"]
    assert [entry["text"] for entry in texts if entry["from"] == state["number"]] == ["hello", LONG, EMOJI, "bye"]
    assert sent == 4
    # It counts the euro sign twice, and fills up with a zero.
    received = [text_of(file).rstrip("\0") for file in inbox if "PDU = Deliver" in file]
    assert received == [PRICE, LONG_EMOJI]
    assert state["stores"]["SM"][0] == 0 and state["stores"].get("ME", [0])[0] == 0


@pytest.mark.parametrize("family", REPORTS)
def test_it_gets_reports_as_far_as_it_can(stories, family):
    _, inbox, _, state, _ = stories[family].result()
    noted, filed = REPORTS[family]
    assert [text_of(file) for file in inbox if "PDU = Status_Report" in file] == [""] * noted + ["Delivered"] * filed
    # What it does not read stays there.
    assert state["stores"].get("SR", [0])[0] == max(noted - filed, 0)
