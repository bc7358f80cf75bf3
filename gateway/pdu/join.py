"""The pieces of a long message to its text. Which pieces belong together is decided by whoever keeps them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from gateway.records import Concat

_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


class Piece(Protocol):
    @property
    def text(self) -> str: ...

    @property
    def concat(self) -> Concat | None: ...


def join(pieces: Sequence[Piece]) -> str:
    """The texts in the order of their numbers. Halves of a surrogate pair that meet become one character; a half that
    stays alone becomes U+FFFD, so the result can always be stored as UTF-8."""
    in_order = sorted(pieces, key=lambda piece: piece.concat.number if piece.concat else 0)
    text = "".join([piece.text for piece in in_order])
    if _HALF_PAIR.search(text) is None:
        return text
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
