"""What a simulated box tells a server unasked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from simulator.dinstar.plan import BoxPlan
from simulator.testing import running_bank


class Receiver:
    """A server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert "Authorization" not in self.headers
                receiver.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push?key=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def bank(receiver):
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2, sn="dbd2-1", push_url=receiver.url)]) as bank:
        bank.wait_for("push", what="device")
        receiver.got.clear()
        yield bank


def test_a_text_that_came_in_is_pushed(bank, box, client, receiver):
    box.text("+4917099", 1, "hello + 100% ж")
    assert bank.wait_for("push", what="sms")[0]["status"] == 200
    [told] = receiver.got
    assert told["sn"] == "dbd2-1" and set(told) == {"sn", "sms"}
    assert told["sms"] == client.get("query_incoming_sms?flag=all")["sms"]
    assert told["sms"][0] | {"timestamp": ""} == {
        "incoming_sms_id": 1, "port": 1, "number": "+4917099", "smsc": "+491760000443", "timestamp": "",
        "text": "hello + 100% ж", "imsi": box.imsi(1)}


def test_result_and_report_of_a_text_are_pushed_in_order(bank, client, receiver):
    client.send("+491701", user_id=5)
    bank.wait_for("push", what="sms_deliver_status")
    assert [sorted(told) for told in receiver.got] == [["sms_result", "sn"], ["sms_deliver_status", "sn"]]
    result, status = receiver.got[0]["sms_result"][0], receiver.got[1]["sms_deliver_status"][0]
    assert (result["user_id"], result["status"], result["number"]) == (5, "SENT_OK", "+491701")
    assert (status["status_code"], status["ref_id"]) == (0, result["ref_id"])


def test_registration_ussd_and_exceptions_are_pushed(bank, box, client, receiver):
    box.registration(0, 0)
    box.registration(0, 1)
    client.post("send_ussd", '{"text":"*135#","port":[1],"command":"send"}')
    box.fault("exception", port=1)
    bank.wait_for("push", count=5)
    told = {"register": [], "ussd": [], "exception_info": []}
    for event in receiver.got:
        kind = next(name for name in event if name != "sn")
        told[kind].append(event[kind])
    assert [(each[0]["port"], each[0]["status"], each[0]["imsi"]) for each in told["register"]] == [
        (0, "down", box.imsi(0)), (0, "up", box.imsi(0))]
    assert told["ussd"] == [[{"port": 1, "text": box.number(1)}]]
    assert told["exception_info"] == [{"port": 1, "type": "call_fail", "action": "reset"}]


def test_each_kind_can_be_switched_off(bank, box, client, receiver):
    box.change(push=["sms_result"])
    box.text("+4917099", 1, "hello")
    client.send("+491701")
    client.until("DELIVERED")
    bank.wait_for("push", what="sms_result")
    assert [sorted(told) for told in receiver.got] == [["sms_result", "sn"]]


@pytest.mark.parametrize("status", [500, 404])
def test_what_is_not_accepted_is_not_pushed_again(bank, box, receiver, status):
    receiver.status = status
    box.text("+4917099", 1, "one")
    box.text("+4917099", 1, "two")
    assert [entry["status"] for entry in bank.wait_for("push", count=2, what="sms")] == [status] * 2
    assert [told["sms"][0]["text"] for told in receiver.got] == ["one", "two"]


def test_what_nobody_hears_is_lost(bank, box, client, receiver):
    box.change(push_url="http://127.0.0.1:9/")
    box.text("+4917099", 1, "one")
    assert bank.wait_for("push", what="sms")[0]["status"] == 0
    box.change(push_url=receiver.url)
    box.fault("lost-push")
    box.text("+4917099", 1, "two")
    box.text("+4917099", 1, "three")
    bank.wait_for("push", count=2, what="sms")
    assert [told["sms"][0]["text"] for told in receiver.got] == ["three"]
    assert len(client.get("query_incoming_sms?flag=all")["sms"]) == 3
