"""Texts handed to an Asterisk by its manager interface: one login for many, in order; phones that are away, an Asterisk that is."""

from __future__ import annotations

import asyncio
import logging
import ssl
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.core.forwarding.addresses import Reach
from gateway.core.forwarding.ami import AmiWire
from gateway.core.forwarding.dialling import Surroundings
from gateway.pbx.formats import FORMATS, hook
from gateway.records import EventType
from gateway.settings import ForwardingSettings
from tests import asterisk
from tests.asterisk import Asterisk
from tests.core.stage import Stage, story
from tests.core.test_forwarding import certificate  # noqa: F401
from tests.pbx import told

TEXT = {"id": "msg_1", "from": "+491711234567", "to": "+4915110000000", "text": "Grüße\n😀", "channel": "p0", "extension": "1001"}


def wanted(pbx: Asterisk, **options: object) -> dict[str, Any]:
    return {"url": pbx.url, "format": "asterisk-ami", "secret": "swordfish", "options": options}


@story
async def test_a_text_is_handed_over_after_an_md5_login(tmp_path: Path) -> None:
    async with Asterisk(secret="swordfish") as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        event_id = await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (row,) = await stage.recorded(webhook, "accepted")
        (sent,) = pbx.actions
        assert sent == {
            "Action": "MessageSend",
            "ActionID": event_id,
            "Destination": "pjsip:1001",
            "From": '"+491711234567" <sip:+491711234567@simrack>',
            "Base64Body": b64encode("Grüße\n😀".encode()).decode(),
        }
        assert (row.last_status, row.last_error) == (None, None)
        assert b"swordfish" not in pbx.raw


@story
async def test_without_a_challenge_the_login_is_plain(tmp_path: Path) -> None:
    async with Asterisk(offers_md5=False) as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        await stage.recorded(webhook, "accepted")
        assert pbx.logins[0]["Secret"] == "swordfish"


@story
async def test_many_texts_go_over_one_connection_in_order(tmp_path: Path) -> None:
    async with Asterisk(piece=7) as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx, default_extension="1001"))
        await stage.tell_all(*((str(number), f"caller {number % 5}") for number in range(60)))
        await stage.recorded(webhook, *["accepted"] * 60)
        assert len(pbx.logins) == 1
        for caller in range(5):
            theirs = [int(one) for one in pbx.texts if int(one) % 5 == caller]
            assert theirs == sorted(theirs) and len(theirs) == 12


@story
async def test_a_phone_that_is_away_gets_its_text_later_and_holds_up_nobody(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        pbx.answers.extend([asterisk.NOBODY_THERE] * 12)
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT, "alice")
        for tries in range(1, 13):
            (row,) = await stage.recorded(webhook, "pending", tries=tries)
            assert row.next_at - stage.clock.now() <= 900 * 1.2
            stage.later(1100)
        await stage.recorded(webhook, "accepted")
        assert "no phone of it is registered" in str(row.last_error) and "pjsip:1001" in str(row.last_error)
        pbx.answers.extend([asterisk.NOBODY_THERE] * 8)
        for number in range(8):  # more refusals in a row than a webhook may give
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT, f"away {number}")
        await pbx.done(21)
        await stage.happens(EventType.MESSAGE_RECEIVED, {**TEXT, "extension": "1002"}, "bob")
        assert (await pbx.done(22))[-1]["Destination"] == "pjsip:1002"


@story
async def test_a_text_for_nobody_is_a_dead_letter_that_says_what_to_configure(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        await stage.happens(EventType.MESSAGE_RECEIVED, {**TEXT, "extension": None}, "alice")
        (row,) = await stage.recorded(webhook, "dead")
        assert "default_extension" in str(row.last_error)
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT, "alice")
        await stage.recorded(webhook, "dead", "accepted")
        await asyncio.to_thread(
            lambda: stage.webhooks.change(webhook.id, format="asterisk-ami", options={"default_extension": "reception"})
        )
        await asyncio.to_thread(lambda: stage.webhooks.replay(webhook.id))
        assert (await pbx.done(2))[1]["Destination"] == "pjsip:reception"


