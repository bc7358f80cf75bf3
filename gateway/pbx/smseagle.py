"""The callback of an SMSEagle: a form with sender, timestamp, text, msgid, modemno, oid and apikey.

Sources: SMSEagle "Callback URL", jakhog/smseagle-mock. The secret is the apikey (`signing = "apikey"`). The GET variant is left
out, since it writes the apikey into addresses; `template` can compose it. Received texts only. SMSEagle itself wants exactly 200
as the answer; any 2xx is taken here. Times are UTC.
"""

from __future__ import annotations

from gateway.pbx.facts import RECEIVED, facts_of, number_of, numbers
from gateway.pbx.options import port_of, ports
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import STANDARD, options, signed
from gateway.pbx.spelling import form_post
from gateway.records import Event

_MOST_MODEMS = 99
_SIGNINGS = ("apikey", "none", "basic", "bearer", STANDARD)


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind is not RECEIVED:
        return None
    fields = [
        ("sender", facts.from_),
        ("timestamp", facts.stamp("%Y%m%d%H%M%S")),
        ("text", facts.text),
        ("msgid", str(number_of(facts.id))),
        ("modemno", str(port_of(facts.channel, hook.options["ports"], 1, _MOST_MODEMS))),
        ("oid", facts.client_ref),
    ]
    if hook.options["signing"] == "apikey":
        return form_post(hook.url, [*fields, ("apikey", hook.secret)])
    return signed(form_post(hook.url, fields), event, hook, at)


FORMAT = Format(
    compose,
    frozenset({RECEIVED}),
    (*options(_SIGNINGS), numbers(), ports(1, _MOST_MODEMS)),
    _SIGNINGS,
)
