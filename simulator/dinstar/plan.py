"""What a box shall be, and what can be changed about it while it runs. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

LOGINS = ("any", "digest", "basic")
PUSHES = ("sms", "sms_result", "sms_deliver_status", "ussd", "register", "device", "exception_info")


@dataclass(frozen=True, slots=True)
class BoxPlan:
    """A box. Seconds are real ones times the speed of the network, except `clock` and `zone`.

    `login`: digest, basic or any; `nonce_once`: a nonce is good for one request; `nonce_seconds`: and no longer than this (0:
    for ever); `lockout`: so many failed logins in a row (a request without login counts) shut the API for `lockout_seconds`
    with 403 (0: never). `clock`: how wrong it goes, in seconds; `zone`: seconds that its shown times are east of its Date
    header. `limit`: parts each SIM may send before it falls out (0: no limit). `slots`: SIMs of each port, one of them in use.
    `boot`: how slowly ports start, 1 as a real one.
    """

    name: str = "box1"
    ports: int = 8
    slots: int = 1
    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    user: str = "admin"
    password: str = "secret"
    sn: str = ""
    kind: str = "LTE"
    first_number: str = ""
    login: str = "any"
    nonce_once: bool = False
    nonce_seconds: float = 0.0
    lockout: int = 0
    lockout_seconds: float = 60.0
    close: bool = False
    delay: float = 0.0
    clock: float = 0.0
    zone: float = 0.0
    limit: int = 0
    boot: float = 0.0
    push_url: str = ""
    push: tuple[str, ...] = PUSHES

    def __post_init__(self) -> None:
        if not self.name or not self.name.replace("-", "").isalnum():
            raise ValueError(f"no name for a box: {self.name!r}; letters, digits and dashes")
        if not 1 <= self.ports <= 128:
            raise ValueError(f"{self.name}: a box has 1 to 128 ports, not {self.ports}")
        if not 1 <= self.slots <= 4:
            raise ValueError(f"{self.name}: a port has 1 to 4 slots, not {self.slots}")
        if self.login not in LOGINS:
            raise ValueError(f"{self.name}: login is one of {', '.join(LOGINS)}, not {self.login!r}")
        if strangers := set(self.push) - set(PUSHES):
            raise ValueError(f"{self.name}: no push {', '.join(sorted(strangers))}; there are: {', '.join(PUSHES)}")
        if (self.certificate is None) != (self.key is None):
            raise ValueError(f"{self.name}: TLS needs both certificate and key")


# What a running box can be told; the rest is built in.
CHANGEABLE = ("user", "password", "login", "nonce_once", "nonce_seconds", "lockout", "lockout_seconds", "close", "delay", "clock",
              "zone", "limit", "boot", "push_url", "push")
_TYPES: dict[str, type] = {field.name: type(field.default) for field in fields(BoxPlan)}
_FALSE = ("false", "no", "off", "0")


def read(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a plan in their types, from JSON, TOML or words of a command line. Raises ValueError."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name not in _TYPES:
            raise ValueError(f"a box has no {name!r}; it has: {', '.join(_TYPES)}")
        if name == "push":
            made[name] = tuple(value.split("+")) if isinstance(value, str) else tuple(map(str, value))
        elif name in ("certificate", "key"):
            made[name] = Path(value)
        elif _TYPES[name] is bool:
            made[name] = value.lower() not in _FALSE if isinstance(value, str) else bool(value)
        else:
            made[name] = _TYPES[name](value)
    return made


def box_plan(values: dict[str, Any] | str) -> BoxPlan:
    """A plan from a table, or from words as in `box1:ports=4,delay=0.2`. Raises ValueError."""
    if isinstance(values, str):
        name, _, rest = values.partition(":")
        words = [each.partition("=") for each in rest.split(",") if each]
        if bare := [each for each, sign, _ in words if not sign]:
            raise ValueError(f"{values!r}: {bare[0]!r} has no value; as in box1:ports=4,delay=0.2")
        values = {"name": name} | {each: value for each, _, value in words}
    return BoxPlan(**read(values))