@story
async def test_a_refused_login_is_tried_again_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Asterisk(secret="of another") as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        with caplog.at_level(logging.DEBUG):
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "refuses the login of simrack: 'Authentication failed'" in str(row.last_error)
        assert "swordfish" not in caplog.text
        pbx.secret = "swordfish"
        stage.later(10)
        await stage.recorded(webhook, "accepted")


@story
async def test_a_missing_permission_pauses_the_webhook_and_loses_nothing(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        pbx.answers.append(asterisk.NOT_ALLOWED)
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "Permission denied" in str(row.last_error) and "manager.conf" in str(row.last_error)
        stage.later(10)
        await stage.recorded(webhook, "accepted")


@pytest.mark.parametrize("answer", [asterisk.CLOSE, asterisk.SILENCE])
def test_an_asterisk_that_closes_or_says_nothing_is_down_and_asked_anew(tmp_path: Path, answer: bytes) -> None:
    @story
    async def told() -> None:
        async with Asterisk() as pbx, Stage(tmp_path, settings=ForwardingSettings(timeout_s=1.0)) as stage:
            webhook = stage.hook(**wanted(pbx))
            pbx.answers.append(answer)
            event_id = await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            (row,) = await stage.recorded(webhook, "pending", tries=1)
            assert ("closed" if answer == asterisk.CLOSE else "no answer from Asterisk within 1 s") in str(row.last_error)
            stage.later(10)
            await stage.recorded(webhook, "accepted")
            assert [one["ActionID"] for one in pbx.actions] == [event_id] * 2
            assert len(pbx.logins) == 2

    told()


@story
async def test_an_asterisk_that_was_restarted_between_two_texts_costs_no_retry(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        async with Asterisk() as before:
            webhook = stage.hook(**wanted(before))
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            await stage.recorded(webhook, "accepted")
        async with Asterisk(port=before.port) as after:
            await stage.until(lambda: before.open == 0)
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            await stage.recorded(webhook, "accepted", "accepted")
            assert [row.tries for row in stage.rows(webhook)] == [1, 1] and len(after.actions) == 1


@story
async def test_who_is_no_asterisk_is_told_nothing(tmp_path: Path) -> None:
    async with Asterisk(greeting=b"SSH-2.0-OpenSSH_9.2\r\n") as other, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(other))
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "no Asterisk manager answers there" in str(row.last_error)
        assert other.raw == b""


@story
async def test_our_own_port_and_link_local_addresses_are_never_called(tmp_path: Path) -> None:
    async with Stage(tmp_path, reach=Reach((("127.0.0.1", 8080), ("0.0.0.0", 5038)))) as stage:
        for url, reason in (("ami://127.0.0.1", "this gateway itself"), ("amis://169.254.169.254", "link-local")):
            webhook = stage.hook(url, format="asterisk-ami", secret="swordfish")
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            (row,) = await stage.recorded(webhook, "dead")
            assert reason in str(row.last_error)


@story
async def test_amis_is_tls_with_a_certificate_somebody_vouches_for(tmp_path: Path, certificate: tuple[Path, Path]) -> None:  # noqa: F811
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with Asterisk(tls=context) as pbx:
        known: dict[str, Any] = {"format": "asterisk-ami", "secret": "swordfish"}
        async with Stage(tmp_path, trust=ssl.create_default_context(cafile=cert)) as stage:
            webhook = stage.hook(f"amis://localhost:{pbx.port}", **known)
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            await stage.recorded(webhook, "accepted")
        (tmp_path / "strict").mkdir()
        async with Stage(tmp_path / "strict") as stage:
            webhook = stage.hook(f"amis://localhost:{pbx.port}", **known)
            await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
            (row,) = await stage.recorded(webhook, "pending", tries=1)
            assert "certificate" in str(row.last_error).lower()
        assert [one["Action"] for one in pbx.actions] == ["MessageSend", "Logoff"]


# Cut at the blank behind each word: 756 octets a piece at most.
LONG = {**TEXT, "text": " ".join(["a" * 700, "b" * 700, "c" * 700])}
PIECES = ["a" * 700 + " ", "b" * 700 + " ", "c" * 700]


@pytest.mark.parametrize("answer", [asterisk.NOBODY_THERE, asterisk.NOT_ALLOWED, asterisk.CLOSE])
def test_pieces_that_asterisk_took_are_not_sent_again(tmp_path: Path, answer: bytes) -> None:
    @story
    async def told() -> None:
        async with Asterisk() as pbx, Stage(tmp_path) as stage:
            webhook = stage.hook(**wanted(pbx))
            for tries, answers in enumerate(((asterisk.SENT, answer), (answer,), (asterisk.SENT, asterisk.SENT)), 1):
                pbx.answers.extend(answers)
                if tries == 1:
                    await stage.happens(EventType.MESSAGE_RECEIVED, LONG)
                if tries < 3:
                    await stage.recorded(webhook, "pending", tries=tries)
                    stage.later(400)
            await stage.recorded(webhook, "accepted")
            assert pbx.texts == [PIECES[0], PIECES[1], PIECES[1], PIECES[1], PIECES[2]]

    told()


@story
async def test_which_pieces_asterisk_took_is_known_after_a_restart(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        pbx.answers.extend([asterisk.SENT, asterisk.SENT, asterisk.SILENCE])
        await stage.happens(EventType.MESSAGE_RECEIVED, LONG)
        await pbx.done(3)
        await stage.until(lambda: stage.rows(webhook)[0].handed is not None)
        await stage.restart()
        await stage.recorded(webhook, "accepted")
        assert pbx.texts == [*PIECES, PIECES[2]]


@story
async def test_pieces_for_another_phone_begin_with_the_first(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        pbx.answers.extend([asterisk.SENT, asterisk.NOBODY_THERE])
        await stage.happens(EventType.MESSAGE_RECEIVED, LONG)
        await stage.recorded(webhook, "pending", tries=1)
        elsewhere = {"format": "asterisk-ami", "options": {"destination": "pjsip:reception"}}
        await asyncio.to_thread(lambda: stage.webhooks.change(webhook.id, **elsewhere))
        await stage.recorded(webhook, "accepted")
        assert [one["Destination"] for one in pbx.actions] == ["pjsip:1001"] * 2 + ["pjsip:reception"] * 3
        assert pbx.texts[2:] == PIECES


@story
async def test_a_replay_goes_on_with_the_rest_of_what_was_given_up_and_repeats_what_was_accepted(tmp_path: Path) -> None:
    soon = ForwardingSettings(give_up_after_hours=0.001)
    async with Asterisk() as pbx, Stage(tmp_path, settings=soon) as stage:
        webhook = stage.hook(**wanted(pbx))
        pbx.answers.extend([asterisk.SENT, asterisk.NOBODY_THERE, asterisk.NOBODY_THERE])
        event_id = await stage.happens(EventType.MESSAGE_RECEIVED, LONG)
        await stage.recorded(webhook, "pending", tries=1)
        stage.later(10)
        await stage.recorded(webhook, "dead", tries=2)
        for _ in range(2):
            await asyncio.to_thread(lambda: stage.webhooks.replay(webhook.id, ids=[event_id]))
            await stage.recorded(webhook, "accepted")
        assert pbx.texts == [PIECES[0], PIECES[1], PIECES[1], PIECES[1], PIECES[2], *PIECES]


@story
async def test_it_logs_off_when_no_text_comes(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        wire = AmiWire(Surroundings(10.0, Reach(), ssl.create_default_context, ThreadPoolExecutor(1)), idle_s=0.01)
        request = FORMATS["asterisk-ami"].compose(
            told.RECEIVED, hook("wh_1", pbx.url, "swordfish", "asterisk-ami", {"default_extension": "1"}, "DE"), 0.0
        )
        for number in (1, 2):
            assert not (await wire.post(request)).fault  # type: ignore[arg-type]
            assert (await pbx.done(2 * number))[-1]["Action"] == "Logoff"
            await stage.until(lambda: pbx.open == 0)
        assert len(pbx.logins) == 2


@story
async def test_an_event_that_is_tested_without_an_extension_only_pings(tmp_path: Path) -> None:
    async with Asterisk() as pbx, Stage(tmp_path) as stage:
        webhook = stage.hook(**wanted(pbx))
        await asyncio.to_thread(lambda: stage.webhooks.test(webhook.id))
        await stage.recorded(webhook, "accepted")
        assert [one["Action"] for one in pbx.actions] == ["Ping"]
