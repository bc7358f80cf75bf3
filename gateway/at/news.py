"""The notifications modems are known to send, and how to tell one from an answer that bears the same name.

A vocabulary only; acting upon news is the driver's work (TS 27.005 clause 3.4.1, TS 27.007 clause 7, vendor manuals).
"""

from __future__ import annotations

import re

from gateway.at.fields import split_fields

SIGNS = "+^*#$%"  # a named line begins with one of these

# A second line follows: the PDU, or the text in text mode.
WITH_BODY = frozenset({"+CMT", "+CDS", "+CBM"})

NAMED = WITH_BODY | {
    "+CMTI", "+CDSI", "+CBMI",
    "+CREG", "+CGREG", "+CEREG", "+CUSD", "+CSQ", "+CPIN", "+CFUN", "+CCLK",
    "+CRING", "+CLIP", "+CCWA", "+CIEV", "+CTZV", "+CTZE", "+CTZEU", "+CGEV",
    "+WIND", "+QIND", "+QUSIM", "+CSSU", "+CSSI", "+UUSIMSTAT",
    "+ZUSIMR", "+ZEND", "+ZDONR",
    "#QSS", "#STN",
    "*ATREADY", "*PSNWID", "*PSUTTZ",
    "^BOOT", "^RSSI", "^HCSQ", "^MODE", "^DSFLOWRPT", "^SRVST", "^SIMST", "^STIN", "^NWTIME", "^CSNR", "^SMMEMFULL",
    "^SYSSTART", "^SHUTDOWN", "^SBC", "^SCKS", "^CEND", "^CONN", "^ORIG", "^CONF",
}  # fmt: skip

PLAIN = frozenset({
    "RING", "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE",
    "RDY", "CALL READY", "SMS READY", "SMS DONE", "PB DONE",
    "NORMAL POWER DOWN", "POWERED DOWN",
    "UNDER-VOLTAGE POWER DOWN", "UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE WARNING",
    "OVER-VOLTAGE POWER DOWN", "OVER-VOLTAGE WARNNING", "OVER-VOLTAGE WARNING",
    "^SYSSTART", "^SHUTDOWN", "DST",
})  # fmt: skip

# Said only while starting: whoever hears one knows that everything set before is gone. Huawei's ^BOOT is not among
# them: it is a heartbeat (wdoekes/asterisk-chan-dongle).
_BOOT_LINES = frozenset({"RDY", "^SYSSTART", "*ATREADY"})
_BOOT_VALUES = {"+WIND": frozenset({"3"})}

_REGISTRATIONS = frozenset({"+CREG", "+CGREG", "+CEREG"})
_PIN_CHANGES = frozenset({"NOT READY", "NOT INSERTED", "SIM REMOVED"})
_NAME = re.compile(r"([+^*#$%][A-Za-z0-9_]+)\s*(?::\s*(.*))?$", re.DOTALL)


def name_and_value(line: str) -> tuple[str, str]:
    """`+CMTI: "SM",3` -> ("+CMTI", '"SM",3'); a line without a name gives ("", line)."""
    if line[0] not in SIGNS:
        return "", line
    match = _NAME.match(line)
    return (match[1].upper(), match[2] or "") if match else ("", line)


def is_plain(line: str) -> bool:
    return line.upper() in PLAIN or line.startswith("DST:")


def is_boot(name: str, value: str) -> bool:
    """True if the modem has just started: echo, text mode and routing are back at their defaults."""
    return name in _BOOT_LINES or value in _BOOT_VALUES.get(name, ())


def unasked_form(name: str, value: str, *, read: bool, answered: bool) -> bool:
    """True if a line that bears the pending command's own name is a notification all the same.

    `read` says that the command ends in a question mark; `answered`, that its information line has come already.
    """
    if name not in NAMED:
        return False
    if name == "+CSQ":
        return answered
    if not read or answered:
        return True  # AT+CREG=2, AT+CUSD=1,… and AT+CPIN=… are answered by a final alone
    if name in _REGISTRATIONS:
        return not registration_is_read_form(split_fields(value))
    if name == "+CUSD":
        return not value.strip().isdecimal()
    return name == "+CPIN" and value.strip().upper() in _PIN_CHANGES


def registration_is_read_form(fields: list[str]) -> bool:
    """The answer has one field more, n, before stat; a location code is never a number of one or two figures.

    Iridium writes 002,001; hence the conversion (3GPP TS 27.007 clause 7.2).
    """
    return len(fields) > 1 and fields[1].isdecimal() and len(fields[1]) <= 3 and int(fields[1]) <= 11


def has_body(name: str, value: str) -> bool:
    """True if another line follows. A text-mode +CDS is one line of many fields; a PDU-mode one is a length alone."""
    if name == "+CDS":
        return len(split_fields(value)) <= 2
    return name in WITH_BODY


def body_is_pdu(value: str) -> bool:
    """True if the header ends in a length (PDU mode); in text mode it ends in a date or a quoted field."""
    return value.rpartition(",")[2].strip().isdecimal()
