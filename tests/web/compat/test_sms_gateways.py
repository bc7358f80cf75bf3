"""What clients of Kannel, Jasmin, SMSEagle and playSMS send, as recorded in their documents, and the answers they look for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from werkzeug.test import TestResponse

from tests.web.compat.conftest import KEY, Open, basic

SENDSMS = f"/cgi-bin/sendsms?username=u&password={KEY}&"


def kannel(opened: Open, query: str) -> tuple[int, str]:
    answer = opened.client.get(SENDSMS + query)
    assert answer.content_type.startswith("text/html")
    return answer.status_code, answer.text


def test_a_bearerbox_reads_the_only_safe_sentence(opened: Open) -> None:
    # As Kannel 1.4.5 calls an HTTP SMSC of system-type kannel.
    query = "to=%2B4915112345678&text=h%C3%A9llo&from=%2B4915110000000&coding=0&charset=UTF-8"
    query += "&dlr-url=http%3A%2F%2Fx%2F%3Fd%3D%25d&dlr-mask=31"
    assert kannel(opened, query) == (202, "0: Accepted for delivery")
    assert (opened.last().to, opened.last().text, opened.last().from_) == ("+4915112345678", "héllo", "+4915110000000")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("text=h%E9llo&charset=ISO-8859-1", "héllo"),
        ("text=%04%34%04%30&coding=2&charset=UTF-16BE", "да"),
        ("text=%04%34%04%30&coding=2", "да"),
        ("text=%D0%B4&coding=2&charset=UTF-8", "д"),
        ("text=a%2Bb+c", "a+b c"),
    ],
)
def test_texts_are_read_in_the_charset_they_name(opened: Open, query: str, text: str) -> None:
    assert kannel(opened, f"to=015112345678&{query}")[0] == 202
    assert opened.last().text == text


@pytest.mark.parametrize("to", ["%2B4915112345678+015112345679", "+4915112345678++4915112345679", "015112345678%20015112345679"])
def test_several_receivers_are_divided_by_blanks(opened: Open, to: str) -> None:
    assert kannel(opened, f"to={to}&text=x")[0] == 202
    assert [one.to for one in opened.messages()] == ["+4915112345678", "+4915112345679"]


def test_one_bad_receiver_of_several_and_none_is_sent(opened: Open) -> None:
    assert kannel(opened, "to=015112345678+12x&text=x") == (403, "Not routable. Do not try again.")
    assert not opened.messages()


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("text=x", 400, "Missing receiver number, rejected"),
        ("to=&text=x", 400, "Empty receiver number not allowed, rejected"),
        ("to=015112345678", 400, "Empty text not allowed, rejected"),
        ("to=015112345678&text=x&udh=%05%00", 400, "udh: binary texts are not offered, rejected"),
        ("to=015112345678&text=x&coding=1", 400, "coding: binary texts are not offered, rejected"),
        ("to=015112345678&text=%FF&charset=UTF-8", 400, "Charset or body misformed, rejected"),
        ("to=015112345678&text=x&charset=punycode", 400, "Charset or body misformed, rejected"),
        ("to=015112345678&text=x&charset=no%00such", 400, "Charset or body misformed, rejected"),
        ("to=015112345678&text=x" + "&a=b" * 200, 400, "Charset or body misformed, rejected"),
        ("to=015112345678&text=x&smsc=nowhere", 403, "Not routable. Do not try again."),
        ("to=%2B41791234567&text=x", 403, "Not routable. Do not try again."),
    ],
)
def test_kannel_refuses_in_its_sentences(opened: Open, query: str, status: int, sentence: str) -> None:
    assert kannel(opened, query) == (status, sentence)
    assert not opened.messages()


def test_kannel_takes_a_plain_body_with_headers_and_a_form(opened: Open) -> None:
    headers = {"X-Kannel-Username": "u", "X-Kannel-Password": KEY, "X-Kannel-To": "015112345678", "X-Kannel-MClass": "0"}
    plain = opened.client.post("/cgi-bin/sendsms", data="häufig".encode(), headers=headers, content_type="text/plain")
    assert (plain.status_code, opened.last().text, opened.last().flash) == (202, "häufig", True)
    form = {"user": "u", "pass": KEY, "to": "015112345678", "text": "form", "smsc": "main", "deferred": "10"}
    assert opened.client.post("/cgi-bin/sendsms", data=form).status_code == 202
    assert (opened.last().text, opened.last().pool) == ("form", "main")
    assert opened.last().send_at == opened.gateway.clock.now() + 600
    xml = opened.client.post("/cgi-bin/sendsms", data="<message/>", content_type="text/xml")
    assert (xml.status_code, xml.text) == (400, "Invalid content-type")


def test_jasmin_answers_success_with_the_id(opened: Open) -> None:
    query = {"username": "u", "password": KEY, "to": "015112345678", "content": "hello", "dlr": "yes", "dlr-level": "2"}
    answer = opened.client.get("/send", query_string=query)
    assert (answer.status_code, answer.text) == (200, f'Success "{opened.last().id}"')
    rest = opened.client.post("/secure/send", json={"to": "015112345678", "content": "rest"}, headers=basic())
    assert rest.json == {"data": f'Success "{opened.last().id}"'}
    opened.client.post("/send", data={**query, "content": "", "hex-content": "0434", "coding": "8"})
    assert opened.last().text == "д"


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"to": ""}, 400, 'Error "Mandatory argument [to] is not found."'),
        ({"username": ""}, 400, 'Error "Mandatory argument [username] is not found."'),
        ({"content": ""}, 400, 'Error "content or hex-content not present."'),
        ({"content": "", "hex-content": "0g"}, 400, 'Error "hex-content: does not spell a text in this coding"'),
        ({"coding": "4"}, 400, 'Error "coding: binary content is not offered"'),
    ],
)
def test_jasmin_says_what_is_missing(opened: Open, changed: dict[str, str], status: int, sentence: str) -> None:
    query = {"username": "u", "password": KEY, "to": "015112345678", "content": "hello", **changed}
    answer = opened.client.get("/send", query_string=query)
    assert (answer.status_code, answer.text) == (status, sentence)


@pytest.mark.parametrize("prefix", ["", "/index.php"])
def test_smseagle_v1_answers_a_line_for_each(opened: Open, prefix: str) -> None:
    query = {"access_token": KEY, "to": "015112345678,015112345679", "message": "hello", "highpriority": "1", "modem_no": "2"}
    answer = opened.client.get(f"{prefix}/http_api/send_sms", query_string=query)
    first, second = opened.messages()
    assert (answer.status_code, answer.text) == (200, "OK; ID=1\nOK; ID=2")
    assert (first.serial, second.serial, first.priority) == (1, 2, 5)


def test_smseagle_v1_answers_xml_and_knows_its_reference(opened: Open) -> None:
    query = {"login": "u", "pass": KEY, "to": "015112345678", "message": "hello", "oid": "77", "responsetype": "xml"}
    answers = [opened.client.get("/http_api/send_sms", query_string=query).text for _ in range(2)]
    (message,) = opened.messages()
    assert answers == ["<xml><message_id>1</message_id><status>ok</status></xml>"] * 2
    assert (message.serial, message.client_ref) == (1, "77")


def test_smseagle_numbers_go_on_where_other_texts_are_between(opened: Open) -> None:
    opened.post("/compat/3cx", {"to": "015112345678", "text": "not by this door"})
    given = {"access_token": KEY, "to": "015112345678,015112345679", "message": "x", "oid": "77"}
    for _ in range(2):  # the second time it is the same texts
        assert opened.client.get("/http_api/send_sms", query_string=given).text == "OK; ID=2\nOK; ID=3"


def rpc(opened: Open, **changed: object) -> TestResponse:
    params = {"login": "u", "pass": KEY, "to": "015112345678", "message": "hi", "responsetype": "extended", **changed}
    return opened.client.post("/jsonrpc/sms", json={"method": "sms.send_sms", "params": params})


def test_smseagle_json_rpc_answers_simply_and_at_length(opened: Open) -> None:
    assert rpc(opened).json == {"result": {"message_id": "1", "status": "ok"}}
    assert rpc(opened, responsetype="simple").json == {"result": "OK; ID=2"}
    denied, empty = rpc(opened, **{"pass": "wrong"}), rpc(opened, message="")
    assert (denied.status_code, denied.json["result"]) == (401, {"error_text": "Invalid login or password", "status": "error"})
    assert (empty.status_code, empty.json["result"]) == (400, {"error_text": "Wrong parameters", "status": "error"})
    assert rpc(opened, responsetype="simple", message="").json["result"] == "Wrong parameters"
    assert opened.client.post("/jsonrpc/sms", json={"method": "sms.delete_sms", "params": {}}).status_code == 400


def test_smseagle_sends_nothing_for_a_test_and_no_pictures(opened: Open) -> None:
    query = {"access_token": KEY, "to": "015112345678", "message": "hello", "test": "1"}
    assert opened.client.get("/http_api/send_sms", query_string=query).text == "OK; ID=0"
    assert rpc(opened, test=1).json == {"result": {"message_id": "0", "status": "ok"}}
    refused = rpc(opened, message_type="mms", responsetype="simple")
    assert (refused.status_code, refused.json["error"]) == (400, "message_type: is not offered; texts are")
    assert not opened.messages()


def read(opened: Open, folder: str = "outbox", key: str = KEY, **more: object) -> TestResponse:
    params = {"access_token": key, "folder": folder, **more}
    return opened.client.post("/jsonrpc/sms", json={"method": "sms.read_sms", "params": params})


def test_smseagle_reads_by_number_what_became_of_a_text(opened: Open) -> None:
    rpc(opened, oid="77", message="häufig")
    row = {
        "ID": "1",
        "InsertIntoDB": "2026-09-21 14:13:20",
        "SendingDateTime": None,
        "DeliveryDateTime": None,
        "DestinationNumber": "+4915112345678",
        "TextDecoded": "häufig",
        "Coding": "Default_No_Compression",
        "Class": "-1",
        "SenderID": "",
        "Status": "Reserved",
        "oid": "77",
    }
    assert read(opened, idfrom="1", idto="1").json == {"result": [row]}
    assert read(opened, "sentitems", idfrom=1).json == {"result": "No data to display"}
    gone = "UPDATE messages SET status = 'delivered', channel = 'p0', sent_at = 1790000001, delivered_at = 1790000002"
    opened.gateway.store.writer.run(lambda db: db.execute_sql(gone))
    row |= {"SendingDateTime": "2026-09-21 14:13:21", "DeliveryDateTime": "2026-09-21 14:13:22"}
    row |= {"SenderID": "p0", "Status": "DeliveryOK"}
    assert read(opened, "sentitems", idfrom="1", responsetype="extended").json == {"result": {"messages": [row], "status": "ok"}}
    assert read(opened, responsetype="extended").json == {"result": {"error_text": "No data to display", "status": "error"}}


def test_smseagle_reads_a_span_of_numbers_and_a_recipient(opened: Open) -> None:
    for last in (5, 6, 7, 8):
        rpc(opened, to=f"01511234567{last}")

    def ids(**asked: object) -> list[str]:
        return [row["ID"] for row in read(opened, **asked).json["result"]]

    assert ids() == ["1", "2", "3", "4"]
    assert ids(idfrom="2", idto="3") == ["2", "3"]
    assert ids(idfrom=3) == ["3", "4"]
    assert ids(limit=1) == ["4"]
    assert ids(to="015112345676") == ["2"]


@pytest.mark.parametrize("given", [{"folder": "inbox"}, {"folder": None}, {"idfrom": "msg_1"}, {"idto": -1}, {"limit": "all"}])
def test_smseagle_refuses_what_cannot_be_read(opened: Open, given: dict[str, object]) -> None:
    answer = read(opened, **given)
    assert (answer.status_code, answer.json["result"]) == (400, "Wrong parameters")


def test_smseagle_shows_nobody_the_texts_of_another_key(opened: Open) -> None:
    rpc(opened)
    _, reader = opened.gateway.keys.add("reader", ["read"])
    _, sender = opened.gateway.keys.add("sender", ["send"])
    _, boss = opened.gateway.keys.add("boss", ["admin"])
    assert read(opened, key=reader, idfrom="1", idto="1").json == {"result": "No data to display"}
    assert read(opened, key=sender).status_code == 403
    assert read(opened, key="guessed").json["result"] == "Invalid login or password"
    assert [row["ID"] for row in read(opened, key=boss).json["result"]] == ["1"]


def test_smseagle_v2_takes_a_list(opened: Open) -> None:
    body = {"to": ["+4915112345678"], "text": "hi"}
    answer = opened.client.post("/api/v2/messages/sms", json=body, headers={"access-token": KEY})
    assert answer.json == [{"status": "queued", "number": "+4915112345678", "id": 1}]
    refused = opened.client.post("/api/v2/messages/sms", json={**body, "to": 7}, headers={"access-token": KEY})
    assert (refused.status_code, refused.json) == (400, {"message": "to is missing"})
    assert opened.client.post("/api/v2/messages/sms", data="x").status_code == 401


def playsms(opened: Open, **query: str) -> object:
    answer = opened.client.get("/index.php", query_string={"app": "ws", "u": "u", "h": KEY, **query})
    assert answer.status_code == 200
    return answer.json


def test_playsms_sends_and_tells_what_became_of_it(opened: Open) -> None:
    sent = playsms(opened, op="pv", to="015112345678,+4915112345679", msg="hello world", **{"from": ""})
    first, second = opened.messages()
    row = {"status": "OK", "error": "0"}
    assert sent == {
        "data": [{**row, "smslog_id": one.id, "queue": one.id, "to": one.to} for one in (first, second)],
        "error_string": None,
    }
    assert playsms(opened, op="ds", smslog_id=first.id)["data"][0]["status"] == "0"
    assert len(playsms(opened, op="ds", c="5")["data"]) == 2
    assert playsms(opened, op="ds", queue="nothing")["error"] == "400"


@pytest.mark.parametrize(
    ("query", "number"), [({"op": "pv"}, "201"), ({"op": "cr"}, "101"), ({"op": "pv", "to": "1x", "msg": "x"}, "200")]
)
def test_playsms_numbers_its_errors(opened: Open, query: dict[str, str], number: str) -> None:
    assert playsms(opened, **query)["error"] == number


def test_playsms_tells_of_the_texts_that_are_asked_for(opened: Open) -> None:
    for n in range(3):
        playsms(opened, op="pv", to=f"+491511234567{n}", msg="hello", **{"from": "+4915110000000" if n else "+4915110000001"})
    first, second, third = (one.id for one in opened.messages())

    def told(**query: str) -> list[str]:
        return [row["smslog_id"] for row in playsms(opened, op="ds", **query).get("data", [])]

    assert told() == [third, second, first]
    assert told(c="1") == [third]
    assert told(dst="015112345671") == told(dst=" 4915112345671") == [second]
    assert told(dst="+490000") == []
    assert told(src="+4915110000000") == [third, second]
    assert told(last=first) == [third, second]
    day = datetime.fromtimestamp(opened.gateway.clock.now(), UTC)
    assert told(dt=day.strftime("%Y-%m-%d")) == told(dt=day.strftime("%Y-%m-%d %H:%M:%S")) == [third, second, first]
    assert told(dt="2001-01-01") == []
    assert "dt" in playsms(opened, op="ds", dt="today")["error_string"]
    assert "last" in playsms(opened, op="ds", last="msg_nothing")["error_string"]
