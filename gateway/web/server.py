"""Serves the web application: waitress in a thread of its own, with a clean stop. Knows nothing of what it serves."""

from __future__ import annotations

import errno
import logging
import re
import socket
import threading
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import RequestHeaderFieldsTooLarge

from gateway.errors import AlreadyRunning, BadSetting
from gateway.settings import HttpSettings
from gateway.web.app import MOST_OCTETS, REFUSED
from gateway.web.problems import MEDIA_TYPE, problem_body

# A caller that says nothing for this long is disconnected; a PBX keeps its connection between texts.
_IDLE_S = 120
_LAST_WORDS_S = 5
_GIVEN = re.compile(rb"[?=]")
_BARE = re.compile(rb"[ \x80-\xff]")
_LISTEN_REMEDY = "choose an address of this machine, and a port above 1023 unless started as root"


class _ProblemTask(ErrorTask):
    """What waitress refuses before there is a path (a broken request line) is answered as a problem too."""

    def execute(self) -> None:
        fault = self.request.error
        body = problem_body(fault.code, fault.body)
        self.status = f"{fault.code} {fault.reason}"
        self.response_headers.append(("Content-Type", MEDIA_TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Task(WSGITask):
    def get_environment(self) -> dict[str, Any]:
        environment = super().get_environment()
        if self.request.refused is not None:
            environment[REFUSED] = self.request.refused
        return environment


class _Parser(HTTPRequestParser):
    """Hands what is refused for its length or form to the application all the same, without its body, to word the answer.

    And lets pass what URL templates of PBXs make of a text: blanks and letters that nobody encoded, behind the first ? or =.
    """

    path: str | None = None
    refused: tuple[int, str] | None = None

    def received(self, data: bytes) -> int:
        so_far = self.header_plus + data if self.body_rcv is None else b""
        consumed = super().received(data)
        fault = self.error
        if isinstance(fault, RequestHeaderFieldsTooLarge):
            self.path = None
            self._parse_line_of(so_far)
        if fault is not None and fault.code < 500 and self.path is not None:
            self.refused, self.error = (fault.code, fault.body), None
            self.headers.pop("CONTENT_LENGTH", None)
            self.headers["CONNECTION"] = "close"  # what follows is no request
            self.expect_continue = False
        return consumed

    def _parse_line_of(self, received: bytes) -> None:
        line, end, _ = received.lstrip().partition(b"\r\n")
        if end:
            try:
                self.parse_header(line + end)
            except ParsingError:
                self.path = None

    def parse_header(self, header_plus: bytes) -> None:
        line, end, rest = header_plus.partition(b"\r\n")
        target, _, version = line.rpartition(b" ")
        given = _GIVEN.search(target)
        if given and version.startswith(b"HTTP/1.") and _BARE.search(target, given.end()):
            values = _BARE.sub(lambda found: b"%%%02X" % found[0][0], target[given.end() :])
            line = target[: given.end()] + values + b" " + version
        super().parse_header(line + end + rest)


class _Channel(HTTPChannel):
    task_class = _Task
    error_task_class = _ProblemTask
    parser_class = _Parser


class Server:
    """Bound from the moment it is made, so that a port in use is told at once; answers between `start` and `stop`."""

    def __init__(self, application: Any, settings: HttpSettings) -> None:
        # One waiting request more than there are threads is no news; waitress would write a line for each.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._server = create_server(
            application,
            sockets=[_listen(settings)],
            threads=settings.threads,
            ident=None,
            max_request_body_size=MOST_OCTETS + 1,  # the application says the same, in its own words
            max_request_header_size=32_768,
            inbuf_overflow=MOST_OCTETS + 1,  # no body that is taken goes through a temporary file
            channel_timeout=_IDLE_S,
            connection_limit=500,
            clear_untrusted_proxy_headers=not settings.trusted_proxies,  # else the application judges them
            asyncore_use_poll=True,
        )
        self._server.channel_class = _Channel
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    @property
    def address(self) -> str:
        host, port = self._server.effective_host, self._server.effective_port
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the requests in work end, then close every connection."""
        self._server.task_dispatcher.shutdown(timeout=_LAST_WORDS_S)
        if self._thread.is_alive():
            # Sockets belong to the thread that polls them, so that thread closes them, and ends when none is left. It closes
            # the trigger too, so it may not read our wish before the trigger is pulled: the lock holds it off.
            trigger = self._server.trigger
            with trigger.lock:
                trigger.thunks.append(lambda: wasyncore.close_all(self._server._map))
                trigger._physical_pull()
            self._thread.join(_LAST_WORDS_S)
        else:
            wasyncore.close_all(self._server._map)


def _listen(settings: HttpSettings) -> socket.socket:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as fault:
        raise BadSetting("http.listen", f"{settings.host!r} is no address here: {fault}", "correct the host") from fault
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as fault:
        listener.close()
        if fault.errno == errno.EADDRINUSE:
            raise AlreadyRunning(
                f"{settings.listen} is in use by another program; stop it, or give [http] listen another port"
            ) from fault
        raise BadSetting("http.listen", f"cannot listen on {settings.listen!r}: {fault.strerror}", _LISTEN_REMEDY) from fault
    return listener
