"""Who connects: of proxies that are named, X-Forwarded-For says it; what anybody else writes there changes nothing."""

from __future__ import annotations

import http.client
import re
from dataclasses import replace

import pytest

from gateway.settings import DoorsSettings, HttpSettings
from gateway.web.app import create_app
from gateway.web.proxies import client
from gateway.web.server import Server
from tests.web.conftest import Gateway


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("192.0.2.9", "", "192.0.2.9"),
        ("192.0.2.9", "127.0.0.1", "192.0.2.9"),  # no proxy of ours: whatever it says
        ("10.0.0.1", "192.0.2.9", "192.0.2.9"),
        ("::ffff:10.0.0.1", "192.0.2.9", "192.0.2.9"),
        ("10.0.0.1", "127.0.0.1, 192.0.2.9", "192.0.2.9"),  # the first was there when it came to the proxy
        ("10.0.0.1", "192.0.2.9, 10.0.0.2", "192.0.2.9"),  # two proxies of ours
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.9, unknown", "unknown"),  # is no address, and in no network
    ],
)
def test_the_client_is_the_last_that_is_no_proxy_of_ours(peer: str, said: str, found: str) -> None:
    assert client(peer, said, ("10.0.0.0/24",)) == found


@pytest.mark.parametrize(("proxies", "status"), [((), 403), (("127.0.0.1",), 200)])
def test_behind_a_real_socket_the_header_counts_only_of_a_proxy_that_is_named(
    gateway: Gateway, proxies: tuple[str, ...], status: int
) -> None:
    key = gateway.keys.add("reader", ["read"])[1]
    listening = HttpSettings("127.0.0.1:0", threads=1, trusted_proxies=proxies)
    settings = replace(gateway.settings, http=listening, doors=DoorsSettings(addresses={"v1": "192.0.2.7"}))
    server = Server(create_app(replace(gateway.doors(), settings=settings)), listening)
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", int(server.address.rpartition(":")[2]), timeout=30)
    connection.request("GET", "/v1/channels", headers={"Authorization": f"Bearer {key}", "X-Forwarded-For": "192.0.2.7"})
    assert connection.getresponse().status == status
    connection.close()
    server.stop()


def test_our_own_api_is_entered_from_its_addresses_alone(gateway: Gateway) -> None:
    bearer = {"Authorization": f"Bearer {gateway.keys.add('all', ['admin'])[1]}"}
    settings = replace(gateway.settings, doors=DoorsSettings(addresses={"v1": "192.0.2.7, 2001:db8::/64"}))
    app = create_app(replace(gateway.doors(), settings=settings))
    caller = app.test_client()
    ways = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/")]
    assert len(ways) > 30
    for rule in ways:
        method = next(one for one in ("POST", "GET", "PUT", "DELETE", "PATCH") if one in (rule.methods or ()))
        path = re.sub(r"<[^>]*>", lambda found: "1" if "<int" in found[0] else "x", rule.rule)
        answer = caller.open(path, method=method, headers=bearer, environ_base={"REMOTE_ADDR": "192.0.2.8"})
        assert (answer.status_code, "[doors] addresses" in answer.text) == (403, True), path
        assert answer.get_json(force=True)["code"] == "address_refused", path
    for address in ("192.0.2.7", "2001:db8::9"):
        assert caller.get("/v1/channels", headers=bearer, environ_base={"REMOTE_ADDR": address}).status_code == 200
    assert caller.get("/healthz", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status_code == 200
