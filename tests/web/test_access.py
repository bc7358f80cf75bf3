"""Who may do what, and how errors of routing look."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Caller, Gateway, faults

TEXT = {"to": "+4915112345678", "text": "x"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWxpY2U6", "Bearer srk_guess", "srk_guess"])
def test_without_a_known_key_nobody_gets_in(client: FlaskClient, header: str) -> None:
    for answer in (
        client.get("/v1/messages", headers={"Authorization": header}),
        client.post("/v1/messages", json={"nonsense": 1}, headers={"Authorization": header}),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "`simrack key " in answer.json["detail"]
        assert faults(answer) == []


def test_a_revoked_key_is_refused_at_once(alice: Caller, bob: Caller) -> None:
    assert bob.post("/v1/messages", TEXT).status_code == 202
    assert alice.delete("/v1/keys/bob").json["revoked_at"] is not None
    refused = bob.post("/v1/messages", TEXT)
    assert refused.status_code == 401 and "revoked" in refused.json["detail"]


def test_a_key_revoked_by_another_process_is_refused_at_once(bob: Caller, gateway: Gateway) -> None:
    from gateway.core.keys import Keys
    from gateway.store import Store

    other = Store.open(gateway.settings.store, gateway.clock, serving=False)
    Keys(other, gateway.clock).revoke("bob")
    other.close()
    assert bob.post("/v1/messages", TEXT).status_code == 401


def test_a_scope_opens_its_doors_and_no_others(bob: Caller, carol: Caller) -> None:
    assert bob.post("/v1/messages", TEXT).status_code == 202
    assert carol.get("/v1/messages").status_code == 200
    for refused, scope in (
        (bob.get("/v1/messages"), "read"),
        (carol.post("/v1/messages", TEXT), "send"),
        (carol.get("/v1/keys"), "admin"),
        (bob.post("/v1/webhooks", {}), "admin"),
    ):
        assert refused.status_code == 403 and "simrack key add NAME --scope" in refused.json["detail"]
        assert repr(scope) in refused.json["detail"] and f'scope="{scope}"' in refused.headers["WWW-Authenticate"]


def test_admin_may_do_everything(alice: Caller) -> None:
    assert alice.post("/v1/messages", TEXT).status_code == 202
    for path in ("/v1/messages", "/v1/keys", "/v1/webhooks", "/v1/channels", "/v1/pools", "/v1/status"):
        assert alice.get(path).status_code == 200


def test_a_path_that_does_not_exist_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/v1/massages")
    assert answer.status_code == 404 and answer.json["code"] == "not_found" and faults(answer) == []
    assert "/v1/massages" in answer.json["detail"] and "/openapi.json" in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path", "offered"),
    [("PUT", "/v1/messages", "POST"), ("GET", "/v1/messages/batch", "POST"), ("POST", "/healthz", "GET")],
)
def test_a_method_that_is_not_offered_is_a_problem(client: FlaskClient, method: str, path: str, offered: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 405 and offered in answer.headers["Allow"] and faults(answer) == []
    detail = answer.json["detail"]
    assert method in detail and path in detail and offered in detail


def test_a_fault_of_ours_tells_nothing_of_our_insides(alice: Caller, gateway: Gateway) -> None:
    gateway.facts.append("nonsense")  # type: ignore[arg-type]
    alice.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = alice.get("/v1/channels")
    assert answer.status_code == 500 and faults(answer) == []
    assert "nonsense" not in answer.text and "Traceback" not in answer.text


def test_a_key_is_shown_once(alice: Caller, client: FlaskClient) -> None:
    made = alice.post("/v1/keys", {"name": "pbx", "scopes": ["send", "read"]})
    assert made.status_code == 201
    token = made.json["key"]
    assert token.startswith("srk_") and len(token) == 47
    assert token not in alice.get("/v1/keys").text
    assert Caller(client, token).get("/v1/messages").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"name": "", "scopes": ["send"]}, "/name"),
        ({"name": "a b", "scopes": ["send"]}, "/name"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": ["all"]}, "/scopes/0"),
        ({"name": "x"}, "/scopes"),
    ],
)
def test_a_wrong_key_is_refused_by_the_name_of_its_field(alice: Caller, wanted: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/keys", wanted)
    assert refused.status_code == 422 and faults(refused) == [field]


def test_two_keys_cannot_share_a_name(alice: Caller) -> None:
    assert alice.post("/v1/keys", {"name": "alice", "scopes": ["send"]}).status_code == 409


def test_nobody_locks_himself_out(alice: Caller) -> None:
    assert alice.delete("/v1/keys/alice").status_code == 409
    assert alice.get("/v1/keys").status_code == 200


def test_a_key_that_is_not_there_is_a_404(alice: Caller) -> None:
    assert alice.delete("/v1/keys/nobody").status_code == 404
