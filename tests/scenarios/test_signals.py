"""Signals to a running gateway, a process of its own: SIGUSR1 pauses all channels, SIGRTMIN drains them, SIGUSR2 resumes them."""

from __future__ import annotations

import os
import signal

import pytest

from tests.bench.stage import Gateway, stage, until

pytestmark = pytest.mark.slow


def traffic(gateway: Gateway) -> list[tuple[str, str]]:
    found = [channel["traffic"] for channel in gateway.call("/v1/channels")["data"]]
    return [(one["state"], one["reason"]) for one in found]


def test_a_signal_pauses_all_channels_also_over_a_restart_and_another_one_lets_them_go_on() -> None:
    with stage() as on:
        bank = on.bank(2, latency="0", report_delay="0")
        gateway = on.gateway(bank)
        gateway.call("/v1/channels/p1/pause", "POST", {"reason": "new antenna"})
        os.kill(gateway.pid, signal.SIGUSR1)
        everything = [("paused", "all channels are paused by a signal")] * 2
        until(lambda: traffic(gateway) == everything, 20, "the pause")
        held = gateway.call("/v1/messages", "POST", {"to": "+4917012345", "text": "held"})["id"]

        gateway.process.kill()
        gateway.process.wait()
        gateway = on.run_gateway(gateway.config, int(gateway.url.rpartition(":")[2]), gateway.key, 2)
        assert traffic(gateway) == everything and gateway.call(f"/v1/messages/{held}")["status"] == "queued"

        os.kill(gateway.pid, signal.SIGUSR2)
        until(lambda: gateway.call(f"/v1/messages/{held}")["status"] in ("sent", "delivered"), 20, "the text that was held")
        # Who was paused for itself stays so.
        assert traffic(gateway)[0][0] == "open" and traffic(gateway)[1][1].endswith("new antenna")
        assert [entry["port"] for entry in bank.journal("submit")] == ["p0"]


def test_a_signal_drains_all_channels_what_is_bound_to_one_goes_and_what_waits_in_a_pool_stays() -> None:
    with stage() as on:
        bank = on.bank(1, latency="0", report_delay="0")
        gateway = on.gateway(bank, extra='[[pool]]\nname = "main"\nchannels = ["p0"]\n')

        def send(text: str, **way: str) -> str:
            return str(gateway.call("/v1/messages", "POST", {"to": "+4917012345", "text": text, **way})["id"])

        bank.control("/ports/p0/unplug", {})  # what is bound to it stays until it has come back
        until(lambda: not gateway.ready(1), 20, "the port to be away")
        bound = [send(f"bound {n}", channel="p0") for n in range(3)]
        os.kill(gateway.pid, signal.SIGRTMIN)
        until(lambda: traffic(gateway)[0][0] == "draining", 20, "the draining")
        waits = send("for anybody", pool="main")
        bank.control("/ports/p0/plug", {})
        for one in bound:
            until(lambda one=one: gateway.call(f"/v1/messages/{one}")["status"] in ("sent", "delivered"), 20, "what is bound")
        assert gateway.call(f"/v1/messages/{waits}")["status"] == "queued"
        os.kill(gateway.pid, signal.SIGUSR2)
        until(lambda: gateway.call(f"/v1/messages/{waits}")["status"] in ("sent", "delivered"), 20, "what waited")
