"""`simrack decode` and `simrack encode`: PDUs by hand, without a modem."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from gateway.cli import options
from gateway.cli.exits import NO

if TYPE_CHECKING:
    from gateway.pdu.fields import PduError

# As `simrack encode` prints it, and as a log of a modem shows it.
_COMMAND = re.compile(r"AT\+CMG[SW]=[0-9]+\s*", re.IGNORECASE)
# TP-MTI (3GPP TS 23.040 clause 9.2.3.1): what the octets say they are, if the direction is right.
_DIRECTIONS = ("deliver", "submit", "status-report")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9*#]{2,20}")


def _number(_ctx: click.Context, _parameter: click.Parameter, written: str | None) -> str | None:
    if written is not None and not _NUMBER.fullmatch(written):
        raise click.BadParameter(f"{written!r} is no number; write it as +4915112345678, or a short code.")
    return written


def _service_centre(_ctx: click.Context, _parameter: click.Parameter, written: str | None) -> str | None:
    if written is not None and not re.fullmatch(r"\+?[0-9]{3,20}", written):
        raise click.BadParameter(f"{written!r} is no number; write the service centre as +491710760000.")
    return written


@click.command(short_help="Decode PDUs in hexadecimal.")
@click.argument("pdus", nargs=-1, metavar="[HEX]...")
@click.option(
    "--direction",
    type=click.Choice(_DIRECTIONS),
    help="What kind of PDU it is, which the octets alone do not say. Without it: submit behind AT+CMGS, else deliver.",
)
@click.option("--no-smsc", is_flag=True, help="The PDU begins with its first octet, not with the service centre.")
@options.as_json
def decode(pdus: tuple[str, ...], direction: str | None, no_smsc: bool, as_json: bool) -> int:
    """Decode PDUs in hexadecimal, from the arguments or else line by line from standard input.

    Empty lines are skipped, and AT+CMGS=… before a PDU, so that it takes what `simrack encode` prints. With --json, one
    object for each PDU on a line of its own. Exit code 1 if any was malformed.
    """
    from gateway.pdu.describe import describe
    from gateway.pdu.fields import PduError

    worst = 0
    for number, commanded, hex in _numbered(pdus or _lines()):
        wanted = direction or ("submit" if commanded else "deliver")
        try:
            shown = describe(wanted.replace("-", "_"), hex, not no_smsc)
        except PduError as fault:
            worst = NO
            if not as_json:
                place = f"argument {number}: " if len(pdus) > 1 else f"line {number}: " if not pdus else ""
                click.echo(f"simrack: {place}{fault}{_hint(fault, hex, wanted)}", err=True)
                continue
            shown = {"error": {"field": fault.field, "octet": fault.octet, "reason": fault.reason}}
            if not pdus:
                shown["line"] = number
        if as_json:
            # Escaped: half a surrogate pair, as a part of a long text may end with, has no UTF-8.
            click.echo(json.dumps(shown))
        else:
            _print(shown)
    return worst


def _numbered(written: Iterable[str]) -> Iterator[tuple[int, bool, str]]:
    """What holds a PDU: its place, whether a command to send stood before it, and its hexadecimal."""
    commanded = False  # a shell, and a terminal, may put the command into a line of its own
    for number, line in enumerate(written, 1):
        command = _COMMAND.match(line)
        hex = line[command.end() :] if command else line
        commanded = commanded or command is not None
        if hex:
            yield number, commanded, hex
            commanded = False


def _hint(fault: PduError, hex: str, wanted: str) -> str:
    """Which direction the octets look like, when it is not the wanted one."""
    if fault.field != "TP-MTI" or fault.octet is None:
        return ""
    octets = bytes.fromhex(hex)[fault.octet :]
    kind = octets[0] & 0x03 if octets else 3
    return f"; try --direction {_DIRECTIONS[kind]}" if kind < 3 and _DIRECTIONS[kind] != wanted else ""


def _lines() -> Iterator[str]:
    return (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer)


def _print(shown: dict[str, object]) -> None:
    for name, value in shown.items():
        line = f"{name:12} {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)}"
        click.echo(line.encode("utf-8", "replace"))
    click.echo()


@click.command(short_help="Encode a text as PDUs.")
@click.option("--to", required=True, callback=_number, metavar="NUMBER", help="The recipient.")
@click.option("--text", required=True, help="The text; - reads it from standard input.")
@click.option("--flash", is_flag=True, help="Message class 0: shown at once, not stored.")
@click.option("--report", is_flag=True, help="Ask for a status report.")
@click.option("--validity", "validity_minutes", type=click.IntRange(5, 635_040), metavar="MINUTES", help="TP-VP, relative.")
@click.option("--reference", type=click.IntRange(0, 255), default=0, show_default=True, help="Reference of a long text.")
@click.option("--smsc", callback=_service_centre, metavar="NUMBER", help="Service centre; without it, the one on the SIM.")
@click.option("--national", is_flag=True, help="Use national language tables where they save parts.")
@options.as_json
def encode(
    to: str,
    text: str,
    flash: bool,
    report: bool,
    validity_minutes: int | None,
    reference: int,
    smsc: str | None,
    national: bool,
    as_json: bool,
) -> None:
    """Encode a text as the SUBMIT PDUs that AT+CMGS takes, one a line."""
    from gateway.pdu.split import split
    from gateway.pdu.submit import encode as submit

    parts = split(options.text_of(text), national=national, reference=reference)
    encoded = [
        submit(part, to, flash=flash, report=report, validity_minutes=validity_minutes, smsc=smsc) for part in parts
    ]
    if as_json:
        shown = [{"pdu": one.hex, "tpdu_len": one.tpdu_len} for one in encoded]
        click.echo(json.dumps({"encoding": parts[0].encoding.value, "parts": shown}))
        return
    for one in encoded:
        click.echo(f"AT+CMGS={one.tpdu_len} {one.hex}")
