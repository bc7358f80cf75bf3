"""Which texts a key may look up through the doors: its own outgoing ones, those of all keys with scope admin, and what came in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.web.compat.twilio_json import sid
from tests.web.compat.conftest import KEY, Open, basic

TWILIO = "/2010-04-01/Accounts/AC1/Messages"


def twilio_list(opened: Open, key: str, _: str) -> bool:
    return bool(opened.client.get(f"{TWILIO}.json", headers=basic(key)).json["messages"])


def twilio_one(opened: Open, key: str, public_id: str) -> bool:
    return opened.client.get(f"{TWILIO}/{sid(public_id)}.json", headers=basic(key)).status_code == 200


def telnyx_one(opened: Open, key: str, public_id: str) -> bool:
    headers = {"Authorization": f"Bearer {key}"}
    return opened.client.get(f"/compat/telnyx/v2/messages/{public_id}", headers=headers).status_code == 200


def playsms_list(opened: Open, key: str, _: str) -> bool:
    return "data" in opened.client.get(f"/index.php?app=ws&op=ds&h={key}").json


def playsms_one(opened: Open, key: str, public_id: str) -> bool:
    return "data" in opened.client.get(f"/index.php?app=ws&op=ds&h={key}&smslog_id={public_id}").json


def smsgate_list(opened: Open, key: str, _: str) -> bool:
    return bool(opened.client.get("/3rdparty/v1/messages", headers=basic(key)).json)


@pytest.mark.parametrize("sees", [twilio_list, twilio_one, telnyx_one, playsms_list, playsms_one, smsgate_list])
def test_what_a_key_sent_is_seen_by_itself_and_by_admins(opened: Open, sees: Callable[[Open, str, str], bool]) -> None:
    opened.client.get(f"/api/send?key={KEY}&to=015112345678&text=hello")
    sent = opened.last().id
    _, other = opened.gateway.keys.add("other", ["send", "read"])
    _, admin = opened.gateway.keys.add("boss", ["admin"])
    assert [sees(opened, key, sent) for key in (KEY, other, admin)] == [True, False, True]


def test_another_key_cannot_call_a_text_back(opened: Open) -> None:
    opened.client.get(f"/api/send?key={KEY}&to=015112345678&text=hello")
    path = f"{TWILIO}/{sid(opened.last().id)}.json"
    _, other = opened.gateway.keys.add("other", ["send", "read"])
    assert opened.client.post(path, data={"Status": "canceled"}, headers=basic(other)).json["code"] == 20404
    assert opened.last().status == "queued"
    assert opened.client.post(path, data={"Status": "canceled"}, headers=basic()).json["status"] == "canceled"
