"""gammu, unmodified, drives every family over a terminal: identify, send, list, delete."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator import personality
from simulator.testing import running_bank

GAMMU = shutil.which("gammu")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(GAMMU is None, reason="gammu is not installed (Debian package gammu)"),
]
SOMEONE = "+4917012345"
LONG = "The quick brown fox jumps over the lazy dog. " * 5
EMOJI = "so glad 😀 дa"


def story(bank, port: str, family: str, folder) -> dict:
    """Everything one gammu does at one port, and what came of it."""
    settings = folder / f"{family}.rc"
    settings.write_text(f"[gammu]\ndevice = {bank.device(port)}\nconnection = at115200\nsynchronizetime = no\n")

    def gammu(*arguments: str) -> str:
        done = subprocess.run([GAMMU, "-c", str(settings), *arguments], capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, f"{family}: gammu {arguments[0]}: {done.stdout} {done.stderr}"
        return done.stdout

    found = {"identify": gammu("identify")}
    gammu("sendsms", "TEXT", SOMEONE, "-text", "hello")
    gammu("sendsms", "TEXT", SOMEONE, "-autolen", "300", "-text", LONG)
    gammu("sendsms", "TEXT", SOMEONE, "-unicode", "-text", EMOJI)
    bank.text(SOMEONE, port, "price: 5 €")
    found["listed"] = gammu("getallsms")
    location = re.search(r'Location (\d+), folder "Inbox"', found["listed"])[1]
    # gammu numbers phone memory and SIM as folders of their own; folder 0 is "the location says it".
    gammu("deletesms", "0", location)
    return found


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """All families at once: gammu sleeps for most of its time."""
    families = personality.names()
    folder = tmp_path_factory.mktemp("gammu")
    with running_bank(ports=len(families), family=tuple(families)) as bank, ThreadPoolExecutor(len(families)) as pool:
        running = {family: pool.submit(story, bank, f"p{place}", family, folder)
                   for place, family in enumerate(families)}
        results = {}
        for place, (family, future) in enumerate(running.items()):
            results[family] = future.result(), bank.state(f"p{place}"), bank.journal(kind="text")
        yield results


@pytest.mark.parametrize("family", personality.names())
def test_it_identifies_sends_receives_and_deletes(stories, family):
    found, state, texts = stories[family]
    assert state["imei"] in found["identify"] and state["imsi"] in found["identify"]
    assert [entry["text"] for entry in texts if entry["from"] == state["number"]] == ["hello", LONG, EMOJI]
    assert "price: 5 €" in found["listed"] and SOMEONE in found["listed"]
    assert state["stores"]["SM"][0] == 0 and state["stores"].get("ME", [0])[0] == 0
