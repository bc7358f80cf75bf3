"""The stories that come along, played against the gateway of this repository as a technician plays them."""

import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

from simulator.story import shelf
from simulator.story.reader import read

# The modem's answer is awaited as long as its manual allows.
LONG = {"result-lost": pytest.mark.skip(reason="takes two minutes; run it with: simrack-sim play result-lost")}


def test_every_story_can_be_read_and_has_a_title_of_its_own():
    titles = [read(shelf.find(name)).title for name in shelf.names()]
    assert len(titles) == len(set(titles)) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG.get(name, ())) for name in shelf.names()])
def test_the_gateway_passes_the_story(name, tmp_path):
    played = subprocess.run([sys.executable, "-m", "simulator", "play", name, "--junit", str(tmp_path / "verdict.xml")],
                            capture_output=True, text=True, timeout=240, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    suite = xml.parse(tmp_path / "verdict.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0") and len(suite) == int(suite.get("tests", 0)) > 3
