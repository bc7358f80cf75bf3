"""Incoming texts for FusionPBX's Messages app: flat JSON, to be read by the paths `from`, `to` and `text`.

Source: fusionpbx-app-messages index.php. In its provider settings, inbound: content/content_type = json,
content/message_from = from, content/message_to = to, content/message_content = text. It knows senders by their address
(provider_addresses) and by nothing else. It decodes a text that holds %XX anywhere as a URL, so a % that stands so is written
%25 here. It has no way for reports. Which form of numbers its destinations have is a matter of the installation: `numbers`.
"""

from __future__ import annotations

import re

from gateway.pbx.facts import RECEIVED, facts_of, numbers
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, options, signed
from gateway.pbx.spelling import json_post
from gateway.records import Event

_DECODED_THERE = re.compile("%[0-9A-F]{2}", re.IGNORECASE)


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind is not RECEIVED:
        return None
    text = facts.text.replace("%", "%25") if _DECODED_THERE.search(facts.text) else facts.text
    content = {"id": facts.id, "from": facts.from_, "to": facts.to, "text": text}
    return signed(json_post(hook.url, content), event, hook, at)


FORMAT = Format(compose, frozenset({RECEIVED}), (*options(BODY_SIGNINGS), numbers()), BODY_SIGNINGS)
