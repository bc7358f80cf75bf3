"""One part on the air: PDU, CMGS, and what its answer means. Three outcomes, never two.

Chooses nothing and repeats nothing: a refusal carries its word, and those above decide (3GPP TS 27.005 clause 3.5.1).
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.at import replies
from gateway.at.codes import Fate, classify
from gateway.at.command import Command
from gateway.at.events import Refusal
from gateway.errors import LinkLost
from gateway.modem.exchange import Answer, NoAnswer
from gateway.modem.profiles import Profile
from gateway.modem.session import Session
from gateway.modem.submission import NotAnswered, NotTaken
from gateway.modem.timing import Timing
from gateway.pdu import submit
from gateway.pdu.fields import PduError
from gateway.records import Outcome, OutgoingPart, Refused, Sent, Unknown, Word

_ADVICE = "the port is checked and opened again by itself"


class Sending:
    """Owns the link-keeping state (CMMS) of one prepared modem."""

    def __init__(self, session: Session, profile: Profile, timing: Timing) -> None:
        self._session = session
        self._profile = profile
        self._patience = profile.send_timeout_s if timing.send is None else timing.send
        self._may_keep_link = profile.keeps_link

    async def send(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        try:
            pdu = submit.encode(
                part.part,
                part.recipient,
                reference=part.reference or 0,
                flash=part.flash,
                report=part.report,
                validity_minutes=part.validity_minutes,
                reject_duplicates=part.reject_duplicates,
            )
        except PduError as fault:
            return Refused(Word.NEVER, "pdu", str(fault), "check number and text")
        command = Command(f"AT+CMGS={pdu.tpdu_len}", pdu.hex)
        try:
            if part.more and self._may_keep_link:
                await self._keep_link()
            answer = await self._session.submit(command, begun, self._patience)
        except NotTaken as fault:
            return Refused(Word.CHANNEL, fault.code, fault.reason, _ADVICE)
        except (NoAnswer, LinkLost) as fault:
            return Refused(Word.CHANNEL, "modem:silent", str(fault), _ADVICE)
        except NotAnswered as fault:
            return Unknown(str(fault))
        return self._outcome(answer, part)

    async def _keep_link(self) -> None:
        """More than one text waits: the radio link is kept between them, which saves 2 to 4 s each (CMMS=2)."""
        self._may_keep_link = False  # asked once: granted it stays, refused it is not asked again
        await self._session.ask("AT+CMMS=2")

    def _outcome(self, answer: Answer, part: OutgoingPart) -> Outcome:
        if isinstance(answer, Refusal):
            return self._refused(answer.code, part)
        for line in answer.lines:
            reference = replies.sent_reference(line)
            if reference is not None:
                return Sent(reference)
        return Unknown("the modem said OK without a reference")

    def _refused(self, code: str, part: OutgoingPart) -> Outcome:
        verdict = classify(code, self._profile.codes)
        if verdict.fate is Fate.UNKNOWN:
            return Unknown(f"{verdict.reason} ({code})")
        if verdict.fate is Fate.EARLIER and part.reference is not None:
            return Sent(part.reference)
        return Refused(verdict.word, code, verdict.reason, verdict.advice)
