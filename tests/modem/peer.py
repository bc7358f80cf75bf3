"""A scripted modem behind a pseudo-terminal: it answers what its script says, byte for byte, and remembers what it was told.

It lives on the test's own loop. A script maps a command to its answer: bytes, a callable that gives bytes, or SILENCE.
"""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Callable

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
SILENCE = b""
Answer = bytes | Callable[[str], bytes]


def info(*lines: str) -> bytes:
    return "".join(f"\r\n{line}\r\n" for line in lines).encode() + OK


GENERIC: dict[str, Answer] = {
    "AT+CGMI": info("Simple"),
    "AT+CGMM": info("One"),
    "AT+CGMR": info("1.0"),
    "AT+CGSN": info("351179009153435"),
    "AT+CPIN?": info("+CPIN: READY"),
    "AT+CCID": info("8949293072227288805"),
    "AT+CIMI": info("262998286444249"),
    "AT+CNUM": info('+CNUM: "","+4915112345670",145'),
    "AT+CPMS=?": info('+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")'),
    "AT+CNMI=?": info("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)"),
    "AT+CSMS?": info("+CSMS: 0,1,1,1"),
    "AT+CREG?": info("+CREG: 1,1"),
    "AT+CSQ": info("+CSQ: 20,0"),
    "AT+COPS?": info('+COPS: 0,0,"Simple Net"'),
    "AT+CSCA?": info('+CSCA: "+491760000443",145'),
}


def octets(pdu: str) -> int:
    """The length that a header gives: octets behind the service centre's address."""
    try:
        return max(1, len(pdu) // 2 - 1 - int(pdu[:2], 16))
    except ValueError:
        return len(pdu) // 2


class Peer:
    """`script` overrides the usual answers; `stores` holds what CMGL, CMGR and CMGD work on, by storage and index."""

    def __init__(self, script: dict[str, Answer] | None = None) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self.script: dict[str, Answer] = {**GENERIC, **(script or {})}
        self.stores: dict[str, dict[int, str]] = {"SM": {}, "ME": {}, "SR": {}}
        self.told: list[str] = []  # every command, and payloads as "PDU:…", in the order they came
        self.echoes = False
        self.prompt = b"\r\n> "
        self.verdicts: list[bytes] = []  # answers to the next payloads; then +CMGS with a running reference
        self._open_store = "SM"
        self._routing = "2,1,0,1,0"
        self._references = 0
        self._typed = bytearray()
        self._at_prompt = False
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._master, self._read)

    # -- what a test does to it

    def say(self, data: bytes) -> None:
        os.write(self._master, data)

    def unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    async def until(self, happened: Callable[[], object]) -> None:
        """Returns when `happened` is true after something was told to this modem."""
        async with asyncio.timeout(30):
            while not happened():
                self._changed.clear()
                await self._changed.wait()

    async def until_told(self, command: str, times: int = 1) -> None:
        await self.until(lambda: self.count(command) >= times)

    def count(self, command: str) -> int:
        return sum(told.startswith(command) for told in self.told)

    # -- what it does

    def _read(self) -> None:
        for octet in os.read(self._master, 4096):
            self._take(octet)
        self._changed.set()

    def _take(self, octet: int) -> None:
        if octet == 0x1B:
            self._typed.clear()
            self._at_prompt = False
        elif self._at_prompt and octet == 0x1A:
            self._at_prompt = False
            self._submitted(self._line())
        elif not self._at_prompt and octet == 0x0D:
            line = self._line()
            if line:
                self.told.append(line)
                self.say((line.encode() + b"\r" if self.echoes else b"") + self._answer(line))
        else:
            self._typed.append(octet)

    def _line(self) -> str:
        line = self._typed.decode("latin-1")
        self._typed.clear()
        return line

    def _submitted(self, pdu: str) -> None:
        self.told.append(f"PDU:{pdu}")
        self._references += 1
        self.say(self.verdicts.pop(0) if self.verdicts else info(f"+CMGS: {self._references}"))

    def _answer(self, line: str) -> bytes:
        answer = self.script.get(line)
        if answer is None:
            answer = self.script.get(line.partition("=")[0] + "=", self._usual)
        return answer if isinstance(answer, bytes) else answer(line)

    def _usual(self, line: str) -> bytes:
        name, _, value = line.partition("=")
        usual = {
            "AT+CMGS": self._cmgs, "AT+CMGL": self._cmgl, "AT+CMGR": self._cmgr, "AT+CMGD": self._cmgd,
            "AT+CPMS": self._cpms, "AT+CNMI": self._cnmi, "AT+CNMI?": self._cnmi_now,
        }  # fmt: skip
        return usual.get(name, lambda _: OK)(value)

    def _cmgs(self, _length: str) -> bytes:
        self._at_prompt = bool(self.prompt)
        return self.prompt

    def _cmgl(self, _which: str) -> bytes:
        found = self.stores[self._open_store]
        return info(*(line for index, pdu in sorted(found.items()) for line in (f"+CMGL: {index},0,,{octets(pdu)}", pdu)))

    def _cmgr(self, index: str) -> bytes:
        pdu = self.stores[self._open_store].get(int(index))
        return info(f"+CMGR: 0,,{octets(pdu)}", pdu) if pdu else OK

    def _cmgd(self, index: str) -> bytes:
        self.stores[self._open_store].pop(int(index.partition(",")[0]), None)
        return OK

    def _cpms(self, stores: str) -> bytes:
        self._open_store = stores.partition(",")[0].strip('"')
        return info("+CPMS: 0,20,0,20,0,20")

    def _cnmi(self, routing: str) -> bytes:
        self._routing = routing
        return OK

    def _cnmi_now(self, _: str) -> bytes:
        return info(f"+CNMI: {self._routing}")
