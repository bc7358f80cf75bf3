"""A command line and what its answer may look like: which names its information lines bear, and which finals end it.

Writes nothing and keeps no state (ITU-T V.250 clause 5; 3GPP TS 27.007 clause 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"\s*([+^*#$%][A-Za-z0-9_]+)")
_BASIC = re.compile(r"AT(?:[EVQXZ&][0-9A-Z]?[0-9]?)*", re.IGNORECASE)
_DIALS = ("ATD", "ATA", "ATO")

CTRL_Z = "\x1a"
ESCAPE = b"\x1b\r"


@dataclass(frozen=True, slots=True)
class Command:
    """`text` is typed without CR; `payload` is typed at the prompt, and Ctrl-Z after it.

    A `probe` must be answered by a line of its own name: a bare final is then somebody else's late answer.
    """

    text: str
    payload: str = ""
    probe: bool = False

    def names(self) -> tuple[str, ...]:
        """Names of the information lines this command asks for: `+CREG` for AT+CREG?; none for AT and ATI."""
        found = (_NAME.match(piece) for piece in self.text[2:].split(";"))
        return tuple(match[1].upper() for match in found if match)

    def is_read(self) -> bool:
        return self.text.endswith("?")

    def is_basic(self) -> bool:
        """True for AT, ATE0V1, ATZ …: no information lines, so a lone digit is a numeric final (ATV0)."""
        return _BASIC.fullmatch(self.text) is not None

    def dials(self) -> bool:
        """True if call progress words (NO CARRIER, BUSY …) end this command instead of telling of somebody's call."""
        return self.text.upper().startswith(_DIALS)
