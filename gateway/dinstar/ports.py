"""What a box says of a port, as the facts of a channel. Pure."""

from __future__ import annotations

from dataclasses import replace

from gateway.dinstar.wire import PortInfo
from gateway.errors import ModemUnfit
from gateway.records import ChannelFacts, ChannelState

# reg -> (registration, reason); a port with one of these is left alone until it changes, or is helped by recovery.
_WAITS = {
    "UNREGISTER": ("none", "no network: check antenna and SIM"),
    "SEARCHING_NETWORK": ("searching", "searching for a network: check the antenna"),
    "POWER_OFF": ("none", "the port is switched off: switch it on at the page of the box"),
}
# These need a person.
_UNFIT = {
    "NO_SIM": ("there is no SIM in this port of the box", "put one in; it is noticed"),
    "PIN_REQUIRE": ("the SIM asks for its PIN", "give the PIN at the page of the box, or switch it off on the SIM"),
    "PUK_REQUIRE": ("the SIM asks for its PUK", "unblock it in a phone with the PUK of the operator"),
}
_READY = "REGISTER_OK"


def unfit(info: PortInfo) -> ModemUnfit | None:
    """Why a person is needed at this port, if so."""
    found = _UNFIT.get(info.reg)
    return None if found is None else ModemUnfit(*found)


def serves(info: PortInfo) -> bool:
    return info.reg == _READY


def facts(before: ChannelFacts, info: PortInfo) -> ChannelFacts:
    """`before` with all that the box says now."""
    ready = serves(info)
    registration, reason = ("home", "") if ready else _WAITS.get(info.reg, ("none", f"the box says {info.reg or 'nothing'}"))
    if info.reg in _UNFIT:
        reason = _UNFIT[info.reg][0]
    return replace(
        before,
        state=ChannelState.READY if ready else ChannelState.UNREGISTERED,
        reason=reason,
        number=before.number or info.number,
        imei=info.imei,
        imsi=info.imsi,
        iccid=info.iccid,
        smsc=info.smsc,
        model=info.kind,
        registration=registration,
        signal_dbm=_dbm(info.signal),
    )


def _dbm(signal: int | None) -> int | None:
    """0 to 31, as 3GPP TS 27.007 counts it."""
    return None if signal is None or not 0 <= signal <= 31 else 2 * signal - 113
