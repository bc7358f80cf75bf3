"""The programs of a story: commands that run to their end, and the gateway under test."""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from simulator.story.model import Failed, Values

# A gateway may want to hear the outcome of what is on the air before it ends.
_PATIENCE = 30.0
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1"}


# Below the range from which systems take the ports of outgoing connections: nobody is given it before the program listens there.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    while True:
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", random.choice(_PORTS)))
            return int(one.getsockname()[1])


async def run(what: Values) -> str:
    """Runs a command and returns what it wrote to standard output. Raises Failed when that is not as expected."""
    command, within = what["command"], float(what.get("within", 30))
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                                                       env=os.environ | _ENVIRONMENT)
    except OSError as trouble:
        raise Failed(f"{command[0]}: {trouble.strerror}") from None
    try:
        output, errors = await asyncio.wait_for(process.communicate(), within)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Failed(f"{' '.join(command)}: not ended within {within:g} s") from None
    told = output.decode("utf-8", "replace")
    if process.returncode != what.get("exit", 0):
        raise Failed(f"{' '.join(command)}: ended with {process.returncode}\n{told}{errors.decode('utf-8', 'replace')}".rstrip())
    if not re.search(what.get("output", ""), told):
        raise Failed(f"{' '.join(command)}: wrote {told!r}, without {what['output']!r}")
    return told.strip()


class Program:
    """The gateway under test, started, ended and started again by the story. Its output goes to a file."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def ended(self) -> int | None:
        """The exit status when it ended by itself, or was ended."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        if self._process and self._process.returncode is None:
            raise Failed("the gateway runs already")
        with self._log.open("ab") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(*self._command, stdout=output, stderr=output,
                                                                     env=os.environ | _ENVIRONMENT)
            except OSError as trouble:
                raise Failed(f"{self._command[0]}: {trouble.strerror}") from None

    async def end(self, number: int = signal.SIGTERM) -> None:
        """Ends it by a signal; one that does not heed it is killed."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise Failed(f"the gateway did not end within {_PATIENCE:g} s of being told to") from None

    def last_words(self, lines: int = 12) -> str:
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-lines:])
