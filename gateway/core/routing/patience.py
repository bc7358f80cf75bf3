"""Is a pattern quick over everything it will be tried on? One that is slow by a slip, as (([0-9]*)*)*x, would hold up the whole
gateway with the first number; so it is tried in a process of its own, whose time is short.
"""

from __future__ import annotations

import json
import subprocess
import sys

from gateway.core.allowed import LONGEST_SPELLING
from gateway.errors import BadValue

_CPU_S = 0.2
_PATIENCE_S = 30  # for a machine that is busy with other things
# What makes a pattern slow is the last sign that does not fit, so every digit stands there once.
_BEGINNINGS = ("+4915112345678", "015112345678", "1" * (LONGEST_SPELLING - 1))
_NUMBERS = tuple(f"{begin}{digit}" for begin in _BEGINNINGS for digit in "0123456789")
_TRIAL = """
import json, re, signal, sys
pattern, numbers = json.load(sys.stdin)
tried = re.compile(pattern)
signal.setitimer(signal.ITIMER_VIRTUAL, float(sys.argv[1]))  # ends the process
for number in numbers:
    tried.fullmatch(number)
"""


def require_quick(pattern: str, field: str) -> None:
    """Raises BadValue. `pattern` is a regular expression that compiles."""
    command = [sys.executable, "-I", "-S", "-c", _TRIAL, str(_CPU_S)]
    try:
        ended = subprocess.run(
            command, input=json.dumps((pattern, _NUMBERS)), text=True, timeout=_PATIENCE_S, capture_output=True, check=False
        )
        quick = ended.returncode == 0
    except subprocess.TimeoutExpired:
        quick = False
    if not quick:
        reason = "takes too long over some numbers"
        raise BadValue(field, reason, "repeat nothing that repeats something itself, as ([0-9]+)+ does; write [0-9]+")
