"""The table [forwarding]: where webhooks may point, and what is refused with key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.forwarding.addresses import Reach
from gateway.errors import BadSetting
from gateway.settings import parse


def test_webhooks_may_point_anywhere_unless_it_is_said_where(tmp_path: Path) -> None:
    assert parse("", tmp_path).forwarding.allow == ()
    assert parse("[forwarding]\nallow = []\n", tmp_path).forwarding.allow == ()
    written = '[forwarding]\nallow = ["192.0.2.0/24", "2001:db8::5", "pbx.example.net", "localhost", "3cx.example"]\n'
    assert parse(written, tmp_path).forwarding.allow == (
        "192.0.2.0/24",
        "2001:db8::5",
        "pbx.example.net",
        "localhost",
        "3cx.example",
    )


def test_our_own_listeners_are_those_of_the_configuration(tmp_path: Path) -> None:
    assert Reach.of(parse("", tmp_path)).listeners == (("127.0.0.1", 8080),)
    written = '[http]\nlisten = "0.0.0.0:8081"\n[smpp]\nlisten = "[::1]:2775"\n'
    assert Reach.of(parse(written, tmp_path)).listeners == (("0.0.0.0", 8081), ("::1", 2775))


@pytest.mark.parametrize(
    "entry",
    [
        "https://pbx.example",
        "pbx.example:5001",
        "192.0.2.7/24",
        "192.0.2.0/33",
        "256.1.1.1",
        "",
        "*",
        "pbx example",
        "192.0.2.7:80",
    ],
)
def test_what_is_neither_network_nor_host_is_refused(tmp_path: Path, entry: str) -> None:
    with pytest.raises(BadSetting) as caught:
        parse(f'[forwarding]\nallow = ["192.0.2.0/24", "{entry}"]\n', tmp_path)
    assert caught.value.field == "forwarding.allow" and "192.0.2.0/24" in caught.value.remedy
