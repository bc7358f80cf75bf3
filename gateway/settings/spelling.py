"""What somebody may have meant by a word that is not known here: the nearest right spelling, or what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


def nearest(wrong: str, right: Iterable[str]) -> str:
    choices = sorted(right)
    close = difflib.get_close_matches(str(wrong).lower(), choices, n=1, cutoff=0.5)
    exact = [choice for choice in choices if choice.lower() == str(wrong).lower()]
    if exact or close:
        return f"did you mean {(exact or close)[0]!r}?"
    if not choices:
        return "none is configured"
    return "known are " + ", ".join(choices[:20]) + (" …" if len(choices) > 20 else "")


def choose(wrong: Any, right: Iterable[Any], remedy: str) -> str:
    """For a value that is none of those on offer: `remedy`, where a list of them all would help nobody."""
    if not remedy:
        return nearest(wrong, right)
    meant = [one for one in right if str(one).lower() == str(wrong).lower()]
    return f"did you mean {meant[0]!r}?" if meant else remedy
