"""Switching a modem off and on by a command that a technician configured: `uhubctl`, a relay, a script. No shell.

Whether the command reaches the right socket is the technician's business; on most Raspberry Pis it cuts all sockets at once.
"""

from __future__ import annotations

import asyncio
import logging
import shlex

log = logging.getLogger("simrack.modem")

_LONGEST = 2000  # characters of output that are worth a log line


async def cycle(channel: str, command: str, patience: float) -> bool:
    """True when the command ended well within `patience` seconds. Never raises: a failed power cycle is a step in vain."""
    try:
        words = shlex.split(command)
        program = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except (OSError, ValueError) as fault:
        log.error("%s: power_command cannot be run: %s", channel, fault)
        return False
    try:
        async with asyncio.timeout(patience):
            output, _ = await program.communicate()
    except TimeoutError:
        log.error("%s: power_command was still running after %g s and was stopped", channel, patience)
        return False
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    level = logging.INFO if program.returncode == 0 else logging.ERROR
    said = output.decode(errors="replace").strip()[:_LONGEST]
    log.log(level, "%s: power_command ended with %s: %s", channel, program.returncode, said or "no output")
    return program.returncode == 0
