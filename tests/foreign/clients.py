"""What the stories of the foreign programs share. Each program runs unmodified, in a folder and with settings of its own,
as a process of its own that is ended by its id."""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from simulator.testing import RunningBank, running_bank

SOMEONE = "+4917012345"
PRICE = "price: 5 €"
LONG = "The quick brown fox jumps over the lazy dog. " * 5
EMOJI = "so glad 😀 дa"
LONG_EMOJI = "glad 😀 " + "каждый охотник желает знать, где сидит фазан " * 3
# Old pools and new sticks, indexes from 0 and from 1, reports shown, on the SIM card and in a store of their own.
FAMILIES = ("generic", "sim800", "wavecom", "mc35i", "quectel_m35", "quectel_ec25", "huawei_e173", "sim7600")
# Daemons look around every few seconds, and all families of a story share the machine.
PATIENCE = 60.0
# Debian keeps daemons where only root looks.
_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"

Story = Callable[[RunningBank, str, str, Path], Any]


def needs(package: str, *programs: str) -> pytest.MarkDecorator:
    """Skips a module where a program of this Debian package is missing, and says so."""
    missing = [program for program in programs if shutil.which(program, path=_PATH) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed (Debian package {package})")


def tell(story: Story, families: Sequence[str], folder: Path, **bank_plan: Any) -> dict[str, Future[Any]]:
    """A story at one port for each family, all at once: the programs sleep for most of their time."""
    with running_bank(ports=len(families), family=tuple(families), **bank_plan) as bank, \
            ThreadPoolExecutor(len(families)) as pool:
        futures = {}
        for place, family in enumerate(families):
            own = folder / family
            own.mkdir()
            futures[family] = pool.submit(story, bank, f"p{place}", family, own)
    return futures


def run(*command: str | Path, folder: Path, typed: bytes = b"") -> str:
    """A program that does one thing; returns all that it printed."""
    done = subprocess.run(command, cwd=folder, env=_surroundings(folder), input=typed, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    printed = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{printed}"
    return printed


class Daemon:
    """A program that runs until it is ended; what it prints can be waited for."""

    def __init__(self, *command: str | Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            command, cwd=folder, env=_surroundings(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        self.printed = ""
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *mishap: object) -> None:
        self.end()
        if mishap[0] is not None:
            print(self._process.args, "ended with", self._process.returncode, "\n" + self.printed[-4000:])

    def wait_for(self, pattern: str, count: int = 1) -> None:
        """Waits until a pattern stands so many times in what was printed."""
        def found() -> bool:
            return len(re.findall(pattern, self.printed)) >= count

        with self._news:
            self._news.wait_for(lambda: found() or self._ended, PATIENCE)
            assert found(), f"not {count} times {pattern!r} within {PATIENCE:g} s:\n{self.printed[-4000:]}"

    def end(self) -> None:
        """Asks it to end as its service manager would, and takes what it leaves behind."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._news:
                self.printed += line
                self._news.notify_all()
        self._process.stdout.close()
        with self._news:
            self._ended = True
            self._news.notify_all()


def _surroundings(folder: Path) -> dict[str, str]:
    """Nothing of the user who runs the tests, and nothing left in his home."""
    return {"PATH": _PATH, "LC_ALL": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)}
