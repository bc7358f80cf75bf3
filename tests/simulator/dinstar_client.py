"""A client of the boxes for the tests: JSON over kept connections with Basic login. Knows nothing of the simulator."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit


class BoxClient:
    """One connection to one box; opened again when it was closed."""

    def __init__(self, url: str, user: str, password: str, timeout: float = 30.0) -> None:
        self._address = urlsplit(url).netloc
        self._timeout = timeout
        self._login = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
        self._connection = http.client.HTTPConnection(self._address, timeout=timeout)
        self.headers: dict[str, str] = {}

    def raw(self, method: str, target: str, body: bytes | None = None, **headers: str) -> tuple[int, str, bytes]:
        """Status, reason and body of an answer. A connection that broke is not used again."""
        try:
            self._connection.request(method, target, body, self._login | headers)
            answer = self._connection.getresponse()
            self.headers = dict(answer.getheaders())
            return answer.status, answer.reason, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def get(self, call: str) -> Any:
        return json.loads(self.raw("GET", f"/api/{call}")[2])

    def post(self, call: str, body: Any) -> Any:
        """A body is JSON as written by hand, or what shall be written as JSON."""
        octets = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return json.loads(self.raw("POST", f"/api/{call}", octets)[2])

    def send(self, to: str, text: str = "hello", user_id: int = 1, **more: Any) -> Any:
        return self.post("send_sms", {"text": text, "param": [{"number": to, "user_id": user_id}], **more})

    def result(self, user_id: int = 1) -> Any:
        return self.post("query_sms_result", {"user_id": [user_id]})["result"][0]

    def until(self, status: str, user_id: int = 1, timeout: float = 30.0) -> Any:
        """The result once it has this status."""
        return self.when(lambda: self.result(user_id), lambda result: result["status"] == status, timeout)

    def when(self, ask: Callable[[], Any], fits: Callable[[Any], bool], timeout: float = 30.0) -> Any:
        """What is answered as soon as it fits. Asks again and again: the box has no other way to tell."""
        deadline = time.monotonic() + timeout
        while not fits(answer := ask()):
            assert time.monotonic() < deadline, answer
        return answer

    def tried(self, ask: Callable[[], Any]) -> Any:
        """What is answered, or None when the box cannot be reached or cuts the connection."""
        try:
            return ask()
        except (OSError, http.client.HTTPException):
            return None

    def close(self) -> None:
        self._connection.close()
