"""Messages as lines of text (27.005 clauses 3.4 and 3.5): headers, bodies, and the lines shown unasked."""

import re

from simulator import charset
from simulator.parcels import Raw
from simulator.personality import Personality
from simulator.registers import Registers
from simulator.smspdu import (
    SEPTETS,
    Deliver,
    Report,
    Submit,
    UserData,
    read_address,
    show_stamp,
    write_service_centre,
)
from simulator.stores import Stored

_SHORT_YEAR = re.compile(r'"(\d\d/\d\d/\d\d,)')
STATES = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT")


def shown(content: Deliver | Report | Raw, registers: Registers, centre: str) -> list[str]:
    """The lines of +CMT or +CDS, in the mode that is set."""
    name = "+CDS" if isinstance(content, Report) else "+CMT"
    if not registers.text_mode:
        pdu = write_service_centre(centre) + content.octets
        return [f"{name}: {'' if name == '+CDS' else ','}{len(content.octets)}", pdu.hex().upper()]
    if isinstance(content, Report):
        return [f"+CDS: {_report_fields(content)}"]
    if isinstance(content, Raw):
        return [f"+CMT: {_quoted('', registers)},,{_quoted('', registers)}", content.octets.hex().upper()]
    head = f"+CMT: {_quoted(content.sender, registers)},,\"{show_stamp(content.stamp)}\""
    if registers.csdh:
        head += (f",{_kind(content.sender)},4,{content.pid},{content.data.dcs},{_quoted(centre, registers)},"
                 f"{_kind(centre)},{_length(content.data)}")
    return [head, body(content.data, registers)]


def dressed(lines: list[str], family: Personality) -> list[str]:
    """The lines of one message as a family prints them: years of four digits, a blank line before the second."""
    if family.full_year:
        lines = [_SHORT_YEAR.sub(r'"20\1', lines[0]), *lines[1:]]
    return [lines[0], "", *lines[1:]] if family.blank_before_pdu and len(lines) > 1 else lines


def listed(index: int, message: Stored, registers: Registers) -> list[str]:
    """One message as +CMGL shows it."""
    content = message.content
    head = f'+CMGL: {index},"{STATES[message.status]}"'
    if isinstance(content, Report):
        return [f"{head},{_report_fields(content)}"]
    if isinstance(content, Submit):
        return [f"{head},{_quoted(content.to, registers)},,", body(content.data, registers)]
    if isinstance(content, Raw):
        return [f'{head},"",,', content.octets.hex().upper()]
    head += f',{_quoted(content.sender, registers)},,"{show_stamp(content.stamp)}"'
    if registers.csdh:
        head += f",{_kind(content.sender)},{_length(content.data)}"
    return [head, body(content.data, registers)]


def read(message: Stored, registers: Registers, centre: str) -> list[str]:
    """One message as +CMGR shows it."""
    content = message.content
    head = f'+CMGR: "{STATES[message.status]}"'
    if isinstance(content, Report):
        return [f"{head},{_report_fields(content)}"]
    if isinstance(content, Submit):
        head += f",{_quoted(content.to, registers)},"
        if registers.csdh:
            head += (f",{_kind(content.to)},{content.octets[0]},{content.pid},{content.data.dcs},,"
                     f"{_quoted(centre, registers)},{_kind(centre)},{_length(content.data)}")
        return [head, body(content.data, registers)]
    if isinstance(content, Raw):
        return [f'{head},"",,', content.octets.hex().upper()]
    head += f',{_quoted(content.sender, registers)},,"{show_stamp(content.stamp)}"'
    if registers.csdh:
        head += (f",{_kind(content.sender)},{content.octets[0]},{content.pid},{content.data.dcs},"
                 f"{_quoted(centre, registers)},{_kind(centre)},{_length(content.data)}")
    return [head, body(content.data, registers)]


def body(data: UserData, registers: Registers) -> str:
    """The text in the chosen character set; other octets, and UCS2, in hexadecimal."""
    if data.coding == SEPTETS:
        return charset.show(data.text or "", registers.cscs)
    return data.body.hex().upper()


def _report_fields(report: Report) -> str:
    number = read_address(report.address)
    return (f'6,{report.reference},"{number}",{report.address[1]},"{show_stamp(report.stamp)}",'
            f'"{show_stamp(report.discharge)}",{report.status}')


def _quoted(text: str, registers: Registers) -> str:
    return f'"{charset.show(text, registers.cscs)}"'


def _kind(number: str) -> int:
    if number.startswith("+"):
        return 145
    return 129 if number.isdecimal() else 208


def _length(data: UserData) -> int:
    return data.length
