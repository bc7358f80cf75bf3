"""Kannel for the tests that drive it: the groups that every kannel.conf has, smsbox once it takes texts, and texts for it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.stage import until
from tests.foreign.clients import PATIENCE, Daemon

BOXES = """
group = core
admin-interface = 127.0.0.1
admin-port = {admin}
admin-password = x
smsbox-interface = 127.0.0.1
smsbox-port = {box}
box-allow-ip = 127.0.0.1
dlr-storage = internal

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-interface = 127.0.0.1
sendsms-port = {send}
global-sender = "{sender}"
mo-recode = true

group = sendsms-user
username = x
password = x
max-messages = 9
concatenation = true
"""
# What comes is told to a web server.
SERVICE = """
group = sms-service
keyword = default
get-url = "http://127.0.0.1:{web}/text?family=%i&from=%p&text=%b"
max-messages = 0
"""
SMPP = """
group = smsc
smsc = smpp
smsc-id = {name}
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = kannel
smsc-password = {password}
system-type = "VMA"
address-range = ""
reconnect-delay = 1
"""


def boxes(admin: int, box: int, send: int, sender: str = "1") -> str:
    """The groups of both programs. Ports: `admin` and `box` (for smsbox) of bearerbox, `send` (for texts) of smsbox."""
    return BOXES.format(admin=admin, box=box, send=send, sender=sender)


@contextmanager
def running_smsbox(settings: Path, box: int, send: int) -> Iterator[None]:
    """smsbox, once it can be given texts at port `send`; `box` is where bearerbox takes it in.

    bearerbox says that it has started before it listens there, and smsbox ends if it comes too soon. smsbox says it is connected
    before it knows the connection, and ends if a text comes before that; it knows it when it starts a thread that uses it.
    """
    until(lambda: listens(box), PATIENCE, "bearerbox to listen for smsbox")
    with Daemon("smsbox", "-v", "0", settings, folder=settings.parent) as smsbox:
        smsbox.wait_for("heartbeat_thread")
        until(lambda: listens(send), PATIENCE, "smsbox to listen for texts")
        yield


def listens(port: int) -> bool:
    """Whether somebody listens at a port of this machine; nobody is disturbed by the question."""
    sockets = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(own.endswith(f":{port:04X}") and state == "0A" for own, _, state in sockets)


def send_by(port: int, **query: object) -> None:
    """Gives smsbox a text."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/cgi-bin/sendsms?{urlencode(query)}", timeout=PATIENCE) as answer:
        assert answer.status == 202, answer.read()
