"""What each failure means to whoever called the command: its exit code. Prints nothing."""

from __future__ import annotations

import click

from gateway import errors

NO = 1
CONFIGURATION = 3
UNREACHABLE = 4
NO_ROOM = 5

_CODES: tuple[tuple[type[Exception], int], ...] = (
    (errors.BadSetting, CONFIGURATION),
    (errors.AlreadyRunning, UNREACHABLE),
    (errors.LinkLost, UNREACHABLE),
    (errors.StorageFull, NO_ROOM),
)


class Failure(click.ClickException):
    """Ends the command with one line on standard error: what is wrong, and what to do."""

    def __init__(self, message: str, exit_code: int = NO) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code_of(fault: errors.SimrackError | click.ClickException) -> int:
    if isinstance(fault, click.ClickException):
        return fault.exit_code
    return next((code for kind, code in _CODES if isinstance(fault, kind)), NO)
