"""Loaded by schemathesis itself: keeps to what no schema can say, that a text must be able to leave before it expires."""

from __future__ import annotations

import re
from typing import Any

import schemathesis

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})")
_END_OF_TIME = "9999-12-31T00:00:00Z"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Moves a time of expiry to the end of time. What is no time stays as it is: it is meant to be refused."""
    body = case.body if isinstance(case.body, dict) else {}
    batch = body.get("messages")
    for one in (body, *(batch if isinstance(batch, list) else ())):
        if isinstance(one, dict) and isinstance(one.get("expires_at"), str) and _MOMENT.fullmatch(one["expires_at"]):
            one["expires_at"] = _END_OF_TIME
