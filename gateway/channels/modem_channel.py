"""A modem port as a channel: the driver's modem, named and configured. Adds nothing to what the driver does."""

from __future__ import annotations

from collections.abc import Callable

from gateway.channels.contract import Called, Channel, FactsChanged, KeepPart, KeepReport, KnownCentre, OwnNumber
from gateway.clock import Clock
from gateway.modem.driver import Modem
from gateway.modem.timing import Timing
from gateway.settings import ModemSettings


def modem_channels(
    modems: tuple[ModemSettings, ...],
    clock: Clock,
    *,
    keep_part: KeepPart,
    keep_report: KeepReport,
    changed: FactsChanged,
    answered_late: Callable[[int, int], None],
    called: Called,
    known_smsc: KnownCentre,
    own_number: OwnNumber,
    timing: Timing | None = None,
    country: str = "",
) -> list[Channel]:
    return [
        Modem(
            settings,
            clock=clock,
            keep_part=keep_part,
            keep_report=keep_report,
            changed=changed,
            late_answer=answered_late,
            called=called,
            known_smsc=known_smsc,
            own_number=own_number,
            timing=timing,
            country=country,
        )
        for settings in modems
    ]
