"""Which wires a modem gets by the plan of its bank, and what the other ports of a composite modem do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from simulator.ports import AbstractPort, Port, PtyPort, TcpPort, UnixPort
from simulator.rfc2217 import Rfc2217Port

# In the folder of a bank: links that keep their name when a modem comes back under another one.
BY_PATH = "by-path"
# What a port that streams binary data to a debugger looks like: nothing of it is a line or an answer.
_NOISE = bytes((0x7E, 0x00, 0x98, 0xF1, 0x80, 0x03, 0xC4, 0x7E))


@dataclass(slots=True)
class Side:
    """A port besides the one for commands. `news`: says news and hears nothing; `parrot`: says OK to everything;
    `debug`: answers every byte with binary noise."""

    role: str
    port: Port

    def heard(self, data: bytes) -> None:
        if self.role == "parrot":
            for _ in range(data.count(b"\r")):
                self.port.write(b"\r\nOK\r\n")
        elif self.role == "debug":
            self.port.write(_NOISE * 8)


class Wishes(Protocol):
    """What the plan of a bank says about wires."""

    ports: int
    folder: Path | None
    tcp: tuple[str, int] | None
    rfc2217: tuple[str, int] | None
    unix: bool
    abstract: str


def for_commands(plan: Wishes, place: int) -> list[Port]:
    """The wires of the port for commands."""
    name = f"p{place}"
    wires: list[Port] = []
    if plan.folder and not plan.unix:
        wires.append(PtyPort(plan.folder / name, plan.folder / BY_PATH / name))
    if plan.folder and plan.unix:
        wires.append(UnixPort(plan.folder / f"{name}.sock"))
    if plan.abstract:
        wires.append(AbstractPort(f"{plan.abstract}-{name}"))
    if plan.tcp:
        wires.append(TcpPort(plan.tcp[0], _numbered(plan.tcp[1], place)))
    if plan.rfc2217:
        wires.append(Rfc2217Port(plan.rfc2217[0], _numbered(plan.rfc2217[1], place)))
    return wires


def beside(plan: Wishes, place: int, roles: tuple[str, ...]) -> list[Side]:
    """The other ports of a composite modem, of the same make as its first: p0-news, p0-debug …; over TCP they take
    free numbers."""
    sides = []
    for role in roles:
        name = f"p{place}-{role}"
        port: Port
        if plan.folder and not plan.unix:
            port = PtyPort(plan.folder / name, plan.folder / BY_PATH / name)
        elif plan.folder:
            port = UnixPort(plan.folder / f"{name}.sock")
        elif plan.abstract:
            port = AbstractPort(f"{plan.abstract}-{name}")
        else:
            port = TcpPort((plan.tcp or plan.rfc2217 or ("127.0.0.1", 0))[0], 0)
        sides.append(Side(role, port))
    return sides


def _numbered(first: int, place: int) -> int:
    return first + place if first else 0
