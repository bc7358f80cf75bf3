"""Who may call what, and from where: a Bearer token is looked up, its scopes are compared. Keys are made and revoked elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request

from gateway.records import Key
from gateway.settings.networks import within
from gateway.store.keys import Keys
from gateway.web.problems import Problem

log = logging.getLogger("simrack.web")

SECURITY = {"bearer": {"type": "http", "scheme": "bearer", "description": "A key made with `simrack key add`."}}

P = ParamSpec("P")
R = TypeVar("R")


class Guard:
    def __init__(self, keys: Keys, networks: Sequence[str] | None = None) -> None:
        """`networks` are from where alone keys are taken; None is from anywhere."""
        self._keys = keys
        self._networks = networks

    def needs(self, scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Admit only keys that hold `scope` or admin; the key stands in `g.key` afterwards."""

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                self._require_address()
                key = self._bearer()
                if not key.may(scope):
                    raise Problem(
                        403,
                        f"the key {key.name!r} lacks the scope {scope!r}; `simrack key add NAME --scope {scope}` makes one",
                        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
                    )
                g.key = key
                return view(*args, **kwargs)

            return guarded

        return decorate

    def _require_address(self) -> None:
        if self._networks is not None and not within(request.remote_addr or "", self._networks):
            log.warning("v1: a request from %s was refused; [doors] addresses does not name it", request.remote_addr)
            raise Problem(403, "v1 in [doors] addresses does not name the address that this comes from", code="address_refused")

    def _bearer(self) -> Key:
        kind, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise _unauthorized("send the header Authorization: Bearer KEY; `simrack key add` makes a key", "Bearer")
        key = self._keys.find(token)
        if key is None or key.revoked_at is not None:
            why = "is not known" if key is None else "was revoked"
            raise _unauthorized(f"this key {why}; `simrack key list` shows the keys there are", 'Bearer error="invalid_token"')
        return key


def _unauthorized(detail: str, challenge: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
