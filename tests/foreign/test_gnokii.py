"""gnokii, unmodified, drives eight families over a terminal: identify, send, read, delete.

It cannot send or show emoji (the text ends before the first one, or shows two question marks), and it never asks a modem for
reports: it sets the report bit, but +CNMI=3,1 or nothing.
"""

import re

import pytest

from tests.foreign.clients import EMOJI, FAMILIES, LONG, PATIENCE, PRICE, SOMEONE, needs, run, tell

pytestmark = [pytest.mark.slow, needs("gnokii", "gnokii")]

CYRILLIC = "сидит фазан"
SETTINGS = """
[global]
port = {device}
model = AT
connection = serial
serial_baudrate = 115200
use_locking = no
"""


def story(bank, port, family, folder):
    settings = folder / "gnokiirc"
    settings.write_text(SETTINGS.format(device=bank.device(port)))

    def gnokii(*arguments, typed=""):
        return run("gnokii", "--config", settings, *map(str, arguments), folder=folder, typed=typed.encode())

    identity = gnokii("--identify")
    for text in ("hello", LONG, CYRILLIC, EMOJI):
        gnokii("--sendsms", SOMEONE, "--report", typed=text)
    bank.wait_for("report", 5, PATIENCE, port=port)
    read = []
    for text in (PRICE, CYRILLIC, EMOJI):
        bank.text(SOMEONE, port, text)
        [place] = bank.wait_for("deliver", port=port, text=text)
        read.append(gnokii("--getsms", place["store"], place["index"], place["index"]))
    # Reading with --delete empties the place as well; deleting needs no reading.
    gnokii("--getsms", place["store"], place["index"], place["index"], "--delete")
    for place in bank.journal(kind="deliver", port=port)[:2]:
        gnokii("--deletesms", place["store"], place["index"], place["index"])
    return identity, read, bank.state(port), bank.journal()


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    return tell(story, FAMILIES, tmp_path_factory.mktemp("gnokii"))


@pytest.mark.parametrize("family", FAMILIES)
def test_it_identifies_sends_receives_and_deletes(stories, family):
    identity, read, state, journal = stories[family].result()
    assert re.search(r"IMEI +: (\d+)", identity)[1] == state["imei"]
    sent = [entry["text"] for entry in journal if entry["kind"] == "text" and entry["from"] == state["number"]]
    assert sent == ["hello", LONG, CYRILLIC, "so glad "]
    for shown, text in zip(read, (PRICE, CYRILLIC, "so glad ?? дa"), strict=True):
        assert f"Sender: {SOMEONE}" in shown and f"Text:\n{text}\n" in shown
    assert all(used == 0 for used, _ in state["stores"].values())


@pytest.mark.parametrize("family", FAMILIES)
def test_it_asks_for_reports_and_takes_none(stories, family):
    _, _, state, journal = stories[family].result()
    assert all(entry["report"] for entry in journal if entry["kind"] == "submit")
    reports = [entry["how"] for entry in journal if entry["kind"] == "report" and entry["to"] == state["number"]]
    assert reports == ["dropped"] * 5
