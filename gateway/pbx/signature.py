"""Standard Webhooks 1.0.0 secrets and signatures (symmetric, version v1). Keeps nothing."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from functools import lru_cache

from gateway.errors import BadValue

PREFIX = "whsec_"
_KEY_OCTETS = range(24, 65)  # what the specification allows


def new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


@lru_cache(maxsize=64)
def key_of(secret: str) -> bytes:
    """The octets a secret stands for. Raises BadValue("secret") without repeating the secret."""
    remedy = f"{PREFIX} followed by base64 of 24 to 64 random octets; or leave it out and one is made"
    if not secret.startswith(PREFIX):
        raise BadValue("secret", f"does not begin with {PREFIX}", remedy)
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters outside ASCII
        raise BadValue("secret", "is not base64", remedy) from None
    if len(key) not in _KEY_OCTETS:
        raise BadValue("secret", f"holds {len(key)} octets", remedy)
    return key


def sign(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    signed = b"%b.%d.%b" % (event_id.encode(), timestamp, body)
    return "v1," + b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()
