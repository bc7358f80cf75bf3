"""The calls of the HTTP API, one function each: what is asked, what the box answers (document v201910)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.dinstar import ports_api, sending
from simulator.dinstar.ask import (
    MOST_ASKED,
    ApiError,
    asked_for,
    document_of,
    flag,
    moment,
    numbers,
    query_of,
    table_of,
    whole_numbers,
)
from simulator.dinstar.records import FAILED, SENDING
from simulator.dinstar.web import Request

if TYPE_CHECKING:
    from simulator.dinstar.box import Box

Document = dict[str, Any]
GET, POST, EITHER = ("GET",), ("POST",), ("GET", "POST")


def send_sms(box: Box, request: Request) -> Document:
    task = sending.accept(box, table_of(request))
    return {"error_code": 202, "sms_in_queue": box.in_queue, "task_id": task}


def query_sms_result(box: Box, request: Request) -> Document:
    asked = table_of(request)
    ids = whole_numbers(asked.get("user_id"))
    if ids and len(ids) > MOST_ASKED:
        raise ApiError(413)
    fits = _filter(asked)
    known = set(ids or ())
    return {"error_code": 200, "result": [each.shown() for each in box.memory.outgoing if (ids is None or each.user_id in known)
                                          and fits(each.number, each.port, each.time)]}


def query_sms_deliver_status(box: Box, request: Request) -> Document:
    fits = _filter(table_of(request))
    return {"error_code": 200, "result": [each for each in box.memory.statuses if fits(each["number"], each["port"], each["time"])]}


def _filter(asked: Document) -> Callable[[str, int, str], bool]:
    """Whether a record with this number, port and time was asked for."""
    wanted, ports = numbers(asked.get("number")), whole_numbers(asked.get("port"))
    after, before = moment(asked.get("time_after")), moment(asked.get("time_before"))

    def fits(number: str, port: int, time: str) -> bool:
        return ((wanted is None or number in wanted) and (ports is None or port in ports) and time >= after
                and (not before or time <= before))

    return fits


def query_sms_in_queue(box: Box, request: Request) -> Document:
    return {"error_code": 200, "in_queue": box.in_queue}


def stop_sms(box: Box, request: Request) -> Document:
    """What is not on the air yet does not go out; its result is FAILED."""
    task = (whole_numbers(asked_for(request).get("task_id")) or [0])[0]
    if not 0 < task <= box.memory.last_task:
        raise ApiError(404)
    for port in box.ports:
        for text in [each for each in port.queue if each.task_id == task]:
            port.queue.remove(text)
            text.status, text.time = FAILED, box.time()
    return {"error_code": 200}


def query_incoming_sms(box: Box, request: Request) -> Document:
    asked = asked_for(request)
    wanted, ports = flag(str(asked.get("flag", ""))), whole_numbers(asked.get("port"))
    after = (whole_numbers(asked.get("incoming_sms_id")) or [0])[0]
    there = [each for each in box.memory.inbox if ports is None or each.port in ports]
    read = sum(each.read for each in there)
    shown = [each for each in there if each.number_in_box > after and (wanted == "all" or each.read == (wanted == "read"))]
    answer = {"error_code": 200, "sms": [each.shown() for each in shown], "read": read, "unread": len(there) - read}
    if wanted == "unread":
        for each in shown:
            each.read = True
    return answer


def get_cdr(box: Box, request: Request) -> Document:
    """The box makes no calls; what is asked is checked all the same."""
    _filter(table_of(request))
    return {"error_code": 200, "cdr": []}


def get_status(box: Box, request: Request) -> Document:
    """The one call without an error_code, and with a bare array."""
    if document_of(request) != ["performance"]:
        raise ApiError(400)
    busy = sum(each.status == SENDING for each in box.memory.outgoing[-200:])
    return {"performance": {"cpu_used": f"{min(5 + busy, 99)}%", "flash_total": "16384", "flash_used": "9216",
                            "memory_total": "126976", "memory_used": "81920", "memory_cached": "20480", "memory_buffers": "4096"}}


def get_port_info(box: Box, request: Request) -> Document:
    return {"error_code": 200, "info": ports_api.info(box, query_of(request))}


def set_port_info(box: Box, request: Request) -> Document:
    ports_api.change(box, query_of(request))
    return {"error_code": 200}


def send_ussd(box: Box, request: Request) -> Document:
    return {"error_code": 202, "result": ports_api.send_ussd(box, table_of(request))}


def query_ussd_reply(box: Box, request: Request) -> Document:
    ports = whole_numbers(query_of(request).get("port"))
    return {"error_code": 200, "reply": [{"port": port, "text": text} for port, text in sorted(box.memory.ussd.items())
                                         if ports is None or port in ports]}


CALLS: dict[str, tuple[tuple[str, ...], Callable[[Box, Request], Document]]] = {
    "send_sms": (POST, send_sms), "query_sms_result": (POST, query_sms_result),
    "query_sms_deliver_status": (POST, query_sms_deliver_status), "query_sms_in_queue": (GET, query_sms_in_queue),
    "stop_sms": (EITHER, stop_sms), "query_incoming_sms": (EITHER, query_incoming_sms), "send_ussd": (POST, send_ussd),
    "query_ussd_reply": (GET, query_ussd_reply), "get_port_info": (GET, get_port_info), "set_port_info": (GET, set_port_info),
    "get_cdr": (POST, get_cdr), "get_status": (POST, get_status),
}
