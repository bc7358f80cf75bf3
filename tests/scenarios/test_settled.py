"""A gateway that has settled: what was made at the start is set aside, so that no full collection of garbage holds up texts."""

from __future__ import annotations

import re
import sys

import pytest

from tests.bench.stage import stage, until

pytestmark = pytest.mark.slow

# Settled soon; then it says how many objects are set aside, and how many a collection still looks at.
PROGRAM = """
import gc, threading, time
from gateway.cli import main
from gateway.service import garbage

def tell():
    while not gc.get_freeze_count():
        time.sleep(0.01)
    print("set aside", gc.get_freeze_count(), "left", len(gc.get_objects()), flush=True)

garbage.SETTLED_AFTER_S = 0.5
threading.Thread(target=tell, daemon=True).start()
main()
"""


def test_what_was_made_at_the_start_is_set_aside_and_texts_go_on() -> None:
    with stage() as on:
        gateway = on.gateway(None, program=(sys.executable, "-c", PROGRAM, "run"))
        log = on.folder / "gateway.log"
        said = until(lambda: re.search(r"set aside (\d+) left (\d+)", log.read_text()), 20, "the setting aside")
        assert int(said[1]) > 50_000 and int(said[2]) < 5_000
        assert gateway.call("/v1/messages", "POST", {"to": "+491701234567", "text": "hello"})["status"] == "queued"
