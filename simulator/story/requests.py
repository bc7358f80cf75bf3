"""HTTP requests of a story to the gateway under test, repeated until the answer is as expected."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from typing import Any

from simulator.story.model import Failed, Values
from simulator.story.values import dig, matches

_PAUSE, _TIMEOUT = 0.1, 10.0


async def request(what: Values, within: float = 0.0) -> str:
    """Asks until status and body are as expected, or `within` seconds are over; returns the body. Raises Failed."""
    deadline = time.monotonic() + float(what.get("within", within))
    while True:
        status, body = await asyncio.to_thread(_ask, what)
        wrong = _complaint(status, body, what.get("expect", {}))
        if wrong is None:
            return body
        if time.monotonic() >= deadline:
            raise Failed(f"{what.get('method', 'GET')} {what['url']}: {wrong}")
        await asyncio.sleep(_PAUSE)


def saved(body: str, save: dict[str, str]) -> dict[str, str]:
    """The values to keep, by the paths they stand at in a JSON body. Raises Failed."""
    try:
        document = json.loads(body)
        return {name: str(dig(document, path)) for name, path in save.items()}
    except ValueError:
        raise Failed(f"no JSON to save from: {body[:300]}") from None
    except KeyError as missing:
        raise Failed(f"nothing at {missing} in {body[:300]}") from None


def _ask(what: Values) -> tuple[int, str]:
    """Status and body; status 0 when nobody answered."""
    data: bytes | None = what["body"].encode() if "body" in what else None
    headers = dict(what.get("headers", {}))
    if "json" in what:
        data = json.dumps(what["json"]).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        asked = urllib.request.Request(what["url"], data, headers, method=what.get("method", "GET" if data is None else "POST"))
        with urllib.request.urlopen(asked, timeout=_TIMEOUT) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode("utf-8", "replace")
    except (OSError, ValueError) as trouble:
        return 0, str(trouble)


def _complaint(status: int, body: str, expected: Values) -> str | None:
    wanted: Any = expected.get("status")
    allowed = wanted if isinstance(wanted, list) else range(200, 300) if wanted is None else [wanted]
    shown = f"answered {status}: {body[:500]}" if status else f"no answer: {body}"
    if status not in allowed:
        return f"{shown}\n    wanted status {'2xx' if wanted is None else wanted}"
    if not re.search(expected.get("body", ""), body, re.DOTALL):
        return f"{shown}\n    without {expected['body']!r}"
    if "where" in expected:
        try:
            document = json.loads(body)
        except ValueError:
            return f"{shown}\n    is no JSON"
        if not matches(document, expected["where"]):
            return f"{shown}\n    without {expected['where']}"
    return None
