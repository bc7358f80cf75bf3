"""The login of the Dinstar door: Digest as requests and the FreePBX module make it, Basic, nonces that age and count."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from werkzeug.test import TestResponse

from gateway.web.compat.dinstar_digest import NONCE_LIVES_S, Nonces
from tests.web.compat.conftest import KEY, Open, basic

BODY = {"text": "hello", "param": [{"number": "+4915112345678"}]}
CHALLENGE = re.compile(r'Digest realm="Web Server", qop="auth", nonce="([0-9a-f]{56})", algorithm="MD5"(, stale=true)?')


@pytest.fixture
def password(opened: Open) -> Iterator[str]:
    yield opened.gateway.keys.add_dinstar("pbx")[1]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def nonce_of(answer: TestResponse) -> str:
    found = CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])
    assert answer.status_code == 401 and found, answer.headers
    return found[1]


def freepbx(password: str, nonce: str, uri: str = "/api/send_sms", method: str = "POST", **changed: str) -> dict[str, str]:
    """The header as that module builds it: no algorithm, qop and nc bare."""
    given = {"username": "pbx", "realm": "Web Server", "nc": "00000001", "cnonce": "0a4f113b", **changed}
    ha1, ha2 = md5(f"{given['username']}:{given['realm']}:{password}"), md5(f"{method}:{uri}")
    response = md5(f"{ha1}:{nonce}:{given['nc']}:{given['cnonce']}:auth:{ha2}")
    return {
        "Authorization": f'Digest username="{given["username"]}", realm="{given["realm"]}", nonce="{nonce}", uri="{uri}",'
        f' qop=auth, nc={given["nc"]}, cnonce="{given["cnonce"]}", response="{response}"'
    }


def ask(opened: Open, headers: dict[str, str], path: str = "/api/send_sms", **more: Any) -> TestResponse:
    return opened.client.open(path, method="POST", json=BODY, headers=headers, **more)


def test_requests_sends_with_digest_and_with_basic_over_one_connection(opened: Open, url: str, password: str) -> None:
    for login in (HTTPDigestAuth("pbx", password), HTTPBasicAuth("pbx", password), HTTPBasicAuth("whoever", KEY)):
        with requests.Session() as session:
            session.auth = login
            for _ in range(3):
                answer = session.post(f"{url}/api/send_sms", json=BODY, timeout=30)
                assert (answer.status_code, answer.json()["error_code"]) == (200, 202)
            got = session.get(f"{url}/api/query_incoming_sms?flag=all&port=0,1", timeout=30)
            assert (got.status_code, got.json()["sms"]) == (200, [])
    assert len(opened.messages()) == 9


WRONG = [HTTPDigestAuth("pbx", "wrong"), HTTPDigestAuth("nobody", "x"), HTTPBasicAuth("pbx", "wrong"), None]


@pytest.mark.parametrize("login", WRONG)
def test_a_wrong_login_is_challenged(opened: Open, url: str, password: str, login: Any) -> None:
    answer = requests.post(f"{url}/api/send_sms", json=BODY, auth=login, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (401, 401)
    assert CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])
    assert not opened.messages()


def test_the_freepbx_module_asks_by_get_first_and_sends_then(opened: Open, password: str) -> None:
    """oazmi-apps/dinstar-freepbx-sms-router: a bare GET on /api/send_sms must be 401, whose quoted attributes it reads."""
    challenge = opened.client.get("/api/send_sms")
    read = dict(re.findall(r'(\w+)="([^"]+)"', challenge.headers["WWW-Authenticate"]))
    assert read == {"realm": "Web Server", "qop": "auth", "algorithm": "MD5", "nonce": nonce_of(challenge)}
    body = '{"text":"hello","param":[{"number":"+4915112345678"}],"port":[0],"encoding":"unicode"}'
    answer = opened.client.post("/api/send_sms", data=body, headers=freepbx(password, read["nonce"]))
    assert answer.json["error_code"] == 202
    signed = freepbx(password, read["nonce"], method="GET", nc="00000002")
    assert opened.client.get("/api/send_sms", headers=signed).status_code == 405


def test_a_request_that_comes_a_second_time_is_not_taken(opened: Open, password: str) -> None:
    nonce = nonce_of(ask(opened, {}))
    header = freepbx(password, nonce)
    assert ask(opened, header).json["error_code"] == 202
    again = ask(opened, header)
    assert (again.status_code, "stale=true" in again.headers["WWW-Authenticate"]) == (401, True)
    # Several connections may come out of order.
    counts = ("00000003", "00000002", "00000003")
    assert [ask(opened, freepbx(password, nonce, nc=nc)).status_code for nc in counts] == [200, 200, 401]
    assert len(opened.messages()) == 3


def test_an_old_or_strange_nonce_is_stale_for_those_who_know_the_password(opened: Open, password: str) -> None:
    nonce = nonce_of(ask(opened, {}))
    for wrong in ("guessed", password):
        opened.gateway.clock.advance(NONCE_LIVES_S + 1 if wrong != password else 0)
        refused = ask(opened, freepbx(wrong, nonce))
        assert ("stale=true" in refused.headers["WWW-Authenticate"]) == (wrong == password)
    strange = ask(opened, freepbx(password, "0" * 56))
    assert (strange.status_code, "stale=true" in strange.headers["WWW-Authenticate"]) == (401, True)
    assert ask(opened, freepbx(password, nonce_of(strange))).status_code == 200


def test_digest_without_qop_is_taken_as_old_clients_make_it(opened: Open, password: str) -> None:
    nonce = nonce_of(ask(opened, {}))
    response = md5(f"{md5(f'pbx:Web Server:{password}')}:{nonce}:{md5('POST:/api/send_sms')}")
    header = f'Digest username="pbx", realm="Web Server", nonce="{nonce}", uri="/api/send_sms", response="{response}"'
    assert ask(opened, {"Authorization": header}).status_code == 200
    assert ask(opened, {"Authorization": header.replace(response, response[::-1])}).status_code == 401


def test_a_signature_belongs_to_one_address_however_it_is_escaped(opened: Open, password: str) -> None:
    def get(signed: str, asked: str) -> int:
        header = freepbx(password, nonce_of(ask(opened, {})), signed, "GET")
        return opened.client.get(asked, headers=header).status_code

    asked = "/api/query_incoming_sms?flag=all&port=0,1"
    assert get(asked, asked) == 200
    assert get("/api/query_incoming_sms?flag=all&port=0%2C1", asked) == 200
    assert get("/gateway/api/query_incoming_sms?flag=all&port=0,1", asked) == 200
    assert get("/api/query_incoming_sms", asked) == 401
    assert get("/api/query_sms_in_queue?flag=all&port=0,1", asked) == 401


@pytest.mark.parametrize(
    "header",
    [
        "Digest",
        "Digest username",
        'Digest username="pbx", realm="elsewhere", nonce="1", uri="/api/send_sms", response="2"',
        'Digest username="pbx", realm="Web Server", qop=auth-int, nonce="1", uri="/api/send_sms", response="2"',
        'Digest username="pbx", realm="Web Server", algorithm=SHA-256, nonce="1", uri="/api/send_sms", response="ä"',
        "Basic", "Basic !!!", "Basic cGJ4", f"Bearer {KEY}", "Bearer",
    ],
)  # fmt: skip
def test_what_is_no_login_is_challenged(opened: Open, password: str, header: str) -> None:
    nonce_of(ask(opened, {"Authorization": header}))


def test_a_revoked_key_does_not_enter_by_either_way(opened: Open, password: str) -> None:
    nonce = nonce_of(ask(opened, {}))
    opened.gateway.keys.revoke("pbx")
    assert ask(opened, freepbx(password, nonce)).status_code == 401
    assert ask(opened, basic(password)).status_code == 401


def test_nonces_are_forgotten_without_any_becoming_usable_twice() -> None:
    now = [1000.0]
    nonces = Nonces(lambda: now[0])
    first = nonces.new()
    assert nonces.use(first, 1) and not nonces.use(first, 1)
    for _ in range(20_001):
        now[0] += 0.001
        assert nonces.use(nonces.new(), 1)
    assert not nonces.use(first, 1) and not nonces.use(first, 2)
    assert nonces.use(nonces.new(), 1)
    assert not nonces.use(nonces.new(), 0)
    assert len(nonces._used) <= 20_000
