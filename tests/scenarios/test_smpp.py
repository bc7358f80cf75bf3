"""Clients of SMPP before a running gateway on the simulator: smpplib and aiosmpplib, unmodified, texts and receipts both ways."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import SmppSettings
from simulator.testing import RunningBank, running_bank
from tests.scenarios.box import PATIENCE_S, Box, running_gateway

SOMEONE = "+4917012345"
LONG = "pay 5 € or 6 € to {someone} " * 12
EMOJI = "so glad 😀 да " * 12


@contextmanager
def served(folder: Path) -> Iterator[tuple[Box, RunningBank, str]]:
    with running_bank(ports=1) as bank, running_gateway(folder, bank, smpp=SmppSettings(listen="127.0.0.1:0")) as box:
        box.service.keys.add("bank", ["send", "read"])
        yield box, bank, box.service.keys.add_smpp("bank")[1]


def texts_to(bank: RunningBank, number: str) -> list[str]:
    return [entry["text"] for entry in bank.journal() if entry["kind"] == "text" and entry["to"] == number]


class Smpplib:
    """A transceiver of smpplib that listens in a thread of its own."""

    def __init__(self, box: Box, password: str) -> None:
        from smpplib.client import Client

        self.sent: list[str] = []
        self.received: list[Any] = []
        self._client = Client(*box.service.smpp.address, allow_unknown_opt_params=True)
        self._client.set_message_sent_handler(lambda pdu: self.sent.append(pdu.message_id.decode()))
        self._client.set_message_received_handler(self._take)
        self._client.connect()
        self._client.bind_transceiver(system_id="bank", password=password)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _take(self, pdu: Any) -> int:
        self.received.append(pdu)
        return 0

    def _listen(self) -> None:
        from smpplib.exceptions import ConnectionError as Gone

        with suppress(Gone, OSError):
            self._client.listen()

    def send(self, text: str) -> None:
        from smpplib import gsm

        parts, coding, esm_class = gsm.make_parts(text)
        for part in parts:
            self._client.send_message(
                source_addr="", dest_addr_ton=1, destination_addr=SOMEONE[1:], short_message=part, data_coding=coding,
                esm_class=esm_class, registered_delivery=True,
            )  # fmt: skip

    def close(self) -> None:
        self._client.send_pdu(_unbind(self._client))
        self._thread.join(PATIENCE_S)
        self._client.disconnect()


def _unbind(client: Any) -> Any:
    from smpplib import smpp

    return smpp.make_pdu("unbind", client=client)


def test_smpplib_sends_long_texts_and_gets_receipts_and_answers(tmp_path: Path) -> None:
    pytest.importorskip("smpplib", reason="smpplib not installed")
    with served(tmp_path) as (box, bank, password):
        client = Smpplib(box, password)
        for text in ("hello", LONG, EMOJI):
            client.send(text)
        bank.text(SOMEONE, "p0", "thanks 😀")
        box.wait(lambda: len(client.received) == 4, "three receipts and a text")
        receipts = [pdu for pdu in client.received if pdu.esm_class == 4]
        assert [pdu.receipted_message_id.decode() for pdu in receipts] == list(dict.fromkeys(client.sent))
        assert {pdu.message_state for pdu in receipts} == {2}
        assert all(b"stat:DELIVRD err:000" in pdu.short_message for pdu in receipts)
        (text,) = [pdu for pdu in client.received if pdu.esm_class == 0]
        assert (text.source_addr, text.short_message.decode("utf-16-be")) == (SOMEONE[1:].encode(), "thanks 😀")
        assert texts_to(bank, SOMEONE) == ["hello", LONG, EMOJI]
        client.close()


def test_aiosmpplib_sends_by_header_parameters_and_payload_and_hears(tmp_path: Path) -> None:
    """Version 0.7.4 packs septets when it segments by header, and falls over its own segmenting by parameters: so those come in
    UCS-2, and with parameters given by hand. Of a segmented text it hands on no receipt before there is one for each segment, so
    the PDUs are looked at as they come."""
    pytest.importorskip("aiosmpplib", reason="aiosmpplib not installed")
    with served(tmp_path) as (box, bank, password):
        pdus = asyncio.run(_aiosmpplib(box, bank, password))
        assert texts_to(bank, SOMEONE) == ["hello", LONG, EMOJI, "one two"]
        answers = [pdu for pdu in pdus if pdu[4:8] == b"\x80\0\0\x04"]
        assert {pdu[8:12] for pdu in answers} == {bytes(4)}
        delivered = [pdu for pdu in pdus if pdu[4:8] == b"\0\0\0\x05"]
        receipts = [pdu for pdu in delivered if b"stat:DELIVRD" in pdu]
        assert len(receipts) == 4
        assert all(any(pdu[16:-1] in receipt for receipt in receipts) for pdu in answers)
        (text,) = [pdu for pdu in delivered if pdu not in receipts]
        assert "thanks 😀".encode("utf-16-be") in text


async def _aiosmpplib(box: Box, bank: RunningBank, password: str) -> list[bytes]:
    from aiosmpplib import ESME, TON, PhoneNumber, SubmitSm
    from aiosmpplib.hook import AbstractHook
    from aiosmpplib.state import OptionalParam

    pdus: list[bytes] = []
    news = asyncio.Event()

    class Hook(AbstractHook):
        async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None: ...

        async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
            pdus.append(pdu)
            news.set()

        async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
            pdus.append(repr(error).encode())

    host, port = box.service.smpp.address
    esme = ESME(host, port, "bank", password, hook=Hook())
    running = asyncio.create_task(esme.start())
    texts: list[tuple[str, dict[str, Any]]] = [
        ("hello", {}),
        (LONG, {}),
        (EMOJI, {"auto_message_payload": False, "esm_class": 0x40}),
        *((text, {"optional_params": [OptionalParam(0x020C, 7), OptionalParam(0x020E, 2), OptionalParam(0x020F, number)]})
          for number, text in ((1, "one "), (2, "two"))),
    ]  # fmt: skip
    for n, (text, given) in enumerate(texts):
        to = PhoneNumber(SOMEONE[1:], TON.INTERNATIONAL)
        await esme.broker.enqueue(SubmitSm(short_message=text, source=PhoneNumber(""), destination=to, log_id=str(n), **given))
    await asyncio.to_thread(bank.text, SOMEONE, "p0", "thanks 😀")
    async with asyncio.timeout(PATIENCE_S):
        while sum(pdu[4:8] == b"\0\0\0\x05" for pdu in pdus) < 5:
            news.clear()
            await news.wait()
    await esme.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return pdus
