"""The Dinstar door's get_status: how busy this machine is, in the words and units of a box (kB, as text). Says nothing of texts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gateway.web.compat import dinstar_reading as reading
from gateway.web.compat.refused import Refused, Why

_KB = 1024


def performance(database: Path) -> dict[str, object]:
    """The one answer without error_code, to a bare array. Flash is where the database lies. Raises Refused."""
    if reading.document() != ["performance"]:
        raise Refused(Why.BODY, 'the body is not ["performance"]')
    disk = shutil.disk_usage(database.parent)
    page = os.sysconf("SC_PAGE_SIZE")
    memory, free = os.sysconf("SC_PHYS_PAGES") * page, os.sysconf("SC_AVPHYS_PAGES") * page
    busy = min(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0)
    figures = {
        "flash_total": disk.total,
        "flash_used": disk.used,
        "memory_total": memory,
        "memory_used": memory - free,
        "memory_cached": 0,
        "memory_buffers": 0,
    }
    return {"performance": {"cpu_used": f"{busy:.0%}", **{name: str(octets // _KB) for name, octets in figures.items()}}}
