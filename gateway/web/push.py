"""`/push/dinstar/BOX`: what boxes tell unasked, taken from their own addresses alone. They know no keys; 200 means committed."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from gateway.errors import BadValue, LinkLost
from gateway.settings import DinstarSettings
from gateway.settings.networks import within
from gateway.web.doors import Doors
from gateway.web.problems import Problem

log = logging.getLogger("simrack.web")

_RETRY_AFTER = "5"


def blueprint(doors: Doors) -> Blueprint:
    """Not a part of the published API: the box's document says what it posts."""
    bp = Blueprint("push", __name__, url_prefix="/push")
    boxes = {box.name: box for box in doors.settings.dinstars}

    @bp.post("/dinstar/<name>")
    def push(name: str) -> Response:
        box = boxes.get(name)
        if box is None:
            raise Problem(404, f"there is no box {name}")
        _require_its_address(box)
        document = _document()
        try:
            doors.push(name, document)
        except BadValue as fault:
            raise Problem(400, str(fault)) from fault
        except LinkLost as fault:
            raise Problem(503, str(fault), headers={"Retry-After": _RETRY_AFTER}) from fault
        return Response("{}", content_type="application/json")

    return bp


def _require_its_address(box: DinstarSettings) -> None:
    if not within(request.remote_addr or "", box.push_from):
        log.warning("%s: a push from %s was refused; push_from does not name it", box.name, request.remote_addr)
        raise Problem(403, "push_from of this box does not name the address that this comes from", code="address_refused")


def _document() -> Mapping[str, Any]:
    try:
        document = json.loads(request.get_data())
    except (ValueError, RecursionError) as fault:
        raise Problem(400, "the body is not JSON") from fault
    if not isinstance(document, dict):
        raise Problem(400, "the body is not a JSON object")
    return document
