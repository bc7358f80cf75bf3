"""A client of the control, for the command line. Speaks HTTP with the standard library alone."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


class ControlError(Exception):
    """The control said no, or is not there; the text says why."""


class Remote:
    """One bank's control."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    @classmethod
    def in_folder(cls, folder: Path) -> "Remote":
        """The control of the bank that runs in a folder."""
        try:
            return cls((folder / "control").read_text().strip())
        except FileNotFoundError:
            raise ControlError(f"no bank runs in {folder} (there is no file `control`)") from None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """One request; returns the decoded answer. Raises ControlError."""
        asked = {name: value for name, value in query.items() if value is not None}
        url = self.url + path + ("?" + urlencode(asked) if asked else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            raise ControlError(json.load(refusal)["error"]) from None
        except urllib.error.URLError as trouble:
            raise ControlError(f"{self.url}: {trouble.reason}") from None
