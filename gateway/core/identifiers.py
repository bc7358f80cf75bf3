"""Names that clients see: sortable by time, impossible to guess, the same everywhere."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letters that look like digits


def new_id(kind: str, now: float) -> str:
    """`kind` + "_" + 26 characters: 48 bits of milliseconds, 80 bits of chance (the layout of a ULID)."""
    value = (int(now * 1000) << 80) | secrets.randbits(80)
    digits = []
    for _ in range(26):
        digits.append(_ALPHABET[value & 31])
        value >>= 5
    return f"{kind}_{''.join(reversed(digits))}"
