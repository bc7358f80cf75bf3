"""Which values a setting may have: ranges, choices and spellings, as the metadata of its field. Reads nothing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

import phonenumbers

from gateway import patterns
from gateway.errors import BadValue
from gateway.settings.spelling import nearest

# The names of the profiles in `modem.profiles` (a test compares them): a file that names another family is refused
# here, before a port is opened.
FAMILIES = (
    "auto", "generic", "wavecom", "sim800", "simcom-lte", "quectel-m", "quectel-ec2x", "huawei", "siemens",
    "telit", "zte", "ublox",
)  # fmt: skip
# What serial drivers of Linux can be set to.
SPEEDS = (
    *(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600),
    *(1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000),
)
COUNTRIES = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
# How a SIM's operator wants a number dialled: +49…, 0049…, 0… in its own country, 49…
DIALLING = ("e164", "00", "national", "plain")
AUTHENTICATIONS = ("digest", "basic")

LISTEN = (r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", 'write it as "127.0.0.1:8080" or "[::1]:8080"')
LISTEN_OR_NOT = (rf"({LISTEN[0]})?", 'write it as "127.0.0.1:2775" or "[::1]:2775"; "" is off')
NAME = (r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", "use up to 32 letters, digits, '_', '.' or '-', not beginning with a sign")
PORT = (
    r"/.+|(socket|rfc2217)://(\[[0-9A-Fa-f:.]+\]|[^/:\s]+):[0-9]{1,5}",
    'write a device such as "/dev/ttyUSB0", or "socket://host:port", or "rfc2217://host:port"',
)
URL = (
    r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?/?",
    'write it as "https://192.0.2.10" or "http://host:port"; user and password have settings of their own',
)
NUMBER = (r"\+[1-9][0-9]{6,14}", "write it as +4915112345678")
PIN = (r"[0-9]{4,8}", "a PIN has 4 to 8 digits, and is written in quotes")
PASSWORD = (r"[^\r\n]{1,128}", "give password or password_file, with up to 128 characters on one line")
SERVICE_CODE = (r"[0-9*#+]{0,160}", 'write the code as it is dialled, such as "*100#"')
SENDER = (r"(\S(.{0,18}\S)?)?", "write it as texts from it show it: a number such as +4915112345678, a short code or a name")
RECIPIENT = (r"(\+[1-9][0-9]{6,14}|[0-9]{2,6})?", "write it as +4915112345678, or a short code")
COUNTRY_REMEDY = "give the two letters of the country, such as DE"
SPEED_REMEDY = "usual are 9600, 19200, 57600, 115200, 230400, 460800 and 921600"
AMOUNT = r"(?P<amount>[0-9]+([.,][0-9]{3})*[.,][0-9]+)"

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


def between(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high}


def one_of(choices: tuple[Any, ...], remedy: str = "") -> dict[str, Any]:
    return {"choices": choices, "remedy": remedy}


def form(wanted: tuple[str, str]) -> dict[str, Any]:
    return {"pattern": re.compile(wanted[0]), "remedy": wanted[1]}


def secret(wanted: tuple[str, str], noun: str, in_file: str) -> dict[str, Any]:
    """A value that is never shown, and may stand in a file that `NAME_file` names; `noun` is what that file holds."""
    return {**form(wanted), "secret": True, "noun": noun, "in_file": in_file}


def judged_by(judge: Callable[[str], object]) -> dict[str, Any]:
    """`judge` raises BadValue for a text (or an entry of a list) that is impossible."""
    return {"judge": judge}


def reachable(written: str) -> None:
    """An entry of `numbers.open`: a country, a prefix or *."""
    if written != "*" and not _PREFIX.fullmatch(written) and written not in COUNTRIES:
        remedy = 'give countries such as "CH", prefixes such as "+41", or "*" for all'
        meant = nearest(written, COUNTRIES) if written.upper() in COUNTRIES else remedy
        raise BadValue("", f"{written!r} is no country and no prefix", meant)


def network(written: str) -> None:
    """An entry of `push_from`: an address, or a network with its length."""
    try:
        ipaddress.ip_network(written)
    except ValueError as fault:
        remedy = 'write an address such as "192.0.2.10", or a network such as "192.0.2.0/24"'
        raise BadValue("", f"{written!r} is no address and no network", remedy) from fault


def target(written: str) -> None:
    """An entry of `forwarding.allow`: an address, a network, or the name of a host."""
    try:
        ipaddress.ip_network(written)
    except ValueError as fault:
        # What looks like an address and is none is no name.
        if not _HOST_NAME.fullmatch(written) or re.fullmatch(r"[0-9a-fA-Fx.]*[0-9]", written):
            remedy = 'write a network such as "192.0.2.0/24", an address or a host such as "pbx.example", without scheme and port'
            raise BadValue("", f"{written!r} is no address, no network and no name of a host", remedy) from fault


def priced(prefix: str) -> None:
    """A key of a tariff's prices."""
    if prefix != "+" and not _PREFIX.fullmatch(prefix):
        raise BadValue("", f"{prefix!r} is no prefix", 'write prefixes as "+49", and "+" for every other number')


def expression(written: str) -> None:
    """Recipients of a pool."""
    patterns.compile(written, "")


def port_numbers(written: str) -> tuple[int, ...]:
    """The ports that "0-7" or "0,2,4-6" names, in that order. Raises BadValue."""
    remedy = 'write them as "0-7" or "0,2,4-6", each once, up to 255'
    found: list[int] = []
    for one in written.split(","):
        ends = re.fullmatch(r"\s*([0-9]{1,3})\s*(?:-\s*([0-9]{1,3})\s*)?", one)
        if ends is None or any(int(end) > 255 for end in ends.groups() if end):
            raise BadValue("", f"{written!r} does not name ports", remedy)
        first, last = int(ends[1]), int(ends[2] or ends[1])
        found += range(first, last + 1) if last >= first else range(first, last - 1, -1)
    twice = sorted({port for port in found if found.count(port) > 1})
    if twice:
        raise BadValue("", f"{written!r} names port {twice[0]} twice", remedy)
    return tuple(found)
