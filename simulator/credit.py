"""Prepaid credit: what texts cost, what is left, and the USSD codes by which it is asked for and topped up."""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from simulator.numberplan import FOREIGN

_CONTRACT = "Your balance is 12.34 EUR."
_MENU = "1 Balance\n2 Own number"
_TOP_UP = re.compile(r"\*104\*(\d{1,6})#")


@dataclass(slots=True)
class Credit:
    """Prices and balances in cents. A SIM without a balance has a contract: it is never refused.

    `balances`: by number; `cause`: the answer when there is not enough (operators use 21, 38, 50 or 500).
    """

    price: int = 9
    foreign_price: int = 29
    cause: int = 21
    balances: dict[str, int] = field(default_factory=dict)

    def cost(self, kind: str) -> int:
        return self.foreign_price if kind == FOREIGN else self.price

    def lacks(self, sim: str, kind: str) -> bool:
        balance = self.balances.get(sim)
        return balance is not None and balance < self.cost(kind)

    def charge(self, sim: str, kind: str) -> None:
        if sim in self.balances:
            self.balances[sim] -= self.cost(kind)

    def ussd(self, sim: str, code: str) -> tuple[int, str]:
        """First field of +CUSD and the text: *100# balance, *101# menu, *104*CENTS# top-up, *135# own number."""
        if code == "*101#":
            return 1, _MENU
        if code in ("*100#", "1"):
            return 0, self._balance(sim)
        if code in ("*135#", "2"):
            return 0, sim
        if (paid := _TOP_UP.fullmatch(code)) and sim in self.balances:
            self.balances[sim] += int(paid[1])
            return 0, self._balance(sim)
        return 4, ""

    def _balance(self, sim: str) -> str:
        cents = self.balances.get(sim)
        return _CONTRACT if cents is None else f"Your balance is {cents / 100:.2f} EUR."

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _KEYS}


_KEYS = [each.name for each in fields(Credit)]


def credit(values: dict[str, Any]) -> Credit:
    """Credit from keys and values. Raises ValueError for strange keys."""
    if strangers := set(values) - set(_KEYS):
        raise ValueError(f"credit has no {', '.join(sorted(strangers))}; it has: {', '.join(_KEYS)}")
    return Credit(**values)
