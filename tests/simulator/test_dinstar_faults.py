"""What goes wrong with a simulated box, by name, and what is left when it is over."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest

from simulator.dinstar.faults import CATALOGUE
from simulator.dinstar.plan import BoxPlan
from simulator.errors import Unknown
from simulator.testing import running_bank
from tests.simulator.dinstar_client import BoxClient


@pytest.fixture
def bank():
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=4)]) as bank:
        yield bank


def test_a_fault_must_exist_and_fit(box):
    with pytest.raises(Unknown, match="lost-reply"):
        box.fault("lost-replies")
    with pytest.raises(ValueError, match="no option seconds"):
        box.fault("lost-reply", seconds=3)
    with pytest.raises(ValueError, match="no port 9"):
        box.fault("hung-port", port=9)
    assert box.state()["faults"] == []


def test_a_dead_box_refuses_connections_until_it_is_released(box, client):
    client.get("query_sms_in_queue")
    box.fault("dead")
    for _ in range(2):
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            client.get("query_sms_in_queue")
    box.release("dead")
    assert client.get("query_sms_in_queue")["error_code"] == 200


def test_a_dead_box_can_take_connections_and_never_answer(box, client):
    impatient = BoxClient(box.url, box.user, box.password, timeout=0.2)
    box.fault("dead", how="silent")
    with pytest.raises(TimeoutError):
        impatient.get("query_sms_in_queue")
    box.release()
    assert client.get("query_sms_in_queue")["error_code"] == 200
    impatient.close()


def test_a_dead_box_comes_back_by_itself(box, client):
    box.fault("dead", seconds=0.05)

    client.when(lambda: _asked(client, "query_sms_in_queue"), bool)


def test_a_request_that_is_lost_was_not_taken(bank, box, client):
    box.fault("lost-request", command="send_sms")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.send("+491701")
    assert client.send("+491702")["task_id"] == 1
    assert [entry["to"] for entry in bank.wait_for("submit")] == ["+491702"]


@pytest.mark.parametrize("name", ["lost-reply", "garbage", "truncated"])
def test_an_answer_that_is_lost_leaves_the_text_taken(bank, box, client, name):
    box.fault(name, command="send_sms")
    assert client.get("query_sms_in_queue")["error_code"] == 200
    with pytest.raises((ConnectionError, http.client.HTTPException, ValueError)):
        client.send("+491701", user_id=9)
    assert bank.wait_for("submit")[0]["to"] == "+491701"
    assert client.until("DELIVERED", 9)["number"] == "+491701"


def test_an_answer_that_is_late_leaves_the_text_taken(bank, box):
    impatient = BoxClient(box.url, box.user, box.password, timeout=0.2)
    box.fault("late-reply", command="send_sms", seconds=60)
    with pytest.raises(TimeoutError):
        impatient.send("+491701")
    assert bank.wait_for("submit")[0]["to"] == "+491701"
    impatient.close()


def test_a_slow_box_is_slow_with_each_request(box, client):
    box.fault("slow", seconds=0.1, times=2)
    begun = time.monotonic()
    for _ in range(3):
        client.get("query_sms_in_queue")
    assert time.monotonic() - begun >= 0.2
    assert box.state()["faults"] == []


def test_a_slow_box_can_be_slow_until_it_is_released(bank, box, client):
    box.fault("slow", seconds=0, command="send_sms")
    sending = threading.Thread(target=client.send, args=("+491701",))
    sending.start()
    with pytest.raises(AssertionError, match="0 of 1 submit"):
        bank.wait_for("submit", timeout=0.2)
    box.release("slow")
    sending.join()
    bank.wait_for("submit")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_page_means_that_nothing_was_done(bank, box, client, status):
    box.fault("http-error", status=status)
    told = client.raw("POST", "/api/send_sms", b'{"text":"hi","param":[{"number":"1"}]}')
    assert told[0] == status and told[2].startswith(b"<html>")
    assert client.send("+491702")["task_id"] == 1


@pytest.mark.parametrize("code", [500, 550, 413])
def test_any_error_code_can_be_answered(bank, box, client, code):
    box.fault("error-code", code=code, command="send_sms", nth=2)
    assert [client.send("+491701")["error_code"] for _ in range(3)] == [202, code, 202]


def test_faults_strike_by_chance_and_the_seed_decides(box, client):
    box.fault("error-code", chance=0.5)
    codes = [client.get("query_sms_in_queue")["error_code"] for _ in range(40)]
    assert 8 < codes.count(500) < 32


def test_a_restart_loses_queue_and_results_but_not_the_inbox(bank, box, client):
    box.text("+4917099", 0, "kept")
    bank.wait_for("text", text="kept")
    bank.network(latency=2)  # it starts again before the first is out
    client.post("send_sms", {"text": "x", "port": [0], "param": [{"number": f"+49170{n}", "user_id": n} for n in range(5)]})
    box.fault("restart")
    assert bank.wait_for("restart")[0]["lost"] == 5
    assert client.when(lambda: client.tried(lambda: client.post("query_sms_result", {})), bool)["result"] == []
    assert client.get("query_sms_in_queue")["in_queue"] == 0 and len(client.get("query_incoming_sms?flag=all")["sms"]) == 1
    # The one on the air goes out, the others never do.
    assert bank.wait_for("submit")[0]["to"] == "+491700"
    assert client.send("+491709", port=[0])["task_id"] == 1
    bank.wait_for("submit", count=2)
    assert [entry["to"] for entry in bank.journal(kind="submit")] == ["+491700", "+491709"]


def test_a_restart_can_strike_instead_of_an_answer(bank, box, client):
    bank.network(latency=0.2)
    box.fault("restart", when="request", command="send_sms", nth=2)
    client.send("+491701", port=[0])
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.send("+491702", port=[0])
    assert client.when(lambda: _asked(client, "query_sms_in_queue"), bool)["in_queue"] == 0


def _asked(client, call):
    return client.tried(lambda: client.get(call))


def test_texts_for_a_box_that_restarts_wait_in_the_network(bank, box, client):
    box.fault("restart", seconds=2)
    box.text("+4917099", 0, "hello")
    assert bank.wait_for("held", port="box1.0")
    bank.wait_for("text", text="hello")
    assert [each["text"] for each in client.when(lambda: _asked(client, "query_incoming_sms?flag=all"), bool)["sms"]] == ["hello"]


def test_a_factory_reset_begins_its_numbers_again(bank, box, client):
    box.change(push_url="http://127.0.0.1:9/")
    box.text("+4917099", 0, "before")
    bank.wait_for("text")
    box.fault("factory-reset")
    box.text("+4917099", 0, "after")
    inbox = client.when(lambda: (_asked(client, "query_incoming_sms?flag=all") or {}).get("sms"), bool)
    assert [(each["incoming_sms_id"], each["text"]) for each in inbox] == [(1, "after")]
    assert box.state()["settings"]["push_url"] == ""


@pytest.mark.parametrize("name", ["unregistered", "sim-removed", "exhausted"])
def test_ports_fall_out_and_come_back(bank, box, client, name):
    box.fault(name, port=1)
    assert client.send("+491701", port=[1])["error_code"] == 550
    box.fault(name)
    assert client.send("+491701")["error_code"] == 550
    box.release(name)
    assert client.send("+491701", port=[1])["error_code"] == 202
    bank.wait_for("submit", port="box1.1")


def test_ports_come_back_by_themselves(bank, box, client):
    box.fault("exhausted", seconds=0.05)
    client.when(lambda: client.send("+491701"), lambda answer: answer["error_code"] == 202)


def test_what_waits_at_a_port_that_is_lost_fails(bank, box, client):
    bank.network(latency=2)  # the first is on the air when the SIM goes
    client.post("send_sms", {"text": "x", "port": [0], "param": [{"number": f"+49170{n}", "user_id": n} for n in range(2)]})
    box.fault("sim-removed", port=0)
    assert [client.until("FAILED", n)["succ_count"] for n in range(2)] == [0, 0]
    assert not bank.journal(kind="submit")


def test_a_hung_port_sends_nothing_until_it_is_released(bank, box, client):
    box.fault("hung-port", port=0)
    for user_id in (1, 2):
        client.send(f"+49170{user_id}", user_id=user_id, port=[0])
    client.send("+491703", user_id=3, port=[1])
    client.until("DELIVERED", 3)
    assert [client.result(user_id)["status"] for user_id in (1, 2)] == ["SENDING"] * 2
    assert box.state()["ports"][0]["hung"] is True
    box.release("hung-port")
    assert [client.until("DELIVERED", user_id)["port"] for user_id in (1, 2)] == [0, 0]


def test_a_result_can_stay_out_though_the_text_went(bank, box, client):
    box.fault("no-result")
    client.send("+491701", user_id=1, port=[0])
    client.send("+491702", user_id=2, port=[0])
    client.until("DELIVERED", 2)
    assert client.result(1)["status"] == "SENDING" and len(bank.journal(kind="submit")) == 2


def test_a_text_can_fail_and_a_result_can_lie(bank, box, client):
    box.fault("fail", port=0)
    box.fault("false-failed", port=1)
    client.send("+491701", user_id=1, port=[0])
    client.send("+491702", user_id=2, port=[1])
    assert [client.until("FAILED", user_id)["status"] for user_id in (1, 2)] == ["FAILED"] * 2
    assert [entry["to"] for entry in bank.wait_for("submit")] == ["+491702"]


def test_sent_is_overwritten_by_delivered_when_the_report_comes(bank, box, client):
    box.sim(1, False)  # the recipient's phone is off: there is nothing to report
    client.send(box.number(1), port=[0])
    assert client.until("SENT_OK")["ref_id"] == 1
    box.sim(1, True)
    assert client.until("DELIVERED")["ref_id"] == 1


def test_a_report_before_the_result_is_not_forgotten():
    with running_bank(ports=0, boxes=[BoxPlan("box1")], report_delay=-1) as bank:
        box = bank.box("box1")
        client = BoxClient(box.url, box.user, box.password)
        client.send("+491701")
        client.until("DELIVERED")
        client.close()


def test_a_report_can_be_temporary_first_or_lost(bank, box, client):
    box.fault("temporary-status", port=0, status=33, seconds=0.02)
    box.fault("lost-report", port=1)
    client.send("+491701", user_id=1, port=[0])
    client.send("+491702", user_id=2, port=[1])
    client.until("DELIVERED", 1)
    statuses = client.post("query_sms_deliver_status", {})["result"]
    assert [(each["number"], each["status_code"]) for each in statuses] == [("+491701", 33), ("+491701", 0)]
    assert client.result(2)["status"] == "SENT_OK"


def test_requests_are_served_one_after_the_other(box):
    box.change(delay=0.1)
    clients = [BoxClient(box.url, box.user, box.password) for _ in range(4)]
    threads = [threading.Thread(target=client.get, args=("query_sms_in_queue",)) for client in clients]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun >= 0.4
    for client in clients:
        client.close()


def test_connections_are_kept_unless_the_box_closes_them(box):
    with socket.create_connection((box.url.split(":")[1].strip("/"), int(box.url.split(":")[2]))) as wire:
        ask = b"GET /api/query_sms_in_queue HTTP/1.1\r\nHost: box\r\nAuthorization: Basic YWRtaW46c2VjcmV0\r\n\r\n"
        stream = wire.makefile("rb")

        def answered():
            wire.sendall(ask)
            lines = list(iter(stream.readline, b"\r\n"))
            stream.read(next(int(line.split(b":")[1]) for line in lines if line.startswith(b"Content-Length")))
            return b"".join(lines)

        assert b"Connection: keep-alive" in answered() and b"HTTP/1.1 200 Data follows" in answered()
        box.change(close=True)
        assert b"Connection: close" in answered() and stream.read() == b""


def test_every_fault_of_a_box_can_be_struck_and_taken_back(bank, box, client):
    for name in CATALOGUE:
        box.fault(name)
        box.release(name)
    box.release()
    client.when(lambda: _asked(client, "query_sms_in_queue"), bool)
    assert client.send("+491701")["error_code"] == 202
    client.until("DELIVERED")


def test_a_box_takes_so_many_texts_as_fast_as_they_come_and_sends_each(bank, box, client):
    for part in range(8):
        client.post("send_sms", {"text": "x", "param": [{"number": f"+4917{part}{n:05d}"} for n in range(128)]})
    assert len({entry["to"] for entry in bank.wait_for("submit", count=1024, timeout=60)}) == 1024
