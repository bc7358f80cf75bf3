"""A serial port over telnet as RFC 2217 has it: negotiation, port settings that are taken and answered, 0xFF doubled."""

import asyncio
import struct

from simulator.ports import Receive, SocketPort, TcpPort, Wire

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240
_BINARY, _SUPPRESS_GO_AHEAD, _COM_PORT = 0, 3, 44
_KNOWN = (_BINARY, _SUPPRESS_GO_AHEAD, _COM_PORT)

# RFC 2217 clause 3: commands of the client; the answer is the same with 100 added.
_SIGNATURE, _SPEED, _DATA_SIZE, _PARITY, _STOP_SIZE, _CONTROL = range(6)
_ASKED_FOR_NOTHING = (8, 9)  # Flow control of the telnet line itself.
_MODEM_STATE = 107
_CTS_DSR_CD = 0xB0


class Telnet:
    """The telnet side of one connection. `feed` gives the bytes for the modem and the bytes for the client."""

    def __init__(self) -> None:
        self._waiting = b""
        self._agreed: set[tuple[int, int]] = set()
        self.settings: dict[int, bytes] = {_SPEED: struct.pack(">I", 115200), _DATA_SIZE: b"\x08", _PARITY: b"\x01",
                                           _STOP_SIZE: b"\x01", _CONTROL: b"\x01"}

    @property
    def speed(self) -> int:
        return int.from_bytes(self.settings[_SPEED], "big")

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        data = self._waiting + data
        plain, replies = bytearray(), bytearray()
        place = 0
        while place < len(data):
            start = data.find(_IAC, place)
            if start < 0:
                plain += data[place:]
                place = len(data)
                break
            plain += data[place:start]
            end = self._control(data, start, plain, replies)
            if end is None:
                place = start
                break
            place = end
        self._waiting = data[place:]
        return bytes(plain), bytes(replies)

    def _control(self, data: bytes, start: int, plain: bytearray, replies: bytearray) -> int | None:
        """Takes the telnet command at `start`; returns where it ends, None while it is not complete."""
        if start + 1 >= len(data):
            return None
        kind = data[start + 1]
        if kind == _IAC:
            plain.append(_IAC)
            return start + 2
        if kind == _SB:
            end = data.find(bytes((_IAC, _SE)), start + 2)
            if end < 0:
                return None
            replies += self._setting(data[start + 2:end].replace(b"\xff\xff", b"\xff"))
            return end + 2
        if kind not in (_DO, _DONT, _WILL, _WONT):
            return start + 2
        if start + 2 >= len(data):
            return None
        replies += self._agree(kind, data[start + 2])
        return start + 3

    def _agree(self, kind: int, option: int) -> bytes:
        """The answer to a wish; none to what was settled before, or the two sides would never end."""
        if (kind, option) in self._agreed:
            return b""
        self._agreed -= {(other, option) for other in ((_DO, _DONT) if kind in (_DO, _DONT) else (_WILL, _WONT))}
        self._agreed.add((kind, option))
        wanted = kind in (_DO, _WILL) and option in _KNOWN
        if kind in (_DO, _DONT):
            return bytes((_IAC, _WILL if wanted else _WONT, option))
        reply = bytes((_IAC, _DO if wanted else _DONT, option))
        return reply + _sub(_MODEM_STATE, bytes((_CTS_DSR_CD,))) if wanted and option == _COM_PORT else reply

    def _setting(self, told: bytes) -> bytes:
        if len(told) < 2 or told[0] != _COM_PORT or told[1] in _ASKED_FOR_NOTHING:
            return b""
        command, value = told[1], told[2:]
        if command == _SIGNATURE:
            return _sub(100, b"simrack-sim") if not value else b""
        if command in self.settings and any(value):
            self.settings[command] = value
        # A value of nought asks for the one in force.
        return _sub(100 + command, value if any(value) else self.settings.get(command, value))


def _sub(command: int, value: bytes) -> bytes:
    return bytes((_IAC, _SB, _COM_PORT, command)) + value.replace(b"\xff", b"\xff\xff") + bytes((_IAC, _SE))


class _TelnetWire(Wire):
    """One connection that speaks telnet."""

    def __init__(self, port: SocketPort, receive: Receive) -> None:
        super().__init__(port, receive)
        self._telnet = Telnet()
        self._replies: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._replies = transport

    def data_received(self, data: bytes) -> None:
        plain, replies = self._telnet.feed(data)
        if replies and self._replies:
            self._replies.write(replies)
        if plain:
            super().data_received(plain)


class Rfc2217Port(TcpPort):
    """A TCP port that a serial server offers with control of the line."""

    wire = _TelnetWire
    scheme = "rfc2217"

    def write(self, data: bytes) -> None:
        super().write(data.replace(b"\xff", b"\xff\xff"))
