"""What a handler may return, and the handlers of the many commands that only keep a number or only say OK."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from simulator.commands.parsing import Call
from simulator.errors import Refused, cme

if TYPE_CHECKING:
    from simulator.modem import Modem

# Compared by identity: the handler has taken over and will finish the command itself.
PENDING: Final[Any] = object()

Handler = Callable[["Modem", Call], Any]


def ok(modem: "Modem", call: Call) -> list[str]:
    """For what a modem accepts and does nothing about."""
    return []


def fixed(*lines: str) -> Handler:
    """For what always has the same answer."""

    def answer(modem: "Modem", call: Call) -> list[str]:
        return [] if call.form == "test" else list(lines)

    return answer


def numeric(name: str, register: str, allowed: range, otherwise: int = 0,
            refusal: Refused | None = None) -> Handler:
    """For a setting that is one number: =?, ? and = in a range."""

    def answer(modem: "Modem", call: Call) -> list[str]:
        if call.form == "test":
            return [f"{name}: ({_shown(allowed)})"]
        if call.form == "read":
            return [f"{name}: {int(getattr(modem.registers, register))}"]
        value = call.number(0, otherwise)
        if value not in allowed:
            raise refusal or cme(50)
        setattr(modem.registers, register, value)
        return []

    return answer


def ranges(allowed: tuple[tuple[int, ...], ...]) -> str:
    """Allowed values of several parameters as =? shows them: runs of numbers as a-b, others with commas."""
    return ",".join(f"({_shown(values)})" for values in allowed)


def _shown(values: "range | tuple[int, ...]") -> str:
    numbers = list(values)
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 2 else f"{numbers[0]},{numbers[-1]}"
    return ",".join(map(str, numbers))
