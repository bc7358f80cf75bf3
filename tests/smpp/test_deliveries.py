"""Receipts and incoming texts wait on disk until a bind of their account acknowledges them, in order."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.records import Status
from gateway.store import Database, erasing, smpp
from tests.core.stage import story
from tests.smpp.stage import BIND_RX, BIND_TRX, BIND_TX, DELIVER, ENQUIRE, Stage, short_text


@story
async def test_a_receipt_swaps_the_addresses_and_names_the_id_in_words_and_parameters(tmp_path: Path) -> None:
    async with Stage(tmp_path, 'other_senders = "ignore"') as stage:
        peer = await stage.bound("bank", stage.account())
        shown = (await peer.submit(source=b"\x05\x00Acme\0", registered=0x11)).body[:-1]
        await stage.becomes(stage.messages()[0], Status.SENT)
        await stage.becomes(stage.messages()[0], Status.DELIVERED)
        heard = await peer.hear()
        assert heard.command == DELIVER
        assert heard.body.startswith(b"\0\x01\x014917012345\0\x05\x00Acme\0\x04\0\0\0\0\0\0\0\0")
        esm, coding, words, tlvs = short_text(heard.body)
        assert (esm, coding) == (4, 0)
        assert words.startswith(b"id:" + shown + b" sub:001 dlvrd:001 submit date:")
        assert words.endswith(b" stat:DELIVRD err:000 text:")
        assert tlvs == b"\x00\x1e" + bytes((0, len(shown) + 1)) + shown + b"\0" + b"\x04\x27\x00\x01\x02"
        peer.acknowledge(heard)
        await stage.until_waiting(0)


@story
async def test_receipts_come_as_they_were_asked_for(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        for registered in (0, 2, 1):
            await peer.submit(registered=registered)
        none, failures, all_ = stage.messages()
        for message in (none, failures, all_):
            await stage.becomes(message, Status.DELIVERED)
        heard = await peer.hear()
        assert all_.id.replace("_", "").encode() in heard.body
        peer.acknowledge(heard)
        await peer.submit(registered=2)
        await stage.becomes(stage.messages()[-1], Status.EXPIRED)
        assert b"stat:EXPIRED" in (await peer.hear()).body


@story
async def test_what_a_vanished_client_did_not_acknowledge_comes_again_in_order_even_after_a_restart(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        peer = await stage.bound("bank", password)
        for n in range(3):
            await stage.text_comes(f"text {n}", message=f"msg_{n}")
        assert short_text((await peer.hear()).body)[2] == b"text 0"
        peer.writer.transport.abort()
        peer = await stage.bound("bank", password)
        heard = await peer.hear()
        assert short_text(heard.body)[2] == b"text 0"
        peer.acknowledge(heard)
        assert short_text((await peer.hear()).body)[2] == b"text 1"
        await stage.restart()
        peer = await stage.bound("bank", password)
        for n in (1, 2):
            heard = await peer.hear()
            assert short_text(heard.body)[2] == b"text %d" % n
            peer.acknowledge(heard)
        await stage.until_waiting(0)


@story
async def test_only_binds_that_receive_get_them_and_only_of_their_account(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        bank, shop = stage.account(), stage.account("shop", "send")
        sender = await stage.bound("bank", bank, BIND_TX)
        await sender.submit(registered=1)
        await stage.becomes(stage.messages()[0], Status.DELIVERED)
        stranger = await stage.bound("shop", shop, BIND_TRX)
        await stage.text_comes("for readers")
        assert (await sender.ask(ENQUIRE)).status == 0
        assert (await stranger.ask(ENQUIRE)).status == 0
        assert (stage.waiting("bank"), stage.waiting("shop")) == (2, 0)
        receiver = await stage.bound("bank", bank, BIND_RX)
        heard = [await receiver.hear(), await receiver.hear()]
        assert b"stat:DELIVRD" in heard[0].body
        assert short_text(heard[1].body)[:3] == (0, 0, b"for readers")


@story
async def test_conversations_flow_beside_each_other_within_the_window(tmp_path: Path) -> None:
    async with Stage(tmp_path, "window = 2") as stage:
        peer = await stage.bound("bank", stage.account())
        for sender, text in [("+491701", "a1"), ("+491701", "a2"), ("+491702", "b1"), ("+491703", "c1")]:
            await stage.text_comes(text, sender, f"msg_{text}")
        first, second = await peer.hear(), await peer.hear()
        assert [short_text(one.body)[2] for one in (first, second)] == [b"a1", b"b1"]
        peer.acknowledge(second)
        third = await peer.hear()
        assert short_text(third.body)[2] == b"c1"
        peer.acknowledge(first)
        assert short_text((await peer.hear()).body)[2] == b"a2"


@story
async def test_what_is_refused_for_now_waits_with_its_conversation_and_for_good_is_dropped(tmp_path: Path) -> None:
    async with Stage(tmp_path, "window = 1") as stage:
        peer = await stage.bound("bank", stage.account())
        await stage.text_comes("later", "+491701")
        await stage.text_comes("after it", "+491701")
        await stage.text_comes("never", "+491702")
        await stage.text_comes("good", "+491702")
        refused = await peer.hear()
        peer.acknowledge(refused, 0x64)
        never = await peer.hear()
        assert short_text(never.body)[2] == b"never"
        peer.acknowledge(never, 0x66)
        good = await peer.hear()
        assert short_text(good.body)[2] == b"good"
        peer.acknowledge(good)
        await stage.until_waiting(2)
        stage.clock.advance(6)
        stage.server.wake()
        for text in (b"later", b"after it"):
            heard = await peer.hear()
            assert short_text(heard.body)[2] == text
            peer.acknowledge(heard)
        await stage.until_waiting(0)


@story
async def test_a_bind_that_does_not_acknowledge_is_closed_and_another_takes_over(tmp_path: Path) -> None:
    async with Stage(tmp_path, "answer_within_s = 0.2") as stage:
        password = stage.account()
        deaf = await stage.bound("bank", password)
        await stage.text_comes("hello")
        await deaf.hear()
        other = await stage.bound("bank", password)
        await deaf.ends()
        heard = await other.hear()
        assert short_text(heard.body)[2] == b"hello"


@story
async def test_texts_that_gsm_cannot_write_come_in_ucs_2_and_long_ones_as_payload(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        await stage.text_comes("да", "+491701")
        await stage.text_comes("x" * 300, "+491702")
        await stage.text_comes("", "Bank", data=b"\x01\xff")
        small, long_, binary = [await peer.hear() for _ in range(3)]
        assert short_text(small.body) == (0, 8, b"\x04\x34\x04\x30", b"")
        assert short_text(long_.body) == (0, 0, b"", b"\x04\x24\x01\x2c" + b"x" * 300)
        assert binary.body.startswith(b"\0\x05\x00Bank\0\x01\x014915110000000\0")
        assert short_text(binary.body)[1:3] == (4, b"\x01\xff")


@story
async def test_what_nobody_fetches_is_given_up_in_the_end(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        stage.account()
        await stage.text_comes("old")
        stage.clock.advance(3600)
        await stage.text_comes("new", message="msg_new")
        before = stage.clock.now() - 1800
        assert await stage.store.writer.arun(lambda db: smpp.forget(db, before, before)) == 1
        assert stage.waiting() == 1


@story
async def test_what_is_erased_is_not_handed_on(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account("bank", "send"), BIND_TX)
        await peer.submit(registered=1)
        (sent,) = stage.messages()
        key = stage.store.keys.get("bank")
        assert key is not None
        await asyncio.to_thread(stage.sending.cancel, sent.id, key)
        assert stage.waiting() == 1
        await stage.store.writer.arun(lambda db: erasing.erase(db, sent.id, None))
        assert stage.waiting() == 0


@story
async def test_a_clock_that_jumps_by_years_gives_nothing_up(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account("bank", "send"))
        await peer.submit(registered=1)
        await stage.text_comes("hello")
        year = 365 * 86_400.0

        def job(db: Database) -> int:
            smpp.shift(db, year, stage.clock.now() + year)
            return smpp.forget(db, stage.clock.now() + year - 3600, stage.clock.now() + year - 3600)

        assert await stage.store.writer.arun(job) == 0
        await stage.becomes(stage.messages()[0], Status.DELIVERED)
        assert b"stat:DELIVRD" in (await peer.hear()).body
