"""Which serial ports there are, what they belong to, who holds them, and what answers AT on each. For `simrack probe`.

A port that somebody holds is not touched, nor is one that is known to be for something else; no modem is prepared. Ports
are asked side by side, so that a silent one costs its own time only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from gateway.at.events import News, Surprise
from gateway.errors import LinkLost, ModemSilent
from gateway.modem.exchange import Exchange, NoAnswer
from gateway.modem.holders import holders, remedy
from gateway.modem.link import open_link
from gateway.modem.pin import PinGuard
from gateway.modem.session import Session
from gateway.modem.start import Start
from gateway.modem.timing import Timing
from gateway.modem.ttys import ROOT, Tty, all_ttys, describe
from gateway.modem.usb_ids import Role
from gateway.settings import ModemSettings

# A modem that is up answers within a second; one that still boots is better probed again.
BRIEF = Timing(wakes=3)
_NOT_FOR_AT = (Role.DIAG, Role.NMEA, Role.NET, Role.AUDIO)
_TWIN = "another modem here tells the same IMEI: it is cloned, or two cables lead to one modem"
_ORDER = {Role.AT: 0, None: 1, Role.SECOND: 2}


class Found(StrEnum):
    MODEM = "modem"
    SILENT = "silent"
    NAMELESS = "nameless"  # says OK to everything and knows no names: not an AT port
    OTHER = "other"  # for diagnosis, positions …: not asked
    HELD = "held"
    CLOSED = "closed"  # cannot be opened


@dataclass(frozen=True, slots=True)
class FoundPort(Tty):
    """`note` says for a person what to know or to do. `modem` is the same for ports of one modem; `use` marks its best."""

    found: Found = Found.SILENT
    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    family: str = ""
    modem: str = ""
    use: bool = False

    @property
    def named(self) -> str:
        """The name to configure: the stable one if there is one."""
        return self.stable or self.device


async def probe(
    ports: Sequence[str] | None = None, *, baud: int = 115200, timing: Timing = BRIEF, root: Path = ROOT
) -> list[FoundPort]:
    """All serial ports of this machine, or the `ports` given (devices, socket://, rfc2217://), in order."""
    if ports is None:
        ttys = [(tty, tty.role not in _NOT_FOR_AT) for tty in all_ttys(root)]
    else:
        ttys = [(describe(port, root) if port.startswith("/") else Tty(port), True) for port in ports]
    return group(await asyncio.gather(*(_probe_one(tty, asked, baud, timing) for tty, asked in ttys)))


def group(found: Sequence[FoundPort]) -> list[FoundPort]:
    """Ports of one composite modem share its place on the USB; the one to configure is the best that answers.

    An IMEI alone joins nothing: cheap pools give many modems one.
    """
    placed = [replace(port, modem=port.device if port.bridge or not port.location else port.location) for port in found]
    best: dict[str, FoundPort] = {}
    for port in placed:
        if port.found is Found.MODEM and (port.modem not in best or _rank(port) < _rank(best[port.modem])):
            best[port.modem] = port
    shared = {port.imei for port in best.values() if port.imei and sum(port.imei == one.imei for one in best.values()) > 1}
    return [_judged(port, best.get(port.modem), shared) for port in placed]


def _rank(port: FoundPort) -> tuple[int, int]:
    return _ORDER.get(port.role, 3), port.interface or 0


def _judged(port: FoundPort, best: FoundPort | None, shared: set[str]) -> FoundPort:
    if best is not None and port.device == best.device:
        return replace(port, use=True, note=_joined(port.note, _TWIN if port.imei in shared else ""))
    if best is not None and port.found is Found.MODEM:
        return replace(port, note=f"a second port of the modem on {best.device}: notifications go to that one")
    return port


def block(port: FoundPort, name: str) -> str:
    """A `[[modem]]` table for the configuration."""
    about = " ".join(filter(None, (port.manufacturer, port.model, f"IMEI {port.imei}" if port.imei else "")))
    place = f", {port.chip} on {port.location}" if port.location else ""
    unstable = "" if port.stable or "://" in port.device else "  # may change when cables are pulled: install the udev rules"
    return f'[[modem]]  # {about}{place}\nname = "{name}"\nport = "{port.named}"{unstable}\n'


async def _probe_one(tty: Tty, asked: bool, baud: int, timing: Timing) -> FoundPort:
    known = FoundPort(**asdict(tty))
    if not asked:
        return replace(known, found=Found.OTHER, note=_joined(tty.note, f"the {tty.role} port of this modem"))
    by = await asyncio.to_thread(holders, tty.device) if tty.device.startswith("/") else ()
    if by:
        words = [f"held by {one}" + (f": {remedy(one)}" if remedy(one) else "") for one in by]
        return replace(known, found=Found.HELD, note=_joined(tty.note, *words))
    exchange = Exchange(tty.device, timing, on_news=_ignore, on_surprise=_ignore, on_lost=_ignore)
    session = Session(exchange, timing)
    try:
        session.attach(await open_link(tty.device, baud, exchange, timing.connect))
        return await _identify(session, known, baud, timing)
    except (ModemSilent, NoAnswer) as fault:
        return replace(known, found=Found.SILENT, note=_joined(tty.note, str(fault)))
    except LinkLost as fault:
        return replace(known, found=Found.CLOSED, note=_joined(tty.note, str(fault)))
    finally:
        await session.close()


async def _identify(session: Session, known: FoundPort, baud: int, timing: Timing) -> FoundPort:
    start = Start(session, ModemSettings(known.device, known.device, baud=baud), timing, PinGuard())
    identity = await start.identify()
    if not any((identity.manufacturer, identity.model, identity.imei)):
        return replace(known, found=Found.NAMELESS, note=_joined(known.note, "says OK to everything: not a port for AT commands"))
    return replace(
        known,
        found=Found.MODEM,
        note=_joined(known.note, start.profile.quirks),
        manufacturer=identity.manufacturer,
        model=identity.model,
        revision=identity.revision,
        imei=identity.imei,
        family=start.profile.name,
    )


def _joined(*words: str) -> str:
    return "; ".join(filter(None, words))


def _ignore(_: News | Surprise | LinkLost) -> None:
    """Nothing that is said unasked matters to a probe."""
