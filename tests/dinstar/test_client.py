"""The HTTP between us and a box, to the letter: logins, connections, what counts as no answer, what never reaches a log."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re

import pytest

from gateway.dinstar import wire
from gateway.dinstar.client import Client
from gateway.dinstar.faults import BoxSilent
from gateway.errors import ModemUnfit
from tests.dinstar.peer import CHALLENGE, FORBIDDEN, HANG_UP, peer, says
from tests.dinstar.stage import QUICK, settings, story

OK = '{"error_code":200,"sn":"dbd2-0300-0000-0001","result":[]}'
ASKED = wire.results([1])


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@story
async def test_digest_is_answered_as_the_challenge_says_and_kept_for_the_next_request() -> None:
    async with peer(CHALLENGE, says(OK), says(OK)) as box:
        client = Client(settings(box.url), QUICK)
        answer = await client.ask(ASKED)
        assert (answer.code, answer.document["sn"]) == (200, "dbd2-0300-0000-0001")
        assert answer.date is not None and answer.date.isoformat() == "2026-11-21T20:03:04+00:00"
        await client.ask(ASKED)
        await client.close()
    assert [first for first, _, _ in box.requests] == ["POST /api/query_sms_result HTTP/1.1"] * 3
    assert "authorization" not in box.requests[0][1]
    assert all(json.loads(body) == {"user_id": [1]} for _, _, body in box.requests)
    for count, (_, headers, _) in enumerate(box.requests[1:], 1):
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', headers["authorization"]))
        assert (fields["username"], fields["nonce"], fields["nc"]) == ("admin", "5f2b9c", f"{count:08x}")
        secret, asked = md5("admin:Web Server:secret"), md5("POST:/api/query_sms_result")
        assert fields["response"] == md5(f"{secret}:5f2b9c:{count:08x}:{fields['cnonce']}:auth:{asked}")
    assert box.connections == 2  # the challenge ended the first one


@story
async def test_basic_is_sent_at_once_when_it_is_configured() -> None:
    async with peer(says(OK)) as box:
        client = Client(settings(box.url, auth="basic"), QUICK)
        await client.ask(ASKED)
        await client.close()
    assert box.requests[0][1]["authorization"] == "Basic YWRtaW46c2VjcmV0"


@story
async def test_a_login_that_is_refused_again_is_tried_once_more_on_a_new_connection_and_then_a_person_is_needed() -> None:
    async with peer(FORBIDDEN, says(OK)) as box:
        client = Client(settings(box.url, auth="basic"), QUICK)
        assert (await client.ask(ASKED)).code == 200
        await client.close()
    async with peer(FORBIDDEN, FORBIDDEN) as box:
        client = Client(settings(box.url, auth="basic"), QUICK)
        with pytest.raises(ModemUnfit) as fault:
            await client.ask(ASKED)
        await client.close()
    assert "password_file" in fault.value.remedy and "secret" not in str(fault.value)
    assert (box.connections, len(box.requests)) == (2, 2)


@pytest.mark.parametrize(
    "answer",
    [
        HANG_UP,
        b'HTTP/1.1 200 Data follows\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{"error_code":2',
        b"nonsense\r\n\r\n Connection: close",
        says("not json", close=True),
        says("[1]", close=True),
        says('{"sn":"x"}', close=True),
        says('{"error_code":true}', close=True),
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
    ids=["cut", "short", "no http", "no json", "array", "no code", "boolean", "500", "302"],
)
@story
async def test_what_is_no_answer_may_have_been_carried_out(answer: bytes) -> None:
    began = []
    async with peer(answer, says(OK)) as box:
        client = Client(settings(box.url, auth="basic"), QUICK)
        with pytest.raises(BoxSilent) as fault:
            await client.exchange(ASKED, lambda: began.append(1))
        assert fault.value.left and began == [1]
        assert (await client.ask(ASKED)).code == 200
        await client.close()


@story
async def test_a_box_that_does_not_answer_in_time_is_silent() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    client = Client(settings(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_s=0.2), QUICK)
    with pytest.raises(BoxSilent, match=r"no answer .* within 0\.2 s") as fault:
        await client.exchange(ASKED)
    assert fault.value.left
    await client.close()
    server.close()
    await server.wait_closed()


@story
async def test_nothing_has_left_for_a_box_that_takes_no_connection() -> None:
    began: list[int] = []
    async with peer() as box:
        url = box.url
    client = Client(settings(url), QUICK)
    with pytest.raises(BoxSilent) as fault:
        await client.exchange(ASKED, lambda: began.append(1))
    assert not fault.value.left and not began
    await client.close()


@story
async def test_a_code_may_come_as_a_string() -> None:
    async with peer(says('{"error_code":"202"}')) as box:
        client = Client(settings(box.url, auth="basic"), QUICK)
        assert (await client.ask(ASKED)).code == 202
        await client.close()


@story
async def test_requests_go_one_after_the_other() -> None:
    async with peer(*[says(OK)] * 6) as box:
        client = Client(settings(box.url, auth="basic"), QUICK)
        await asyncio.gather(*(client.ask(wire.results([n])) for n in range(1, 7)))
        await client.close()
    assert [json.loads(body)["user_id"] for _, _, body in box.requests] == [[n] for n in range(1, 7)]
    assert box.connections == 1


def test_no_secret_and_no_request_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    @story
    async def asked() -> None:
        async with peer(CHALLENGE, says(OK), CHALLENGE, CHALLENGE, CHALLENGE, CHALLENGE) as box:
            client = Client(settings(box.url), QUICK)
            await client.ask(wire.send_ussd(0, "*101*4711#"))
            with pytest.raises(ModemUnfit):
                await client.ask(ASKED)
            await client.close()

    asked()
    for hidden in ("secret", "Digest", "api/", "4711", "cnonce"):
        assert hidden not in caplog.text
    assert "secret" not in repr(settings("http://192.0.2.10"))


@story
async def test_logins_that_are_only_too_old_are_not_taken_for_a_wrong_password() -> None:
    old = CHALLENGE.replace(b'algorithm="MD5"', b'algorithm="MD5", stale="true"')
    async with peer(CHALLENGE, old, CHALLENGE, old, CHALLENGE, says(OK)) as box:
        client = Client(settings(box.url), QUICK)
        with pytest.raises(BoxSilent) as fault:
            await client.ask(ASKED)
        assert not fault.value.left
        client = Client(settings(box.url), QUICK)
        assert (await client.ask(ASKED)).code == 200
        await client.close()
