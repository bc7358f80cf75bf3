"""A SIM card: who it is, whether it is unlocked, and what it remembers of its last messages. Stores no texts."""

from collections import deque
from dataclasses import dataclass, field

from simulator.parcels import Parcel

TRIES_PIN, TRIES_PUK = 3, 10


@dataclass(slots=True)
class Sim:
    """One subscription. The network knows it by number; the modem that holds it changes its lock and references."""

    number: str
    imsi: str
    iccid: str
    service_centre: str
    pin: str = "1234"
    puk: str = "12345678"
    pin_wanted: bool = False
    unlocked: bool = True
    pin_tries: int = TRIES_PIN
    puk_tries: int = TRIES_PUK
    last_reference: int = 0
    waiting: deque[Parcel] = field(default_factory=deque)
    sent: dict[tuple[int, str], float] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """What +CPIN? says of it."""
        if self.pin_tries == 0:
            return "SIM PUK"
        return "READY" if self.unlocked else "SIM PIN"

    def power_up(self) -> None:
        self.unlocked = not self.pin_wanted and self.pin_tries > 0

    def lock(self, pin: str) -> None:
        """Asks for this PIN from now on, and at once."""
        self.pin, self.pin_wanted, self.unlocked = pin, True, False
        self.pin_tries, self.puk_tries = TRIES_PIN, TRIES_PUK

    def enter_pin(self, pin: str) -> bool:
        if pin == self.pin:
            self.unlocked, self.pin_tries = True, TRIES_PIN
            return True
        self.pin_tries = max(0, self.pin_tries - 1)
        return False

    def enter_puk(self, puk: str, new_pin: str) -> bool:
        if puk == self.puk and self.puk_tries:
            self.pin, self.unlocked = new_pin, True
            self.pin_tries, self.puk_tries = TRIES_PIN, TRIES_PUK
            return True
        self.puk_tries = max(0, self.puk_tries - 1)
        return False

    def next_reference(self) -> int:
        """The TP-MR of the next message: one octet that wraps (23.040 clause 9.2.3.6)."""
        self.last_reference = (self.last_reference + 1) & 255
        return self.last_reference


def luhn(digits: str) -> str:
    """`digits` with their Luhn check digit, as ICCID and IMEI end."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)
