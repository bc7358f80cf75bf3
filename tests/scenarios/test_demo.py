"""The demo leaves nothing behind, however it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def running_below(folder: Path) -> list[str]:
    """The command lines of processes that name this folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has just ended
    return [line for line in lines if str(folder) in line]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_that_is_ended_takes_its_programs_and_its_files_with_it(tmp_path: Path, ending: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen([sys.executable, "-m", "gateway", "demo"], stdout=subprocess.PIPE, text=True, env=environment)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Try it" in line or "-H 'Authorization" in line or "/v1/messages" in line:
            break
    assert running_below(tmp_path)
    demo.send_signal(ending)
    assert demo.wait(60) == 0
    demo.stdout.close()
    assert running_below(tmp_path) == [] and list(tmp_path.iterdir()) == []
