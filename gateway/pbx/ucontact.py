"""Incoming texts for uContact: GET …/Integra/resources/InboundSMS/ReceiveURLSMS?phone=&message=; it answers OK or ERROR.

Source: the API page "SMS" of uContact's wiki. ERROR is a refusal although it comes with 200; so is nothing else, since the exact
answers are not published. Received texts only. The sample of the page has numbers without plus; `numbers` changes that.
"""

from __future__ import annotations

from urllib.parse import quote

from gateway.pbx.facts import RECEIVED, facts_of, numbers
from gateway.pbx.request import Format, Heard, Hook, HttpRequest
from gateway.pbx.signing import QUERY_SIGNINGS, options, signed
from gateway.pbx.spelling import query_get
from gateway.records import Event


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind is not RECEIVED:
        return None
    query = f"phone={quote(facts.from_, safe='')}&message={quote(facts.text, safe='')}"
    return signed(query_get(hook.url, query), event, hook, at)


def hear(hook: Hook, body: str) -> Heard:
    return Heard("uContact answered ERROR") if body.strip().strip('"').upper().startswith("ERROR") else Heard()


FORMAT = Format(compose, frozenset({RECEIVED}), (*options(QUERY_SIGNINGS), numbers("e164")), QUERY_SIGNINGS, hear)
