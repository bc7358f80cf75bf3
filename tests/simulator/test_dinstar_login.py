"""Who gets in to a simulated box, and the bodies that four known clients send."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest
import requests

from simulator.dinstar.plan import BoxPlan
from simulator.testing import running_bank
from tests.simulator.dinstar_client import BoxClient


@pytest.fixture
def bank():
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=4)]) as bank:
        yield bank


def plain(box, method, target, body=None, headers=None):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(box.url).netloc, timeout=30)
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    told = answer.status, answer.getheader("WWW-Authenticate"), answer.read()
    connection.close()
    return told


def digest(box, challenge, method, target, nc="00000001"):
    """The Authorization of the FreePBX module: quoted attributes are read, no algorithm is sent."""
    given = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    assert given["qop"] == "auth" and given["algorithm"] == "MD5"
    one = hashlib.md5(f"{box.user}:{given['realm']}:{box.password}".encode()).hexdigest()
    two = hashlib.md5(f"{method}:{target}".encode()).hexdigest()
    response = hashlib.md5(f"{one}:{given['nonce']}:{nc}:0a4f113b:auth:{two}".encode()).hexdigest()
    return (f'Digest username="{box.user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{target}", qop=auth, '
            f'nc={nc}, cnonce="0a4f113b", response="{response}"')


def test_who_says_nothing_is_challenged_as_the_device_does(box):
    status, challenge, _ = plain(box, "GET", "/api/send_sms")
    assert status == 401
    assert re.fullmatch(r'Digest realm="Web Server", qop="auth", nonce="[0-9a-f]{32}", algorithm="MD5"', challenge)


def test_digest_of_the_standard_library_gets_in(box):
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, box.url, box.user, box.password)
    opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
    for _ in range(3):
        assert json.load(opener.open(box.url + "/api/get_port_info?port=0,1&info_type=imei"))["error_code"] == 200


@pytest.mark.parametrize("kind", ["HTTPDigestAuth", "HTTPBasicAuth"])
def test_requests_gets_in(box, kind):
    with requests.Session() as session:
        session.auth = getattr(requests.auth, kind)(box.user, box.password)
        for _ in range(3):
            answer = session.post(box.url + "/api/query_sms_result", json={"user_id": [1]}, timeout=30)
            assert (answer.status_code, answer.json()["error_code"], answer.cookies["devckie"]) == (200, 200, box.sn)


@pytest.mark.parametrize("kind", ["HTTPDigestAuth", "HTTPBasicAuth"])
@pytest.mark.parametrize(("user", "password"), [("admin", "wrong"), ("root", "secret"), ("admin", "")])
def test_a_wrong_password_stays_outside(box, kind, user, password):
    auth = getattr(requests.auth, kind)(user, password)
    assert requests.get(box.url + "/api/query_sms_in_queue", auth=auth, timeout=30).status_code == 401


def test_each_way_in_can_be_shut(box):
    target = box.url + "/api/query_sms_in_queue"
    by_digest, by_basic = (kind(box.user, box.password) for kind in (requests.auth.HTTPDigestAuth, requests.auth.HTTPBasicAuth))
    box.change(login="digest")
    assert [requests.get(target, auth=auth, timeout=30).status_code for auth in (by_digest, by_basic)] == [200, 401]
    box.change(login="basic")
    assert requests.get(target, auth=by_basic, timeout=30).status_code == 200
    refused = requests.get(target, auth=by_digest, timeout=30)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="Web Server"')


def test_a_login_for_another_request_does_not_count(box):
    challenge = plain(box, "GET", "/api/query_sms_in_queue")[1]
    login = {"Authorization": digest(box, challenge, "GET", "/api/query_sms_in_queue")}
    assert plain(box, "GET", "/api/get_port_info", headers=login)[0] == 401
    assert plain(box, "POST", "/api/query_sms_in_queue", headers=login)[0] == 401
    assert plain(box, "GET", "/api/query_sms_in_queue", headers=login)[0] == 200


def test_a_nonce_can_be_good_for_one_request(box):
    box.change(nonce_once=True)
    challenge = plain(box, "GET", "/api/query_sms_in_queue")[1]
    statuses = [plain(box, "GET", "/api/query_sms_in_queue", headers={
        "Authorization": digest(box, challenge, "GET", "/api/query_sms_in_queue", nc)})[:2] for nc in ("00000001", "00000002")]
    assert statuses[0][0] == 200 and statuses[1][0] == 401 and statuses[1][1].endswith(', stale="true"')


def test_a_nonce_can_grow_old(box):
    box.change(nonce_seconds=1e-9)
    challenge = plain(box, "GET", "/api/query_sms_in_queue")[1]
    login = {"Authorization": digest(box, challenge, "GET", "/api/query_sms_in_queue")}
    assert plain(box, "GET", "/api/query_sms_in_queue", headers=login)[1].endswith(', stale="true"')


def test_a_client_that_understands_stale_gets_in_at_the_second_try(box):
    with requests.Session() as session:
        session.auth = requests.auth.HTTPDigestAuth(box.user, box.password)
        target = box.url + "/api/query_sms_in_queue"
        assert session.get(target, timeout=30).status_code == 200
        box.fault("stale-nonce")
        assert session.get(target, timeout=30).status_code == 200


def test_failed_logins_can_shut_the_api(box):
    box.change(lockout=2)
    right = requests.auth.HTTPBasicAuth(box.user, box.password)
    target = box.url + "/api/query_sms_in_queue"
    assert [requests.get(target, timeout=30).status_code for _ in range(3)] == [401, 401, 403]
    assert requests.get(target, auth=right, timeout=30).status_code == 403


def test_logins_can_be_refused_for_a_while(box):
    right = requests.auth.HTTPBasicAuth(box.user, box.password)
    target = box.url + "/api/query_sms_in_queue"
    box.fault("auth-refused")
    assert requests.get(target, auth=right, timeout=30).status_code == 401
    box.release("auth-refused")
    assert requests.get(target, auth=right, timeout=30).status_code == 200


def test_the_freepbx_module_probes_and_sends(bank, box):
    status, challenge, _ = plain(box, "GET", "/api/send_sms")
    assert status == 401
    body = '{"text":"Hello","param":[{"number":"+15550100"}],"port":[1],"encoding":"unicode"}'
    told = plain(box, "POST", "/api/send_sms", body, {
        "Authorization": digest(box, challenge, "POST", "/api/send_sms"), "Content-Type": "application/json"})
    assert told[0] == 200 and json.loads(told[2])["error_code"] == 202
    assert bank.wait_for("submit", port="box1.1")[0]["to"] == "+15550100"


def test_playsms_sends_its_port_as_a_string_and_its_encoding_in_the_wrong_place(bank, box):
    client = BoxClient(box.url, box.user, box.password)
    body = ('{"text":"Hello #param#","port":"0",'
            '"param":[{"number":"15550102","text_param":["you"],"user_id":7,"encoding":"gsm-7bit"}]}')
    assert client.post("send_sms", body)["error_code"] == 202
    sent = bank.wait_for("submit")[0]
    assert (sent["port"], sent["to"], sent["text"], sent["dcs"]) == ("box1.0", "15550102", "Hello you", 0)
    assert client.post("query_sms_result", '{"user_id":["7"]}')["result"][0]["number"] == "15550102"
    client.close()


def test_the_php_client_asks_with_everything_in_lists(bank, box):
    body = ('{"text":"#param#","port":[0,1],"param":[{"number":"15550103","text_param":["Grüße"],"user_id":1},'
            '{"number":"15550104","text_param":["Привет"],"user_id":2}],"encoding":"unicode"}')
    auth = requests.auth.HTTPDigestAuth(box.user, box.password)
    assert requests.post(box.url + "/api/send_sms", data=body.encode(), auth=auth, timeout=30).json()["error_code"] == 202
    bank.wait_for("submit", count=2)
    query = '{"number":["15550103","15550104"],"port":[0,1],"time_after":"2014-12-21 16:00:00","time_before":"2099-12-21 16:00:00"}'
    found = requests.post(box.url + "/api/query_sms_result", data=query, auth=auth, timeout=30).json()["result"]
    assert [each["user_id"] for each in found] == [1, 2]


def test_the_push_client_asks_for_what_is_unread_with_its_own_spelling(bank, box):
    box.text("+4917099", 1, "hello")
    bank.wait_for("text")
    auth = requests.auth.HTTPDigestAuth(box.user, box.password)
    told = requests.get(box.url + "/api/query_incoming_sms?flag=unread,port=[1]", auth=auth, timeout=30).json()
    assert [each["text"] for each in told["sms"]] == ["hello"]


def test_a_box_speaks_tls_with_the_certificate_it_is_given(tmp_path):
    certificate, key = tmp_path / "box.pem", tmp_path / "box.key"
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=box1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl to make a certificate")
    with running_bank(ports=0, boxes=[BoxPlan("box1", certificate=certificate, key=key)]) as bank:
        box = bank.box("box1")
        assert box.url.startswith("https://")
        auth = requests.auth.HTTPDigestAuth(box.user, box.password)
        target = box.url + "/api/query_sms_in_queue"
        assert requests.get(target, auth=auth, verify=str(certificate), timeout=30).json()["error_code"] == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(target, auth=auth, timeout=30)
