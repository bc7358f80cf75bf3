"""What a client acknowledged it is not given again, though the disk is slow or takes nothing for a while."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from gateway.store import Database
from tests.core.stage import story
from tests.smpp.stage import ENQUIRE, PATIENCE_S, RESPONSE, UNBIND, Peer, Stage, short_text


@story
async def test_what_was_acknowledged_does_not_come_again_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    def refuse(db: Database) -> None:
        db.execute_sql("CREATE TRIGGER full BEFORE DELETE ON smppdeliveries BEGIN SELECT RAISE(ABORT, 'no room'); END")

    async with Stage(tmp_path) as stage:
        peer = await stage.bound("bank", stage.account())
        await stage.store.writer.arun(refuse)
        await stage.text_comes("once", "+491701", "msg_1")
        heard = await peer.hear()
        assert short_text(heard.body)[2] == b"once"
        peer.acknowledge(heard)
        await stage.text_comes("other", "+491702", "msg_2")
        heard = await peer.hear()
        assert short_text(heard.body)[2] == b"other"
        peer.acknowledge(heard)
        for n in range(3, 6):
            await stage.text_comes("mark", f"+49170{n}", f"msg_{n}")
            heard = await peer.hear()
            assert short_text(heard.body)[2] == b"mark"
            peer.acknowledge(heard)
            stage.clock.advance(400)
            stage.server.wake()
        assert stage.waiting() == 5
        await stage.store.writer.arun(lambda db: db.execute_sql("DROP TRIGGER full"))
        stage.clock.advance(400)
        stage.server.wake()
        await stage.until_waiting(0)
        await stage.text_comes("after", "+491701", "msg_9")
        assert short_text((await peer.hear()).body)[2] == b"after"


@story
async def test_what_was_acknowledged_does_not_come_again_to_a_bind_that_is_quicker_than_the_disk(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password, slow = stage.account(), threading.Event()
        peer = await stage.bound("bank", password)
        await stage.text_comes("once")
        heard = await peer.hear()
        writing = asyncio.ensure_future(stage.store.writer.arun(lambda db: slow.wait(20)))
        peer.acknowledge(heard)
        assert (await peer.ask(UNBIND)).status == 0  # by its answer the acknowledgement is read
        peer = await stage.bound("bank", password)
        stage.server.wake()
        assert (await peer.ask(ENQUIRE)).command == ENQUIRE | RESPONSE  # and nothing before it
        slow.set()
        await writing
        await stage.until_waiting(0)
        await stage.text_comes("after", message="msg_2")
        assert short_text((await peer.hear()).body)[2] == b"after"


@story
async def test_a_client_that_takes_nothing_is_asked_for_a_few_at_a_time_and_gets_all_in_the_end(tmp_path: Path) -> None:
    async with Stage(tmp_path, "window = 40") as stage:
        peer = await stage.bound("bank", stage.account())
        for n in range(100):
            await stage.text_comes(f"text {n}", f"+4917{n:07}", f"msg_{n}")
        refused = 0
        for most in (40, 10, 10):  # all that was on its way already, then few
            heard = [await peer.hear() for _ in range(most)]
            for one in heard:
                peer.acknowledge(one, 0x14)
            refused += most
            await _until_refused(stage, refused)
            assert (await peer.ask(ENQUIRE)).command == ENQUIRE | RESPONSE  # nothing else before it
            stage.clock.advance(5)
            stage.server.wake()
        texts: set[bytes] = set()
        while len(texts) < 100:
            stage.clock.advance(300)
            stage.server.wake()
            one = await peer.hear()
            texts.add(short_text(one.body)[2])
            peer.acknowledge(one)
        await stage.until_waiting(0)


async def _until_refused(stage: Stage, times: int) -> None:
    """Until so many refusals are written down, on the loop we share."""
    async with asyncio.timeout(PATIENCE_S):
        while stage.store.read(_refusals) != times:  # noqa: ASYNC110
            await asyncio.sleep(0)


def _refusals(db: Database) -> int:
    return int(db.execute_sql("SELECT SUM(tries) FROM smppdeliveries").fetchone()[0])


async def _knocks(stage: Stage, address: str = "127.0.0.2") -> Peer:
    host, port = stage.server.address
    return Peer(*await asyncio.open_connection(host, port, local_addr=(address, 0)))


@story
async def test_who_only_knocks_keeps_out_nobody_who_comes_from_elsewhere(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        knocking = [await _knocks(stage) for _ in range(50)]
        await (await _knocks(stage)).ends()
        await stage.bound("bank", password)
        for one in knocking:
            one.close()


@story
async def test_who_tries_passwords_makes_nobody_else_wait_for_all_of_them(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        password = stage.account()
        guessing = [await _knocks(stage) for _ in range(20)]
        answers = [asyncio.ensure_future(one.bind("bank", "wrong")) for one in guessing]
        await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        await stage.bound("bank", password)
        assert sum(one.done() for one in answers) < 10
        assert {one.status for one in await asyncio.gather(*answers)} == {0x0E}
