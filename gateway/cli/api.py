"""Talking to a running gateway over its own HTTP API. Turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from gateway.cli.exits import NO, UNREACHABLE, Failure

_PATIENCE_S = 30
Command = TypeVar("Command", bound=Callable[..., Any])


def access(command: Command) -> Command:
    """The options that say which gateway, and with which key."""
    command = click.option(
        "--key-file",
        metavar="FILE",
        help="A file that holds the key; without it, the key is taken from SIMRACK_KEY.",
    )(command)
    return click.option(
        "--url",
        envvar="SIMRACK_URL",
        metavar="URL",
        default="http://127.0.0.1:8080",
        show_default=True,
        show_envvar=True,
        help="The address of the gateway.",
    )(command)


class Api:
    def __init__(self, url: str, key_file: str | None) -> None:
        self._url = _checked(url)
        self._key = _key(key_file)
        # The gateway is on this network: a proxy for the outside world has no business between.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, content: Mapping[str, object]) -> Any:
        return self._ask("POST", path, json.dumps(content).encode())

    def put(self, path: str, content: Mapping[str, object]) -> Any:
        return self._ask("PUT", path, json.dumps(content).encode())

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path, None)

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            request = urllib.request.Request(self._url + path, body, headers, method=method)
            with self._opener.open(request, timeout=_PATIENCE_S) as answer:
                found = {} if answer.status == http.HTTPStatus.NO_CONTENT else json.load(answer)
        except urllib.error.HTTPError as fault:
            detail = _detail(fault)
            if detail is None:
                raise self._stranger(f"{fault.code} {fault.reason}") from fault
            raise Failure(f"the gateway says {fault.code}: {detail}", NO) from fault
        except OSError as fault:
            reason = getattr(fault, "reason", fault)
            raise Failure(f"cannot reach {self._url}: {reason}; is simrack running, and is --url right?", UNREACHABLE) from fault
        except (ValueError, http.client.HTTPException) as fault:
            raise self._stranger("something else than JSON over HTTP") from fault
        if not isinstance(found, dict):
            raise self._stranger("JSON of another kind")
        return found

    def _stranger(self, answered: str) -> Failure:
        return Failure(f"what answers at {self._url} is not a simrack: it says {answered}; is --url right?", UNREACHABLE)


def _checked(url: str) -> str:
    try:
        split = urlsplit(url)
        sound = split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isascii() or not url.isprintable() or " " in url:
        raise click.UsageError(f"--url {url!r} is no address; write it as http://127.0.0.1:8080.")
    return url.rstrip("/")


def _key(key_file: str | None) -> str:
    if key_file is None:
        key = os.environ.get("SIMRACK_KEY", "").strip()
        if not key:
            raise click.UsageError("no key is given: use --key-file, or set SIMRACK_KEY; `simrack key add` makes one.")
        return key
    try:
        key = Path(key_file).read_text(encoding="ascii").strip()
    except OSError as fault:
        raise click.UsageError(f"--key-file {key_file} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise click.UsageError(f"--key-file {key_file} holds no key: it is not plain text.") from fault
    if len(key.split()) != 1:
        raise click.UsageError(f"--key-file {key_file} {'holds more than a key' if key else 'is empty'}; put the key alone in it.")
    return key


def _detail(fault: urllib.error.HTTPError) -> str | None:
    """What a gateway says; None when it is another program that answers."""
    try:
        return str(json.load(fault)["detail"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return None
