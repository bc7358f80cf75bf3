"""gammu, unmodified, drives eight families over a terminal: identify, send, list, delete."""

import re

import pytest

from tests.foreign.clients import EMOJI, FAMILIES, LONG, PRICE, SOMEONE, needs, run, tell

pytestmark = [pytest.mark.slow, needs("gammu", "gammu")]


def story(bank, port, family, folder):
    """Everything one gammu does at one port, and what came of it."""
    settings = folder / "gammurc"
    settings.write_text(f"[gammu]\ndevice = {bank.device(port)}\nconnection = at115200\nsynchronizetime = no\n")

    def gammu(*arguments):
        return run("gammu", "-c", settings, *arguments, folder=folder)

    identity = gammu("identify")
    gammu("sendsms", "TEXT", SOMEONE, "-text", "hello")
    gammu("sendsms", "TEXT", SOMEONE, "-autolen", "300", "-text", LONG)
    gammu("sendsms", "TEXT", SOMEONE, "-unicode", "-text", EMOJI)
    bank.text(SOMEONE, port, PRICE)
    listed = gammu("getallsms")
    location = re.search(r'Location (\d+), folder "Inbox"', listed)[1]
    # gammu numbers phone memory and SIM as folders of their own; folder 0 is "the location says it".
    gammu("deletesms", "0", location)
    return identity, listed, bank.state(port), bank.journal(kind="text")


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    return tell(story, FAMILIES, tmp_path_factory.mktemp("gammu"))


@pytest.mark.parametrize("family", FAMILIES)
def test_it_identifies_sends_receives_and_deletes(stories, family):
    identity, listed, state, texts = stories[family].result()
    assert state["imei"] in identity and state["imsi"] in identity
    assert [entry["text"] for entry in texts if entry["from"] == state["number"]] == ["hello", LONG, EMOJI]
    assert PRICE in listed and SOMEONE in listed
    assert state["stores"]["SM"][0] == 0 and state["stores"].get("ME", [0])[0] == 0
