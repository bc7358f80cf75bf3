"""Binding, submitting, asking and cancelling at the real server over TCP, with octets written by hand."""

from __future__ import annotations

import asyncio
import random
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from gateway.records import Status
from gateway.store import outbox
from tests.core.stage import story
from tests.smpp.stage import (
    BIND_RX,
    BIND_TRX,
    BIND_TX,
    CANCEL,
    DELIVER,
    ENQUIRE,
    QUERY,
    RESPONSE,
    SUBMIT,
    UNBIND,
    Peer,
    Stage,
    submit_body,
)


@story
async def test_a_client_binds_and_its_text_is_on_disk_under_the_id_it_is_told(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        peer = await stage.peer()
        bound = await peer.bind("bank", password)
        assert (bound.command, bound.status, bound.body) == (RESPONSE | BIND_TRX, 0, b"simrack\0\x02\x10\x00\x01\x34")
        answer = await peer.submit(text=b"5 \x1be", registered=1)
        assert (answer.command, answer.status) == (RESPONSE | SUBMIT, 0)
        (message,) = stage.messages()
        assert (message.to, message.text, message.status) == ("+4917012345", "5 €", Status.QUEUED)
        assert answer.body == message.id.replace("_", "").encode() + b"\0"
        assert (await peer.ask(UNBIND)).command == RESPONSE | UNBIND
        await peer.ends()


@pytest.mark.parametrize(("allowed", "status"), [("192.0.2.0/24", None), ("127.0.0.1", 0)])
def test_who_comes_from_an_address_that_is_not_named_is_turned_away(tmp_path: Path, allowed: str, status: int | None) -> None:
    @story
    async def told() -> None:
        async with Stage(tmp_path, "[doors]", f'addresses = {{ smpp = "{allowed}" }}') as stage:
            password = stage.account()
            peer = await stage.peer()
            if status is None:
                await peer.ends()
            else:
                assert (await peer.bind("bank", password)).status == status

    told()


@story
async def test_whoever_gives_no_right_name_and_password_is_refused_and_disconnected(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        _, token = stage.keys.add("web", ["send"])
        gone = stage.account("gone")
        stage.keys.revoke("gone")
        for name, given, status in [
            ("bank", "wrong", 0x0E), ("bank", "", 0x0E), ("nobody", password, 0x0F), ("web", token, 0x0F), ("gone", gone, 0x0D),
        ]:  # fmt: skip
            peer = await stage.peer()
            assert (await peer.bind(name, given)).status == status
            await peer.ends()


@story
async def test_a_bind_may_do_what_its_key_may(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        reader, sender = stage.account("reader", "read"), stage.account("sender", "send")
        for name, password, command, status in [
            ("reader", reader, BIND_RX, 0), ("reader", reader, BIND_TX, 0x0D), ("reader", reader, BIND_TRX, 0x0D),
            ("sender", sender, BIND_RX, 0), ("sender", sender, BIND_TX, 0), ("sender", sender, BIND_TRX, 0),
        ]:  # fmt: skip
            assert (await (await stage.peer()).bind(name, password, command)).status == status, (name, command)


@story
async def test_what_comes_in_the_wrong_state_is_told_so(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        peer = await stage.peer()
        assert (await peer.submit()).status == 0x04
        assert (await peer.ask(UNBIND)).status == 0x04
        assert (await peer.ask(ENQUIRE)).status == 0
        assert (await peer.bind("bank", password, BIND_RX)).status == 0
        assert (await peer.bind("bank", password, BIND_RX)).status == 0x05
        assert (await peer.submit()).status == 0x04
        assert stage.messages() == []


@story
async def test_version_5_is_served_and_one_before_3_4_is_not(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        bound = await (await stage.peer()).bind("bank", password, version=0x50)
        assert (bound.status, bound.body[-1]) == (0, 0x34)
        assert (await (await stage.peer()).bind("bank", password, version=0x33)).status == 0x0D


@story
async def test_a_key_has_so_many_binds_and_no_more(tmp_path: Path) -> None:
    async with Stage(tmp_path, "most_binds = 2") as stage:
        password, other = stage.account(), stage.account("other")
        first = await stage.bound("bank", password)
        await stage.bound("bank", password)
        assert (await (await stage.peer()).bind("bank", password)).status == 0x0D
        await stage.bound("other", other)
        assert (await first.ask(UNBIND)).status == 0
        await first.ends()
        await stage.bound("bank", password)


@story
async def test_each_fault_of_a_submit_has_its_status_and_the_bind_goes_on(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        assert (await peer.submit(to=b"12345678901234567890")).status == 0x0B
        assert (await peer.submit(to=b"15550101234")).status == 0x0B  # abroad is closed
        assert (await peer.submit(to=b"Acme", ton=5)).status == 0x50
        assert (await peer.submit(source=b"\x01\x0149301234567\0")).status == 0x0A
        assert (await peer.submit(source=b"\x05\x00Acme\0")).status == 0x0A
        assert (await peer.submit(text=b"")).status == 0x01
        assert (await peer.submit(text=b"", tlvs=b"\x04\x24\x0b\xb8" + b"x" * 3000)).status == 0x01
        assert (await peer.submit(text=b"h\xe9")).status == 0x45
        assert (await peer.submit(coding=4)).status == 0x45
        assert (await peer.submit(validity=b"200101000000000+")).status == 0x62
        assert (await peer.submit(schedule=b"never")).status == 0x61
        assert (await peer.submit(replace=1)).status == 0x54
        assert (await peer.ask(SUBMIT, submit_body()[:-9])).status == 0x02
        assert (await peer.submit(tlvs=b"\x04\x24\x00\x09x")).status == 0xC0
        assert stage.messages() == []
        assert (await peer.submit(source=b"\x01\x014915110000000\0")).status == 0
        assert (await peer.submit(to=b"017012345", ton=2)).status == 0
        assert [(one.to, one.from_) for one in stage.messages()] == [("+4917012345", "+4915110000000"), ("+4917012345", "")]
        assert [one.lane for one in stage.messages()] == ["@from:+4915110000000", ""]


@story
async def test_names_as_senders_can_be_let_pass(tmp_path: Path) -> None:
    async with Stage(tmp_path, 'other_senders = "ignore"') as stage:
        peer = await stage.bound("bank", stage.account())
        assert (await peer.submit(source=b"\x05\x00Acme\0")).status == 0
        assert (await peer.submit(source=b"\x01\x014915110000000\0")).status == 0
        assert [one.from_ for one in stage.messages()] == ["", "+4915110000000"]


@story
async def test_what_is_not_offered_is_nacked_and_the_bind_goes_on(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        for command in (0x07, 0x21, 0x103, 0x112, 0x0B):  # replace_sm, submit_multi, data_sm, broadcast_sm, outbind
            heard = await peer.ask(command, b"\0\0\0")
            assert (heard.command, heard.status) == (0x80000000, 0x03)
        peer.say(SUBMIT | RESPONSE, b"stray\0", sequence=4711)
        peer.say(DELIVER | RESPONSE, b"\0", sequence=4711)
        assert (await peer.ask(ENQUIRE)).status == 0


@story
async def test_segments_by_header_or_by_parameters_become_one_text_in_any_order(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        # An escape is torn from its character, and a surrogate pair in two.
        first = await peer.submit(esm=0x43, text=b"\x05\x00\x03\x2a\x02\x02e!", registered=1)
        second = await peer.submit(esm=0x43, text=b"\x05\x00\x03\x2a\x02\x01pay 5 \x1b")
        assert (first.status, second.status, first.body) == (0, 0, second.body)
        assert [one.text for one in stage.messages()] == ["pay 5 €!"]
        assert stage.reports() == [True]  # though one segment alone asked for it
        sar = b"\x02\x0c\x00\x02\x00\x07\x02\x0e\x00\x01\x02\x02\x0f\x00\x01"
        third = await peer.submit(coding=8, text=b"\x00g\xd8\x3d", tlvs=sar + b"\x01")
        fourth = await peer.submit(coding=8, text=b"\xde\x00", tlvs=sar + b"\x02")
        assert third.body == fourth.body != first.body
        assert [one.text for one in stage.messages()] == ["pay 5 €!", "g😀"]
        assert stage.messages()[1].id.replace("_", "").encode() + b"\0" == fourth.body


@story
async def test_segments_outlive_a_restart_and_one_sent_twice_counts_once(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        peer = await stage.bound("bank", password)
        first = await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x01one ")
        again = await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x01one ")
        stage.clock.advance(1)
        other = await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x01uno ")  # the reference of the next text is the same
        assert first.body == again.body != other.body
        await stage.restart()
        peer = await stage.bound("bank", password)
        last = await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x02two")
        assert [one.text for one in stage.messages()] == ["uno two"]
        assert last.body == other.body
        last = await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x02two!")
        assert [one.text for one in stage.messages()] == ["uno two", "one two!"]
        assert last.body == first.body


@story
async def test_a_text_that_is_never_whole_is_given_up_and_its_client_hears_it(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        taken = await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x01one ", registered=1)
        shown = taken.body[:-1]
        assert (await peer.ask(QUERY, taken.body + b"\0\0\0")).body == shown + b"\0\0\x01\x00"
        stage.clock.advance(601)
        assert stage.submitting.give_up() == 1
        stage.server.wake()
        heard = await peer.hear()
        assert heard.command == DELIVER
        assert b"id:" + shown + b" sub:001 dlvrd:000" in heard.body
        assert b"stat:UNDELIV" in heard.body
        assert (await peer.ask(QUERY, taken.body + b"\0\0\0")).status == 0x67


@story
async def test_texts_are_asked_for_and_cancelled_by_who_sent_them_alone(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password, other = stage.account(), stage.account("other")
        peer, stranger = await stage.bound("bank", password), await stage.bound("other", other)
        taken = (await peer.submit(registered=1)).body
        assert (await peer.ask(QUERY, taken + b"\0\0\0")).body == taken + b"\0\x01\x00"
        assert (await stranger.ask(QUERY, taken + b"\0\0\0")).status == 0x67
        assert (await stranger.ask(CANCEL, b"\0" + taken + b"\0\0\0\0\0\0")).status == 0x11
        assert (await peer.ask(CANCEL, b"\0" + taken + b"\0\0\0\0\0\0")).status == 0
        receipt = await peer.hear()
        assert b"stat:DELETED" in receipt.body
        peer.acknowledge(receipt)
        await stage.until_waiting(0)
        assert (await peer.ask(QUERY, taken + b"\0\0\0")).body == taken + b"\0\x04\x00"
        assert (await peer.ask(CANCEL, b"\0nonsense\0\0\0\0\0\0\0")).status == 0x11
        assert [one.status for one in stage.messages()] == [Status.CANCELLED]


@story
async def test_a_client_that_hurries_is_answered_for_every_text_and_none_is_lost(tmp_path: Path) -> None:
    async with Stage(tmp_path, "window = 3") as stage:
        peer = await stage.bound("bank", stage.account())
        asked = {peer.say(SUBMIT, submit_body(text=b"text %d" % n)) for n in range(50)}
        answers = [await peer.hear() for _ in asked]
        assert {one.sequence for one in answers} == asked
        assert {one.status for one in answers} == {0}
        assert sorted(one.text for one in stage.messages()) == sorted(f"text {n}" for n in range(50))
        assert len({one.body for one in answers}) == 50


@story
async def test_one_bad_text_among_many_is_refused_alone(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        bad = [peer.say(SUBMIT, submit_body(to=b"12" if n == 4 else b"4917012345", ton=1)) for n in range(9)][4]
        statuses = {(one := await peer.hear()).sequence: one.status for _ in range(9)}
        assert [sequence for sequence, status in statuses.items() if status == 0x0B] == [bad]
        assert len(stage.messages()) == 8


@story
async def test_who_sends_faster_than_allowed_is_throttled_until_the_second_is_over(tmp_path: Path) -> None:
    async with Stage(tmp_path, "throughput = 5") as stage:
        peer = await stage.bound("bank", stage.account())
        assert [(await peer.submit()).status for _ in range(7)] == [0] * 5 + [0x58] * 2
        stage.clock.advance(0.5)
        assert [(await peer.submit()).status for _ in range(3)] == [0, 0, 0x58]
        assert len(stage.messages()) == 7


@story
async def test_a_key_with_a_pace_of_its_own_has_it_over_all_its_binds(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        one, other = await stage.bound("bank", password), await stage.bound("bank", password)
        await asyncio.to_thread(stage.keys.change_rules, "bank", {"per_second": 2.0}, "a test", stage.settings)
        assert [(await peer.submit()).status for peer in (one, other, one, other)] == [0, 0, 0x58, 0x58]
        stage.clock.advance(0.5)
        assert (await other.submit()).status == 0
        assert len(stage.messages()) == 3


@story
async def test_a_full_queue_is_said_as_one(tmp_path: Path) -> None:
    async with Stage(tmp_path, "[sending]", "max_queued = 2") as stage:
        peer = await stage.bound("bank", stage.account())
        assert [(await peer.submit()).status for _ in range(3)] == [0, 0, 0x14]
        first = stage.messages()[0].id
        stage.store.writer.run(lambda db: outbox.cancel(db, first, stage.clock.now()))
        stage.clock.advance(1)
        assert [(await peer.submit()).status for _ in range(2)] == [0, 0x14]


@story
async def test_a_full_disk_is_said_as_a_full_queue(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        object.__setattr__(stage.settings.store, "reserve_mb", 10**12)
        stage.clock.advance(2)
        assert (await peer.submit()).status == 0x14
        assert (await peer.submit(esm=0x40, text=b"\x05\x00\x03\x2a\x02\x01one ")).status == 0x14
        object.__setattr__(stage.settings.store, "reserve_mb", 0)
        stage.clock.advance(2)
        assert (await peer.submit()).status == 0
        assert len(stage.messages()) == 1


@story
async def test_the_rules_of_a_key_hold_for_its_bind_and_from_the_next_text_on(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        assert (await peer.submit(text=b"www.example.com")).status == 0
        await asyncio.to_thread(stage.keys.change_rules, "bank", {"longest": 15, "links": "refuse"}, "a test", stage.settings)
        assert (await peer.submit(text=b"www.example.com")).status == 0x66
        assert (await peer.submit(text=b"1234567890123456")).status == 0x01
        assert (await peer.submit(text=b"123456789012345")).status == 0
        # A text in two segments of 10 characters is judged when it is whole.
        header = b"\x05\x00\x03\x07\x02"
        assert (await peer.submit(text=header + b"\x01" + b"x" * 10, esm=0x40)).status == 0
        assert (await peer.submit(text=header + b"\x02" + b"x" * 10, esm=0x40)).status == 0x01
        assert sorted(message.text for message in stage.messages()) == ["123456789012345", "www.example.com"]


@story
async def test_a_revoked_key_is_refused_at_once(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        assert (await peer.submit()).status == 0
        await asyncio.to_thread(stage.keys.revoke, "bank")
        assert (await peer.submit()).status == 0x45
        assert len(stage.messages()) == 1


@story
async def test_who_does_not_bind_is_disconnected(tmp_path: Path) -> None:
    async with Stage(tmp_path, "bind_within_s = 0.1") as stage:
        peer, other = await stage.peer(), await stage.peer()
        other.writer.write(b"\0\0")  # half a header
        await peer.ends()
        await other.ends()


@story
async def test_a_silent_client_is_asked_and_disconnected_unless_it_answers(tmp_path: Path) -> None:
    async with Stage(tmp_path, "enquire_after_s = 0.1", "answer_within_s = 3.0") as stage:
        password = stage.account()
        dead, alive = await stage.bound("bank", password), await stage.bound("bank", password)
        for _ in range(3):
            heard = await alive.hear()
            assert heard.command == ENQUIRE
            alive.say(ENQUIRE | RESPONSE, sequence=heard.sequence)
        await dead.ends()


@story
async def test_octets_that_are_no_smpp_end_the_connection_and_nobody_elses(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        good = await stage.bound("bank", password)
        chance = random.Random(34)
        for octets in [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, bytes(16), b"\x00\x10\x00\x00" + bytes(12)]:
            peer = await stage.peer()
            peer.writer.write(octets)
            assert (await peer.hear()).status == 0x02
            await peer.ends()
        for _ in range(30):
            peer = await stage.peer()
            assert (await peer.bind("bank", password)).status == 0
            peer.writer.write(chance.randbytes(chance.randrange(1, 300)))
            peer.writer.write_eof()
            await peer.ends()
        assert (await good.submit()).status == 0


@story
async def test_the_longest_pdu_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        peer = await stage.bound("bank", password)
        assert (await peer.submit(text=b"", tlvs=b"\x04\x24\xff\xff" + b"x" * 65_535)).status == 0x01
        peer.writer.write(b"\x00\x01\x01\xd1\x00\x00\x00\x04" + bytes(70_000))
        assert (await peer.hear()).status == 0x02


@story
async def test_stopping_answers_what_was_taken_and_says_goodbye(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        asked = peer.say(SUBMIT, submit_body())
        heard = await peer.hear()
        assert (heard.sequence, heard.status) == (asked, 0)
        stopping = asyncio.create_task(stage.server.stop())
        assert (await peer.hear()).command == UNBIND
        await peer.ends()
        await stopping


@story
async def test_clients_speak_tls_where_a_certificate_is_given(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    async with Stage(tmp_path, 'certificate_file = "smpp.pem"', 'key_file = "smpp.key"', "bind_within_s = 5.0") as stage:
        password = stage.account()
        peer = await stage.peer(ssl.create_default_context(cafile=str(certificate)))
        assert (await peer.bind("bank", password)).status == 0
        assert (await peer.submit()).status == 0
        plain: Peer = await stage.peer()
        plain.say(BIND_TRX, b"bank\0" + password.encode() + b"\0\0\x34\0\0\0")
        await plain.ends()


def _certificate(folder: Path) -> Path:
    """smpp.pem for 127.0.0.1, with smpp.key beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl not installed")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "smpp.key", "-out", "smpp.pem"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    return folder / "smpp.pem"
