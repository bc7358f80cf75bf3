"""Twilio's number for why a text did not arrive, where one of its numbers means what our code means; else its unknown error.

Source: Twilio "Error and Warning Dictionary". 30007 (filtered) and 30002 (account suspended) never follow for certain from what
mobile networks say. 30036 is of texts that did not leave in time; what the network could not hand over in time is 30003.
"""

from __future__ import annotations

UNREACHABLE = 30003  # the handset is switched off or otherwise unavailable
BLOCKED = 30004  # the number may not be sent to
UNKNOWN_NUMBER = 30005
NO_WAY = 30006  # a landline, or a carrier that is not reached
UNKNOWN_ERROR = 30008
EXPIRED = 30036  # it waited too long to be sent

_NUMBERS = {
    "expired": EXPIRED,
    "cms:1": UNKNOWN_NUMBER,  # not assigned
    "cms:27": UNREACHABLE,  # out of order
    "cms:30": UNKNOWN_NUMBER,
    "cms:195": UNKNOWN_NUMBER,  # its address is invalid
    "cms:196": BLOCKED,
    "report:67": UNREACHABLE,  # cannot be obtained
    "report:69": NO_WAY,
    "report:70": UNREACHABLE,  # not within its validity
    "report:97": UNREACHABLE,  # busy
    "report:98": UNREACHABLE,  # no answer
}


def number_of(code: str) -> int:
    return _NUMBERS.get(code, UNKNOWN_ERROR)
