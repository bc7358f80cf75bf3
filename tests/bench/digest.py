"""HTTP Digest as the clients of Dinstar boxes log in: asked for once, then one nonce with rising counts (RFC 7616, MD5)."""

from __future__ import annotations

import hashlib
import itertools
import re
import urllib.error
import urllib.request


class Digest:
    """`challenge` is what the server asked for in WWW-Authenticate."""

    def __init__(self, login: str, challenge: str) -> None:
        self._name, _, self._password = login.partition(":")
        self._asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        self._counts = itertools.count(1)

    def header(self, method: str, target: str) -> str:
        realm, nonce, count, own = self._asked["realm"], self._asked["nonce"], f"{next(self._counts):08x}", "0a4f113b"
        who, what = _md5(f"{self._name}:{realm}:{self._password}"), _md5(f"{method}:{target}")
        response = _md5(f"{who}:{nonce}:{count}:{own}:auth:{what}")
        return (
            f'Digest username="{self._name}", realm="{realm}", nonce="{nonce}", uri="{target}", qop=auth, nc={count},'
            f' cnonce="{own}", response="{response}", algorithm=MD5'
        )


def challenge(url: str) -> str:
    """What is asked of a client that comes without a login."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=b"{}", method="POST"), timeout=10):
            raise AssertionError(f"{url} asks for no login")
    except urllib.error.HTTPError as refused:
        return str(refused.headers["WWW-Authenticate"])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
