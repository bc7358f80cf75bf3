"""What is wrong with values that are possible each by itself: names used twice, one port in two tables, settings at odds.

Of the devices named by `port` it looks where their names lead. Repeated tables are counted from 1, as a person counts them.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator

from gateway import patterns
from gateway.errors import BadSetting, BadValue
from gateway.settings.forms import AMOUNT
from gateway.settings.hardware import DinstarSettings, ModemSettings
from gateway.settings.pool_checks import wrong_pools
from gateway.settings.spelling import nearest
from gateway.settings.whole import Settings


def contradictions(settings: Settings) -> Iterator[BadSetting]:
    yield from _wrong_address("http.listen", *settings.http.listen.rsplit(":", 1))
    yield from _wrong_smpp(settings)
    for n, modem in enumerate(settings.modems, 1):
        if "://" in modem.port:
            yield from _wrong_address(f"modem[{n}].port", *modem.port.partition("://")[2].rsplit(":", 1))
        yield from _wrong_care(f"modem[{n}]", modem)
    for n, box in enumerate(settings.dinstars, 1):
        yield from _wrong_box(f"dinstar[{n}]", box)
    yield from _used_twice("modem", (modem.name for modem in settings.modems), "each channel needs a name of its own")
    yield from _driven_twice(settings.modems)
    yield from _used_twice("dinstar", (box.name for box in settings.dinstars), "each box needs a name of its own")
    yield from _named_as_a_modem(settings)
    yield from _ports_of_two_boxes(settings.dinstars)
    yield from _used_twice("tariff", (tariff.name for tariff in settings.tariffs), "each tariff needs a name of its own")
    yield from _unknown_tariffs(settings)
    yield from _used_twice("pool", (pool.name for pool in settings.pools), "each pool needs a name of its own")
    yield from wrong_pools(settings)
    if bool(settings.doors.vonage_key) != bool(settings.doors.vonage_secret):
        given, missing = ("vonage_key", "vonage_secret") if settings.doors.vonage_key else ("vonage_secret", "vonage_key")
        yield BadSetting(f"doors.{missing}", f"is missing: {given} is given", "signed requests need both, others none")
    yield from _wrong_ports(settings)
    if settings.sending.retry_first_s > settings.sending.retry_longest_s:
        yield BadSetting(
            "sending.retry_first_s",
            f"{settings.sending.retry_first_s:g} is longer than retry_longest_s = {settings.sending.retry_longest_s:g}",
            "the first pause is the shortest",
        )


def _wrong_ports(settings: Settings) -> Iterator[BadSetting]:
    """Of the Dinstar door."""
    seen: dict[int, str] = {}
    for channel, port in settings.doors.dinstar_ports.items():
        where = f"doors.dinstar_ports.{channel}"
        if channel not in settings.channel_names:
            yield BadSetting(where, f"{channel!r} is no channel", nearest(channel, settings.channel_names))
        if port in seen:
            yield BadSetting(where, f"{port} is the port of {seen[port]} already", "each channel needs a port of its own")
        seen[port] = channel


def _wrong_smpp(settings: Settings) -> Iterator[BadSetting]:
    smpp = settings.smpp
    if smpp.listen:
        yield from _wrong_address("smpp.listen", *smpp.listen.rsplit(":", 1))
        if smpp.listen == settings.http.listen:
            yield BadSetting("smpp.listen", f"{smpp.listen!r} is where http listens", "give it a port of its own, such as 2775")
    if smpp.key_file and not smpp.certificate_file:
        yield BadSetting("smpp.key_file", f"{smpp.key_file} belongs to no certificate", "give certificate_file too")


def _wrong_address(where: str, host: str, port: str) -> Iterator[BadSetting]:
    if int(port) > 65535:
        yield BadSetting(where, f"{port} is not a TCP port", "ports end at 65535")
    if host.startswith("[") or host.replace(".", "").isdigit():
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            yield BadSetting(where, f"{host!r} is not an address", "correct the address, or write a name")


def _wrong_care(where: str, modem: ModemSettings) -> Iterator[BadSetting]:
    yield from _wrong_pattern(f"{where}.balance_pattern", modem.balance_pattern)
    if modem.balance_text and modem.balance_ussd:
        yield BadSetting(f"{where}.balance_text", f"{modem.balance_text!r} is given beside balance_ussd", "keep one of the two")
    if modem.balance_text and not modem.balance_from:
        yield BadSetting(
            f"{where}.balance_from", f"is missing: balance_text = {modem.balance_text!r} goes there", "name who answers it"
        )
    if modem.keep_alive_days and not modem.keep_alive_to:
        yield BadSetting(
            f"{where}.keep_alive_to", f"is missing: keep_alive_days = {modem.keep_alive_days}", "name a number that may be texted"
        )


def _wrong_pattern(where: str, written: str) -> Iterator[BadSetting]:
    remedy = f"write a regular expression with one group named amount, such as '{AMOUNT}'"
    try:
        groups = patterns.compile(written, where).groups
    except BadValue as fault:
        yield BadSetting(where, fault.reason, remedy)
        return
    if "amount" not in groups:
        yield BadSetting(where, f"{written!r} has no group named amount", remedy)
    elif written.count("<amount>") > 1:
        yield BadSetting(where, f"{written!r} has two groups named amount, and the second is never read", remedy)


def _wrong_box(where: str, box: DinstarSettings) -> Iterator[BadSetting]:
    scheme, _, address = box.url.partition("://")
    if not re.search(r":[0-9]+$", address):
        address += ":443"
    yield from _wrong_address(f"{where}.url", *address.rsplit(":", 1))
    if box.ca_file and box.certificate_file:
        yield BadSetting(f"{where}.certificate_file", "is given beside ca_file", "keep one of the two")
    elif scheme == "http" and (box.ca_file or box.certificate_file):
        key = "ca_file" if box.ca_file else "certificate_file"
        yield BadSetting(f"{where}.{key}", f"{box.url} has no certificate", f"write https in url, or remove {key}")
    ports = [str(port) for port in box.port_numbers]
    for port in box.numbers:
        if port not in ports:
            yield BadSetting(f"{where}.numbers", f"{port!r} is not one of its ports", f"ports = {box.ports!r}")


def _used_twice(table: str, names: Iterable[str], remedy: str) -> Iterator[BadSetting]:
    seen: dict[str, int] = {}
    for n, name in enumerate(names, 1):
        if name in seen:
            yield BadSetting(f"{table}[{n}].name", f"{name!r} is used twice, as in {table}[{seen[name]}]", remedy)
        else:
            seen[name] = n


def _driven_twice(modems: Iterable[ModemSettings]) -> Iterator[BadSetting]:
    """Ports that are one device, be it under two names."""
    seen: dict[str, tuple[int, str]] = {}
    for n, modem in enumerate(modems, 1):
        device = os.path.realpath(modem.port) if modem.port.startswith("/") and os.path.exists(modem.port) else modem.port
        if device in seen:
            before, written = seen[device]
            same = "used twice, as in" if written == modem.port else f"the same device as {written!r} of"
            yield BadSetting(f"modem[{n}].port", f"{modem.port!r} is {same} modem[{before}]", "each port can be driven once")
        else:
            seen[device] = (n, modem.port)


def _named_as_a_modem(settings: Settings) -> Iterator[BadSetting]:
    modems = {modem.name: n for n, modem in enumerate(settings.modems, 1)}
    for n, box in enumerate(settings.dinstars, 1):
        for channel in box.channels:
            if channel in modems:
                reason = f"its channel {channel!r} is called as modem[{modems[channel]}] is"
                yield BadSetting(f"dinstar[{n}].name", reason, "each channel needs a name of its own")


def _ports_of_two_boxes(boxes: Iterable[DinstarSettings]) -> Iterator[BadSetting]:
    """Two tables may share out the ports of one box, but not share a port."""
    seen: dict[tuple[str, int], int] = {}
    for n, box in enumerate(boxes, 1):
        both = [port for port in box.port_numbers if (box.url.lower(), port) in seen]
        if both:
            reason = f"port {both[0]} of {box.url} is used twice, as in dinstar[{seen[box.url.lower(), both[0]]}]"
            yield BadSetting(f"dinstar[{n}].ports", reason, "each port can be driven once")
        for port in box.port_numbers:
            seen.setdefault((box.url.lower(), port), n)


def _unknown_tariffs(settings: Settings) -> Iterator[BadSetting]:
    known = [tariff.name for tariff in settings.tariffs]
    users = [(f"modem[{n}]", modem.tariff) for n, modem in enumerate(settings.modems, 1)]
    users += [(f"dinstar[{n}]", box.tariff) for n, box in enumerate(settings.dinstars, 1)]
    for where, tariff in users:
        if tariff and tariff not in known:
            yield BadSetting(f"{where}.tariff", f"{tariff!r} is not a tariff", nearest(tariff, known))
