"""Ports of the Dinstar door: what is told of channels, who may change them, and service codes whose answers are asked for."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from gateway.errors import UssdFailed
from gateway.records import UssdReply
from gateway.web.app import create_app
from tests.web.compat.conftest import Open, basic
from tests.web.compat.test_dinstar import call


def test_ports_are_channels_with_what_is_known_of_them(opened: Open) -> None:
    opened.gateway.facts[0] = replace(opened.gateway.facts[0], imsi="262011234567890", imei="356938035643809", smsc="+491710760000")
    answer = call(opened, "get_port_info?port=0,1&info_type=imei,imsi,iccid,smsc,type,number,reg,slot,callstate,signal,gprs")
    assert answer["info"][0] == {
        "port": 0, "imei": "356938035643809", "imsi": "262011234567890", "iccid": "8949001", "smsc": "+491710760000", "type": "GSM",
        "number": "+4915110000000", "reg": "REGISTER_OK", "slot": 255, "callstate": "Idle", "signal": 21, "gprs": "detached",
    }  # fmt: skip
    assert (answer["info"][1]["port"], answer["info"][1]["reg"], answer["info"][1]["signal"]) == (1, "POWER_OFF", 0)
    assert call(opened, "get_port_info?info_type=reg,port")["info"] == [
        {"port": 0, "reg": "REGISTER_OK"}, {"port": 1, "reg": "POWER_OFF"},
    ]  # fmt: skip
    assert call(opened, "get_port_info?port=5")["error_code"] == 400


def administrator(opened: Open) -> dict[str, str]:
    return basic(opened.gateway.keys.add("boss", ["admin"])[1])


def test_a_service_code_is_dialled_and_its_answer_asked_for(opened: Open) -> None:
    boss = administrator(opened)
    called, go = threading.Event(), threading.Event()

    def network(channel: str, code: str) -> UssdReply:
        called.set()
        assert go.wait(30)
        if code == "*9#":
            raise UssdFailed("refused", "no such code", "try another")
        return UssdReply(f"{channel} {code}")

    settings = replace(opened.gateway.settings, doors=opened.settings)
    opened.client = create_app(replace(opened.gateway.doors(), ussd=network, settings=settings)).test_client()
    answer = call(opened, "send_ussd", {"text": "*100#", "port": [0, 1], "command": "send"}, boss)
    assert answer == {"error_code": 202, "sn": "simrack", "result": [{"port": 0, "status": 200}, {"port": 1, "status": 503}]}
    assert called.wait(30)
    assert call(opened, "query_ussd_reply?port=0", headers=boss)["reply"] == []
    assert call(opened, "send_ussd", {"text": "*101#", "port": [0]}, boss)["result"] == [{"port": 0, "status": 486}]
    go.set()
    assert reply(opened, boss) == "p0 *100#"
    assert call(opened, "send_ussd", {"text": "*9#", "port": 0}, boss)["result"][0]["status"] == 200
    deadline = time.monotonic() + 30  # until the network has refused it, the port is busy
    while call(opened, "send_ussd", {"text": "*101#", "port": 0}, boss)["result"][0]["status"] == 486:
        assert time.monotonic() < deadline
    assert reply(opened, boss) == "p0 *101#"
    assert call(opened, "send_ussd", {"text": "", "port": [0], "command": "cancel"}, boss)["result"] == [{"port": 0, "status": 200}]
    assert call(opened, "query_ussd_reply", headers=boss)["reply"] == []


def reply(opened: Open, headers: dict[str, str]) -> str:
    deadline = time.monotonic() + 30
    while not (found := call(opened, "query_ussd_reply?port=0", headers=headers)["reply"]):
        assert time.monotonic() < deadline
    assert found[0]["port"] == 0
    return str(found[0]["text"])


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"text": "*100#"}, 400), ({"text": "hello", "port": [0]}, 400), ({"text": "", "port": [0]}, 400),
        ({"text": "*1#", "port": [0], "command": "stop"}, 400), ({"text": "1" * 61, "port": [0]}, 413),
        ({"text": "*1#", "port": [9]}, 400), ({"text": 5, "port": [0]}, 400),
    ],
)  # fmt: skip
def test_what_is_no_service_code_is_not_dialled(opened: Open, wanted: object, code: int) -> None:
    assert call(opened, "send_ussd", wanted, administrator(opened))["error_code"] == code


def test_service_codes_and_changes_of_ports_need_an_administrator_who_is_told_no_login_failed(opened: Open) -> None:
    assert call(opened, "send_ussd", {"text": "*1#", "port": [0]})["error_code"] == 500
    assert call(opened, "query_ussd_reply")["error_code"] == 500
    assert call(opened, "set_port_info?port=0&action=lock")["error_code"] == 500
    boss = administrator(opened)
    for action, traffic in (("lock", "paused"), ("unlock", "open"), ("block", "paused"), ("unblock", "open")):
        assert call(opened, f"set_port_info?port=0&action={action}", headers=boss)["error_code"] == 200
        assert opened.gateway.fitness.shown("p0", "8949001").traffic.value == traffic
    call(opened, "set_port_info?port=1&action=reset", headers=boss)
    assert opened.gateway.unparked == ["p1"]
    assert call(opened, "set_port_info?port=1&action=imei&param=1", headers=boss)["error_code"] == 400
    assert call(opened, "set_port_info?action=lock", headers=boss)["error_code"] == 400
