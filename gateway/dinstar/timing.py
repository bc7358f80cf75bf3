"""How long a box is waited for. All in seconds, each with its reason; tests pass their own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    send: float = 150.0  # from the request to a result, as with modems: then the outcome is unknown
    stuck: float = 3600.0  # so long a text that stays SENDING counts as one in the queue of its port
    settle: float = 12.0  # a slow box may show a text late: so long "I do not know it" is no answer
    settle_asks: int = 4  # and it must have said so as often as this
    watch_first: float = 5.0  # an unknown text is asked for again after this, then after twice as long …
    watch_longest: float = 300.0
    watch: float = 6 * 3600.0  # … for so long
    most_watched: int = 1000
    report_first: float = 2.0  # the same for texts that were sent, until they are reported
    report_longest: float = 600.0
    report_hold: float = 0.5  # a report is handed on when that the text was sent has been written
    report_wait: float = 3 * 86_400.0  # service centres try for up to three days
    most_reported: int = 5000
    reports: float = 5.0  # how often reports are asked for while any is awaited
    overlap: float = 120.0  # the window for reports reaches so far behind the newest that was seen
    first_window: float = 86_400.0  # or so far behind the box's clock, which may show its local time
    login_again: float = 0.5  # after 401 or 403, on a new connection
    login_rest: float = 20.0  # a box that has refused our login is not asked again sooner: some count failures
    kept: float = 2.0  # a connection unused for so long is not used again: the box may be closing it
    retry: float = 1.0  # after a question without an answer
    failures: int = 3  # so many requests without an answer, one after the other, and the box is lost
    ussd_poll: float = 1.0
    ussd_same: float = 10.0  # an answer equal to the one before counts after so long: networks answer sooner
    menu: float = 30.0  # how long texts wait behind a menu that nobody answers
    power_off: float = 15.0  # between off and on; the box takes 10 to 30 s for it
    recovery_apart: float = 120.0  # the least between two recovery steps of a port
    recovery_longest: float = 3600.0
