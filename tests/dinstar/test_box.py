"""A simulated box as a thing: logins, its ports and their SIMs, recovery, service codes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.errors import UssdFailed
from gateway.records import ChannelState, Refused, Sent, Word
from simulator.dinstar.plan import BoxPlan
from simulator.dinstar.running import RunningBox
from simulator.testing import RunningBank, running_bank
from tests.dinstar.stage import gateway, story, text


@pytest.fixture
def bank() -> Iterator[RunningBank]:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2)]) as running:
        yield running


@pytest.fixture
def box(bank: RunningBank) -> RunningBox:
    return bank.box("box1")


@story
async def test_the_facts_of_a_port_are_what_the_box_says(box: RunningBox) -> None:
    async with gateway(box.url, numbers={"1": "+4915112345670"}) as stage:
        await stage.ready(0, 1)
        facts = stage.facts(0)
        assert (facts.family, facts.model, facts.port, facts.imsi) == ("dinstar", "LTE", f"{box.url}#0", box.imsi(0))
        assert (facts.number, stage.facts(1).number) == (box.number(0), "+4915112345670")
        assert facts.signal_dbm == -67 and facts.registration == "home" and len(facts.iccid) >= 19


@story
async def test_the_number_of_a_port_is_that_of_the_sim_in_it(box: RunningBox) -> None:
    told: list[tuple[str, str, str]] = []

    def own_number(sim: str, channel: str, number: str) -> str:
        told.append((sim, channel, number))
        return "+4915112345679"

    async with gateway(box.url, numbers={"0": "+4915112345670"}, own_number=own_number) as stage:
        await stage.ready(0)
        assert stage.facts(0).number == "+4915112345679"
        assert (stage.facts(0).sim, "box1.0", box.number(0)) in told


# Logins


@pytest.mark.parametrize(
    "plan",
    [
        {"login": "digest"},
        {"nonce_once": True},
        {"login": "digest", "lockout": 2},
        {"close": True},
        {"login": "digest", "close": True},
    ],
)
@story
async def test_a_box_is_served_whatever_its_login_is_like(plan: dict[str, object]) -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2, **plan)]) as bank:  # type: ignore[arg-type]
        async with gateway(bank.box("box1").url) as stage:
            await stage.ready(0, 1)
            for attempt in range(3):
                assert isinstance(await stage.send(text(attempt + 1)), Sent)


@story
async def test_a_box_that_knows_basic_alone_says_what_to_do_and_is_served_with_it() -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=1, login="basic")]) as bank:
        url = bank.box("box1").url
        async with gateway(url, ports="0") as stage:
            await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
            assert "auth of this box" in stage.facts(0).reason
        async with gateway(url, ports="0", auth="basic") as stage:
            await stage.ready()
            assert isinstance(await stage.send(text(1)), Sent)


@story
async def test_a_nonce_that_has_become_stale_costs_nothing(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.fault("stale-nonce", command="send_sms")
        assert isinstance(await stage.send(text(1)), Sent)
        assert stage.began == [1] and len(bank.journal(kind="submit")) == 1


@story
async def test_a_refused_login_parks_the_ports_until_a_person_says_so(box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        box.fault("auth-refused")
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Refused)
        await stage.until(lambda: {stage.facts(n).state for n in (0, 1)} == {ChannelState.PARKED})
        assert "password_file" in stage.facts(0).reason and "secret" not in stage.facts(0).reason
        box.release("auth-refused")
        stage.supervisor.unpark("box1.1")
        await stage.ready(0, 1)


@story
async def test_a_wrong_password_is_not_tried_over_and_over() -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=8, login="digest")]) as bank:
        box = bank.box("box1")
        async with gateway(box.url, ports="0-7", password="wrong") as stage:
            await stage.until(lambda: all(stage.facts(n).state is ChannelState.PARKED for n in range(8)))
            assert box.state()["requests"].get("get_port_info", 0) <= 4


@story
async def test_an_address_without_the_api_parks_the_ports_with_the_remedy(box: RunningBox) -> None:
    async with gateway(box.url + "/elsewhere") as stage:
        await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
        assert "API = New Version" in stage.facts(0).reason


# Ports


@story
async def test_a_port_without_a_sim_parks_itself_alone_and_is_back_when_one_is_put_in(box: RunningBox) -> None:
    box.sim(0, False)
    async with gateway(box.url) as stage:
        await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
        assert "no SIM" in stage.facts(0).reason
        await stage.ready(1)
        assert isinstance(await stage.send(text(1), 1), Sent)
        assert isinstance(await stage.send(text(2), 0), Refused)
        box.sim(0, True)
        await stage.ready(0)
        assert isinstance(await stage.send(text(3), 0), Sent)


@story
async def test_a_lone_port_without_a_sim_is_noticed_too_when_one_is_put_in(box: RunningBox) -> None:
    box.sim(0, False)
    async with gateway(box.url, ports="0") as stage:
        await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
        box.sim(0, True)
        await stage.ready(0)


@story
async def test_a_port_that_the_box_does_not_have_is_parked_alone() -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2)]) as bank:
        async with gateway(bank.box("box1").url, ports="0-2") as stage:
            await stage.ready(0, 1)
            await stage.until(lambda: stage.facts(2).state is ChannelState.PARKED)
            assert "no port 2" in stage.facts(2).reason


@story
async def test_a_port_whose_limit_the_box_has_used_up_is_to_blame(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        box.fault("exhausted", port=0)
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Refused) and (outcome.word, outcome.code) == (Word.CHANNEL, "dinstar:550")
        assert isinstance(await stage.send(text(2), 1), Sent)


@story
async def test_a_port_without_network_is_reset_and_then_switched_off_and_on(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, reset_after_s=0.3) as stage:
        await stage.ready(0, 1)
        bank.network(coverage=False)
        await stage.until(lambda: stage.facts(0).state is ChannelState.UNREGISTERED)
        assert "antenna" in stage.facts(0).reason
        await stage.until(lambda: dict(stage.facts(0).recoveries).get("power"))
        assert dict(stage.facts(0).recoveries).get("reset")
        bank.network(coverage=True)
        await stage.ready(0, 1)
        assert isinstance(await stage.send(text(1)), Sent)


@story
async def test_a_port_is_never_reset_while_a_text_of_ours_is_in_it(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, reset_after_s=0.2) as stage:
        await stage.ready(0, 1)
        box.fault("hung-port", port=0)
        sending = stage.sending(text(1))
        await stage.until(lambda: stage.box.book.stuck_on(0))
        box.registration(0, 0)
        await stage.until(lambda: stage.facts(0).state is ChannelState.UNREGISTERED)
        asked = box.state()["requests"].get("get_port_info", 0)
        await stage.until(lambda: box.state()["requests"]["get_port_info"] > asked + 6)
        assert "set_port_info" not in box.state()["requests"]
        box.registration(0, 1)
        box.release("hung-port")
        assert isinstance(await sending, Sent)


@story
async def test_recovery_can_be_switched_off(box: RunningBox) -> None:
    async with gateway(box.url, reset_after_s=0) as stage:
        await stage.ready(0)
        box.registration(0, 2)
        await stage.until(lambda: stage.facts(0).registration == "searching")
        asked = box.state()["requests"]["get_port_info"]
        await stage.until(lambda: box.state()["requests"]["get_port_info"] > asked + 6)
        assert "set_port_info" not in box.state()["requests"]


# Service codes


@story
async def test_a_service_code_is_answered_and_one_after_it_gets_its_own_answer(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        first = await stage.channels["box1.0"].ussd("*100#", 30.0)
        second = await stage.channels["box1.0"].ussd("*100#", 30.0)
        assert first.text and second.text and not first.open


@story
async def test_codes_that_cannot_be_dialled_say_why(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        with pytest.raises(UssdFailed) as long:
            await stage.channels["box1.0"].ussd("*" + "1" * 60 + "#", 30.0)
        assert long.value.why == "refused"
        bank.network(latency=5)
        with pytest.raises(UssdFailed) as late:
            await stage.channels["box1.0"].ussd("*100#", 0.5)
        assert late.value.why == "timeout"
        bank.network(latency=0)
        box.registration(1, 0)
        await stage.until(lambda: stage.facts(1).state is ChannelState.UNREGISTERED)
        with pytest.raises(UssdFailed) as away:
            await stage.channels["box1.1"].ussd("*100#", 30.0)
        assert away.value.why == "not-ready"
