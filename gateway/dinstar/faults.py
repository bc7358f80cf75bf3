"""What can go wrong between us and a box, apart from what every channel knows."""

from __future__ import annotations

from gateway.errors import SimrackError


class Garbled(SimrackError):
    """The box answered with something that is not an answer."""


class BoxSilent(SimrackError):
    """No usable answer came. `left`: the request may have reached the box, and may have been carried out."""

    def __init__(self, reason: str, *, left: bool, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.left = left
        self.status = status  # of HTTP, when it answered with an error page


class BoxRefused(SimrackError):
    """The box understood a question and answered with an error code."""

    def __init__(self, code: int, asked: str) -> None:
        super().__init__(f"the box answered {asked} with error_code {code}")
        self.code = code
