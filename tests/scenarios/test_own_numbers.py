"""A key and its extensions that are held to own numbers, told whole: which SIM their texts really leave by."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import PoolSettings
from simulator.testing import running_bank
from tests.scenarios.box import Box, running_gateway

pytestmark = pytest.mark.slow

MAIN = PoolSettings("main", ("p0-2",))


def left_by(box: Box, text: str, **given: object) -> str:
    return str(box.wait_status(box.send("+4917012345", text, **given), "sent", "delivered")["channel"])


def rules(box: Box, key: str, **changes: object) -> None:
    status, answer = box.call(f"/v1/keys/{key}", "PATCH", changes)
    assert status == 200, answer


def test_texts_of_a_key_leave_by_its_own_sims_alone_and_an_extension_by_its_own(tmp_path: Path) -> None:
    with running_bank(3) as bank, running_gateway(tmp_path, bank, 3, pools=(MAIN,)) as box:
        numbers = {one["name"]: one["number"] for one in box.call("/v1/channels")[1]["data"]}
        rules(box, "story0", **{"from": ["p0-1"]})
        assert [left_by(box, f"any {n}") for n in range(4)] in (["p0", "p1"] * 2, ["p1", "p0"] * 2)
        assert [left_by(box, f"pool {n}", pool="main") for n in range(4)] in (["p0", "p1"] * 2, ["p1", "p0"] * 2)
        assert box.call("/v1/messages", "POST", {"to": "+4917012345", "text": "x", "channel": "p2"})[0] == 409
        rules(box, "story0", **{"from": [], "extensions": {"101": [numbers["p2"]], "*": ["p0"]}})
        sent = [left_by(box, f"extension {n}", extension=n, pool="main") for n in ("101", "7", "101")]
        assert sent == ["p2", "p0", "p2"]
        assert left_by(box, "nobody") == "p0"
        told = box.message(box.send("+4917012345", "told", extension="101"))
        assert (told["extension"], told["from"]) == ("101", numbers["p2"])


def test_what_waits_for_some_of_a_pools_sims_survives_a_restart(tmp_path: Path) -> None:
    with running_bank(3) as bank:
        with running_gateway(tmp_path, bank, 3, pools=(MAIN,)) as box:
            rules(box, "story0", **{"from": ["p1", "p2"]})
            for name in ("p1", "p2"):
                assert box.call(f"/v1/channels/{name}/pause", "POST", {})[0] == 200
            waiting = [box.send("+4917012345", f"later {n}", pool="main") for n in range(4)]
        with running_gateway(tmp_path, bank, 3, pools=(MAIN,)) as box:
            for name in ("p1", "p2"):
                assert box.call(f"/v1/channels/{name}/resume", "POST", {})[0] == 200
            left = [box.wait_status(one, "sent", "delivered")["channel"] for one in waiting]
            assert set(left) == {"p1", "p2"}
