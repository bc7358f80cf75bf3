"""What a box remembers: texts on their way with their results, reports, texts that came in. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.smspdu import UserData

SENDING, SENT_OK, FAILED, DELIVERED = "SENDING", "SENT_OK", "FAILED", "DELIVERED"
_MOST = 20_000


@dataclass(slots=True, eq=False)
class Outgoing:
    """One text for one number, and its result. Two are never the same, however alike."""

    task_id: int
    port: int
    number: str
    user_id: int
    parts: list[UserData]
    wants_report: bool
    imsi: str
    time: str
    status: str = SENDING
    sent: int = 0
    delivered: int = 0
    ref_id: int = 0
    # Set by faults: the result never comes, or is a lie.
    result_lost: bool = False
    lie: str = ""

    def shown(self) -> dict[str, Any]:
        return {"port": self.port, "user_id": self.user_id, "number": self.number, "time": self.time, "status": self.status,
                "count": len(self.parts), "succ_count": self.sent, "ref_id": self.ref_id, "imsi": self.imsi}


@dataclass(slots=True)
class Incoming:
    """One text that came in, whole."""

    number_in_box: int
    port: int
    sender: str
    centre: str
    time: str
    text: str
    imsi: str
    read: bool = False

    def shown(self) -> dict[str, Any]:
        return {"incoming_sms_id": self.number_in_box, "port": self.port, "number": self.sender, "smsc": self.centre,
                "timestamp": self.time, "text": self.text, "imsi": self.imsi}


@dataclass(slots=True)
class Memory:
    """All of it. The inbox survives a restart, a factory reset forgets everything."""

    last_task: int = 0
    last_incoming: int = 0
    outgoing: list[Outgoing] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    inbox: list[Incoming] = field(default_factory=list)
    ussd: dict[int, str] = field(default_factory=dict)

    def keep(self, text: Outgoing) -> None:
        self.outgoing.append(text)
        _trim(self.outgoing)

    def keep_status(self, status: dict[str, Any]) -> None:
        self.statuses.append(status)
        _trim(self.statuses)

    def keep_incoming(self, port: int, sender: str, centre: str, time: str, text: str, imsi: str) -> Incoming:
        self.last_incoming += 1
        incoming = Incoming(self.last_incoming, port, sender, centre, time, text, imsi)
        self.inbox.append(incoming)
        _trim(self.inbox)
        return incoming

    def restart(self) -> None:
        self.last_task = 0
        self.outgoing.clear()
        self.statuses.clear()
        self.ussd.clear()

    def factory_reset(self) -> None:
        self.restart()
        self.last_incoming = 0
        self.inbox.clear()


def _trim(kept: list[Any]) -> None:
    if len(kept) > _MOST:
        del kept[:_MOST // 4]
