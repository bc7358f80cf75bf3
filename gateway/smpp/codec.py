"""PDUs of SMPP 3.4 from octets and back (clauses 3.2, 4 and 5.3). PURE: octets in, records out; decides nothing about texts."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.records import SmppAddress as Address
from gateway.smpp.words import Command, Status, Tag

# A message_payload may hold 64 KiB; what claims to be longer than this is no PDU.
LONGEST = 66_000
SHORTEST = 16
_HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")
# Fields may be longer than the specification says (a token as password, say): to refuse them is the business of who reads them.
_LONGEST_STRING = 256


class BadLength(ValueError):
    """The octets cannot be cut into PDUs: whoever sends them does not speak SMPP, or lost count."""


class Malformed(ValueError):
    """A PDU whose body does not hold what it must."""

    def __init__(self, status: Status, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pdu:
    command: int
    status: int
    sequence: int
    body: bytes = b""

    def octets(self) -> bytes:
        return _HEADER.pack(SHORTEST + len(self.body), self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, slots=True)
class Bind:
    system_id: str
    password: str = field(repr=False)
    system_type: str
    version: int


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm, which have one layout (clauses 4.4.1 and 4.6.1)."""

    source: Address
    destination: Address
    octets: bytes = b""
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered: int = 0
    replace: int = 0
    data_coding: int = 0
    optional: Mapping[int, bytes] = field(default_factory=dict)


class Frames:
    """Cuts a stream into PDUs. Holds at most one PDU that is not whole."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, octets: bytes) -> Iterator[Pdu]:
        """The PDUs that are whole now. Raises BadLength, after those before it."""
        self._waiting += octets
        start = 0
        try:
            while len(self._waiting) - start >= 4:
                (length,) = struct.unpack_from(">I", self._waiting, start)
                if not SHORTEST <= length <= LONGEST:
                    raise BadLength(f"a PDU of {length} octets")
                if len(self._waiting) - start < length:
                    break
                _, command, status, sequence = _HEADER.unpack_from(self._waiting, start)
                body = bytes(self._waiting[start + SHORTEST : start + length])
                start += length
                yield Pdu(command, status, sequence, body)
        finally:
            del self._waiting[:start]


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def string(self) -> str:
        end = self._body.find(b"\0", self._at, self._at + _LONGEST_STRING)
        if end < 0:
            raise Malformed(Status.BAD_COMMAND_LENGTH, "a string has no end")
        found = self._body[self._at : end]
        self._at = end + 1
        return found.decode("latin-1")

    def octet(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        if len(self._body) - self._at < count:
            raise Malformed(Status.BAD_COMMAND_LENGTH, "the body ends too early")
        found = self._body[self._at : self._at + count]
        self._at += count
        return found

    def address(self) -> Address:
        return Address(self.octet(), self.octet(), self.string())

    def optional(self) -> dict[int, bytes]:
        found = {}
        while self._at < len(self._body):
            try:
                tag, length = _TLV.unpack(self.octets(4))
                found[tag] = self.octets(length)
            except Malformed as fault:
                raise Malformed(Status.BAD_OPTIONAL_PARAMETERS, "an optional parameter ends too early") from fault
        return found


def read_bind(body: bytes) -> Bind:
    reader = _Reader(body)
    found = Bind(reader.string(), reader.string(), reader.string(), reader.octet())
    reader.octets(2)  # addr_ton, addr_npi
    reader.string()  # address_range: every bind hears all that its account may hear
    return found


def read_short_message(body: bytes) -> ShortMessage:
    reader = _Reader(body)
    service_type = reader.string()
    source, destination = reader.address(), reader.address()
    esm_class, protocol_id, priority = reader.octets(3)
    schedule, validity = reader.string(), reader.string()
    registered, replace, data_coding, _ = reader.octets(4)  # the last is a text kept at the SMSC, of which there are none
    octets = reader.octets(reader.octet())
    return ShortMessage(
        source, destination, octets, service_type, esm_class, protocol_id, priority, schedule, validity, registered, replace,
        data_coding, reader.optional(),
    )  # fmt: skip


def read_query(body: bytes) -> str:
    """The message_id of a query_sm."""
    return _Reader(body).string()


def read_cancel(body: bytes) -> str:
    """The message_id of a cancel_sm."""
    reader = _Reader(body)
    reader.string()
    return reader.string()


def bind_answer(system_id: str, version: int) -> bytes:
    return _string(system_id) + optional({Tag.INTERFACE_VERSION: bytes((version,))})


def submit_answer(message_id: str) -> bytes:
    return _string(message_id)


def query_answer(message_id: str, final: str, state: int, error: int) -> bytes:
    return _string(message_id) + _string(final) + bytes((state, error))


def short_message(m: ShortMessage) -> bytes:
    if len(m.octets) > 254:
        raise ValueError(f"{len(m.octets)} octets do not fit short_message")
    return b"".join((
        _string(m.service_type), _address(m.source), _address(m.destination),
        bytes((m.esm_class, m.protocol_id, m.priority)), _string(m.schedule), _string(m.validity),
        bytes((m.registered, m.replace, m.data_coding, 0, len(m.octets))), m.octets, optional(m.optional),
    ))  # fmt: skip


def optional(values: Mapping[int, bytes]) -> bytes:
    return b"".join(_TLV.pack(tag, len(value)) + value for tag, value in values.items())


def answer(to: Pdu, status: int = Status.OK, body: bytes = b"") -> Pdu:
    """The response to a request; of a refused one the body is left out (clause 4.4.2, say)."""
    return Pdu(to.command | Command.GENERIC_NACK, status, to.sequence, body)


def nack(status: int, sequence: int = 0) -> Pdu:
    return Pdu(Command.GENERIC_NACK, status, sequence)


def _string(text: str) -> bytes:
    return text.encode("latin-1", "replace") + b"\0"


def _address(address: Address) -> bytes:
    return bytes((address.ton, address.npi)) + _string(address.number)
