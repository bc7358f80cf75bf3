"""`simrack decode` and `simrack encode`: PDUs by hand, without a modem."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click

from gateway.cli import options
from gateway.cli.exits import NO


@click.command(short_help="Decode PDUs in hexadecimal.")
@click.argument("pdus", nargs=-1, metavar="[HEX]...")
@click.option(
    "--direction",
    type=click.Choice(["deliver", "submit", "status-report"]),
    default="deliver",
    show_default=True,
    help="What kind of PDU it is: the octets do not say.",
)
@click.option("--no-smsc", is_flag=True, help="The PDU begins with its first octet, not with the service centre.")
@options.as_json
def decode(pdus: tuple[str, ...], direction: str, no_smsc: bool, as_json: bool) -> int:
    """Decode PDUs in hexadecimal, from the arguments or else line by line from standard input.

    With --json, one object for each PDU on a line of its own. Exit code 1 if any was malformed.
    """
    from gateway.pdu.describe import describe
    from gateway.pdu.fields import PduError

    worst = 0
    for hex in pdus or _lines():
        try:
            shown = describe(direction.replace("-", "_"), hex, not no_smsc)
        except PduError as fault:
            worst = NO
            if not as_json:
                click.echo(f"simrack: {fault}", err=True)
                continue
            shown = {"error": {"field": fault.field, "octet": fault.octet, "reason": fault.reason}}
        if as_json:
            # Escaped: half a surrogate pair, as a part of a long text may end with, has no UTF-8.
            click.echo(json.dumps(shown))
        else:
            _print(shown)
    return worst


def _lines() -> Iterator[str]:
    """Every line is one PDU, an empty one too: the answers stand in the lines of the questions."""
    return (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer)


def _print(shown: dict[str, object]) -> None:
    for name, value in shown.items():
        line = f"{name:12} {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)}"
        click.echo(line.encode("utf-8", "replace"))
    click.echo()


@click.command(short_help="Encode a text as PDUs.")
@click.option("--to", required=True, metavar="NUMBER", help="The recipient.")
@click.option("--text", required=True, help="The text; - reads it from standard input.")
@click.option("--flash", is_flag=True, help="Message class 0: shown at once, not stored.")
@click.option("--report", is_flag=True, help="Ask for a status report.")
@click.option("--validity", "validity_minutes", type=click.IntRange(5, 635_040), metavar="MINUTES", help="TP-VP, relative.")
@click.option("--reference", type=click.IntRange(0, 255), default=0, show_default=True, help="Reference of a long text.")
@click.option("--smsc", metavar="NUMBER", help="Service centre; without it, the one on the SIM.")
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

    parts = split(sys.stdin.read() if text == "-" else text, national=national, reference=reference)
    encoded = [
        submit(part, to, flash=flash, report=report, validity_minutes=validity_minutes, smsc=smsc) for part in parts
    ]
    if as_json:
        shown = [{"pdu": one.hex, "tpdu_len": one.tpdu_len} for one in encoded]
        click.echo(json.dumps({"encoding": parts[0].encoding.value, "parts": shown}))
        return
    for one in encoded:
        click.echo(f"AT+CMGS={one.tpdu_len} {one.hex}")
