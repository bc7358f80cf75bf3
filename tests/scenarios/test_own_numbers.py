"""A key and its extensions that are held to own numbers, told whole: which SIM their texts really leave by."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import PoolSettings
from simulator.testing import RunningBank, running_bank
from tests.bench.stage import Bank, Gateway, Stage, call, stage, until
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


# SIMs that are moved


def as_process(on: Stage, bank: RunningBank, ports: int) -> Gateway:
    return on.gateway(Bank(bank.folder, bank.control_url, 0, ports))


def kill(gateway: Gateway) -> None:
    gateway.process.kill()
    gateway.process.wait()


def start_again(on: Stage, gateway: Gateway, ports: int) -> None:
    again = on.run_gateway(gateway.config, int(gateway.url.rpartition(":")[2]), gateway.key, ports)
    gateway.process, gateway.pid = again.process, again.pid


def swap(bank: RunningBank, gateway: Gateway) -> None:
    """The cards of p0 and p1 change places while the gateway runs."""
    for port in ("p0", "p1"):
        bank.unplug(port)
    until(lambda: not gateway.ready(1), 20, "both ports to be gone")
    bank.swap_sims("p0", "p1")
    for port in ("p0", "p1"):
        bank.plug(port)
    until(lambda: gateway.ready(2), 20, "both ports to be back")


def numbers_of(gateway: Gateway) -> dict[str, str]:
    return {one["name"]: one["number"] for one in gateway.call("/v1/channels")["data"]}


def left(gateway: Gateway, public_id: str) -> tuple[str, str]:
    """Channel and number from which it left, once it has."""
    sent = until(
        lambda: (m := gateway.call(f"/v1/messages/{public_id}"))["status"] in ("sent", "delivered") and m, 20, f"{public_id} sent"
    )
    return sent["channel"], sent["from"]


def test_texts_leave_from_the_number_they_asked_for_after_a_kill_and_a_swap(tmp_path: Path) -> None:
    with running_bank(2) as bank, stage() as on:
        gateway = as_process(on, bank, 2)
        first, second = bank.number("p0"), bank.number("p1")
        assert numbers_of(gateway) == {"p0": first, "p1": second}
        held = gateway.call("/v1/keys", "POST", {"name": "held", "scopes": ["send"]})["key"]
        gateway.call("/v1/keys/held", "PATCH", {"from": [first]})
        gateway.call("/v1/pools/both", "PUT", {"channels": ["p0", "p1"]})
        for name in ("p0", "p1"):
            gateway.call(f"/v1/channels/{name}/pause", "POST", {})
        wishes: list[dict[str, object]] = [{"from": first}, {"from": first, "pool": "both"}, {"from": first, "text": "long " * 60}]
        asked = [gateway.call("/v1/messages", "POST", {"to": "+4917012345", "text": "x", **one})["id"] for one in wishes]
        by_key = call(f"{gateway.url}/v1/messages", "POST", {"to": "+4917012345", "text": "x"}, held)["id"]
        kill(gateway)
        bank.swap_sims("p0", "p1")
        start_again(on, gateway, 2)
        assert numbers_of(gateway) == {"p0": second, "p1": first}
        for name in ("p0", "p1"):
            gateway.call(f"/v1/channels/{name}/resume", "POST", {})
        assert [left(gateway, one) for one in [*asked, by_key]] == [("p1", first)] * 4
        assert {entry["from"] for entry in bank.journal(kind="submit")} == {first}


def test_a_number_of_the_configuration_goes_with_its_sim_and_texts_wait_for_it(tmp_path: Path) -> None:
    with running_bank(2) as bank, stage() as on:
        gateway = as_process(on, bank, 2)
        kill(gateway)
        written = gateway.config.read_text().replace('/p0"\n', '/p0"\nnumber = "+4930100"\n').replace(
            '/p1"\n', '/p1"\nnumber = "+4930101"\n'
        )  # fmt: skip
        gateway.config.write_text(written)
        start_again(on, gateway, 2)
        assert numbers_of(gateway) == {"p0": "+4930100", "p1": "+4930101"}
        gateway.call("/v1/channels/p0/pause", "POST", {})
        waits = gateway.call("/v1/messages", "POST", {"to": "+4917012345", "text": "x", "from": "+4930100"})["id"]
        swap(bank, gateway)
        assert left(gateway, waits) == ("p1", "+4930100")
        kill(gateway)
        start_again(on, gateway, 2)
        assert numbers_of(gateway) == {"p0": "+4930101", "p1": "+4930100"}
        bank.unplug("p1")
        until(lambda: not gateway.ready(2), 20, "p1 to be gone")
        waits = gateway.call("/v1/messages", "POST", {"to": "+4917012345", "text": "x", "from": "+4930100"})["id"]
        gateway.call("/v1/channels/p0/resume", "POST", {})
        free = gateway.call("/v1/messages", "POST", {"to": "+4917012345", "text": "free"})["id"]
        assert left(gateway, free) == ("p0", "+4930101")
        assert gateway.call(f"/v1/messages/{waits}")["status"] == "queued"
        bank.plug("p1")
        assert left(gateway, waits) == ("p1", "+4930100")
