"""The numbers of SMPP 3.4 by their names: commands, statuses, optional parameters, message states (clauses 5.1 to 5.3)."""

from __future__ import annotations

from enum import IntEnum

RESPONSE = 0x80000000
VERSION = 0x34


class Command(IntEnum):
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    QUERY_SM = 0x03
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    CANCEL_SM = 0x08
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    GENERIC_NACK = 0x80000000


class Status(IntEnum):
    OK = 0x00
    BAD_MESSAGE_LENGTH = 0x01
    BAD_COMMAND_LENGTH = 0x02
    BAD_COMMAND = 0x03
    WRONG_BIND_STATE = 0x04
    ALREADY_BOUND = 0x05
    BAD_PRIORITY = 0x06
    SYSTEM_ERROR = 0x08
    BAD_SOURCE = 0x0A
    BAD_DESTINATION = 0x0B
    BAD_MESSAGE_ID = 0x0C
    BIND_FAILED = 0x0D
    BAD_PASSWORD = 0x0E
    BAD_SYSTEM_ID = 0x0F
    CANCEL_FAILED = 0x11
    QUEUE_FULL = 0x14
    BAD_SERVICE_TYPE = 0x15
    BAD_ESM_CLASS = 0x43
    SUBMIT_FAILED = 0x45
    BAD_SOURCE_TON = 0x48
    BAD_DESTINATION_TON = 0x50
    BAD_REPLACE_FLAG = 0x54
    THROTTLED = 0x58
    BAD_SCHEDULE = 0x61
    BAD_EXPIRY = 0x62
    TEMPORARY_FAULT = 0x64
    PERMANENT_FAULT = 0x65
    REJECTED = 0x66
    QUERY_FAILED = 0x67
    BAD_OPTIONAL_PARAMETERS = 0xC0
    BAD_OPTIONAL_LENGTH = 0xC2


class Tag(IntEnum):
    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    INTERFACE_VERSION = 0x0210
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


# The words of receipts and their numbers (clause 5.2.28 and appendix B).
STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
