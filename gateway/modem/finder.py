"""Which serial ports there are, who holds them, and what answers AT on each. For `simrack probe`; it prepares no modem.

A port that somebody holds is not touched. Ports are asked side by side, so that a silent one costs its own time only.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.at.events import News, Surprise
from gateway.errors import LinkLost, ModemSilent
from gateway.modem.exchange import Exchange, NoAnswer
from gateway.modem.holders import holders
from gateway.modem.link import open_link, serial_ports
from gateway.modem.pin import PinGuard
from gateway.modem.session import Session
from gateway.modem.start import Start
from gateway.modem.timing import Timing
from gateway.settings import ModemSettings

# A modem that is up answers within a second; one that still boots is better probed again.
BRIEF = Timing(wakes=3)
_STABLE_NAMES = (Path("/dev/simrack"), Path("/dev/serial/by-path"))


class Found(StrEnum):
    MODEM = "modem"
    SILENT = "silent"
    HELD = "held"
    CLOSED = "closed"  # cannot be opened


@dataclass(frozen=True, slots=True)
class FoundPort:
    """`stable` is the name to write into the configuration; `note` says for a person what to know or to do."""

    device: str
    found: Found
    stable: str = ""
    note: str = ""
    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    family: str = ""


async def probe(ports: Sequence[str] | None = None, *, baud: int = 115200, timing: Timing = BRIEF) -> list[FoundPort]:
    """All serial ports of this machine, or the `ports` given (devices, socket://, rfc2217://), in order."""
    devices = serial_ports() if ports is None else ports
    return list(await asyncio.gather(*(_probe_one(device, baud, timing) for device in devices)))


async def _probe_one(device: str, baud: int, timing: Timing) -> FoundPort:
    stable = stable_name(device)
    by = await asyncio.to_thread(holders, device) if device.startswith("/") else ()
    if by:
        return FoundPort(device, Found.HELD, stable, "held by " + ", ".join(by))
    exchange = Exchange(device, timing, on_news=_ignore, on_surprise=_ignore, on_lost=_ignore)
    session = Session(exchange, timing)
    try:
        session.attach(await open_link(device, baud, exchange, timing.connect))
        return await _identify(session, device, stable, baud, timing)
    except (ModemSilent, NoAnswer) as fault:
        return FoundPort(device, Found.SILENT, stable, str(fault))
    except LinkLost as fault:
        return FoundPort(device, Found.CLOSED, stable, str(fault))
    finally:
        await session.close()


async def _identify(session: Session, device: str, stable: str, baud: int, timing: Timing) -> FoundPort:
    start = Start(session, ModemSettings(device, device, baud=baud), timing, PinGuard())
    identity = await start.identify()
    return FoundPort(
        device,
        Found.MODEM,
        stable,
        start.profile.quirks,
        identity.manufacturer,
        identity.model,
        identity.revision,
        identity.imei,
        start.profile.name,
    )


def stable_name(device: str) -> str:
    """A name of `device` that stays when cables are pulled and plugged again, if udev gave it one."""
    for folder in _STABLE_NAMES:
        for name in sorted(folder.glob("*")) if folder.is_dir() else ():
            if os.path.realpath(name) == os.path.realpath(device):
                return str(name)
    return ""


def _ignore(_: News | Surprise | LinkLost) -> None:
    """Nothing that is said unasked matters to a probe."""
