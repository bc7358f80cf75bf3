"""Incoming texts find their people: rules are checked, kept and audited, and decide in the commit that makes a text whole."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.identifiers import new_id
from gateway.core.inbound.replaying import Replayed, Replaying
from gateway.core.inbound.rules import Inbound, InboundFacts
from gateway.core.keys import Keys
from gateway.core.pools import Pools
from gateway.core.receiving import Receiving
from gateway.core.webhooks import Webhooks
from gateway.errors import BadValue, Conflict, NotFound
from gateway.records import ChannelFacts, ChannelState, Concat, Direction, Encoding, IncomingPart, Message, Part
from gateway.settings import Settings, parse
from gateway.store import Database, Store, inbox, outbox, sims
from gateway.store.inbound import InboundRule
from gateway.store.messages import MessageFilter
from gateway.store.outbox import NewMessage

CONFIGURATION = """
[store]
path = "simrack.db"
reserve_mb = 0
[[modem]]
name = "p0"
port = "/dev/simrack/p0"
[[modem]]
name = "p1"
port = "/dev/simrack/p1"
[[pool]]
name = "main"
channels = ["p1"]
"""
OWN = {"p0": "+4915110000000", "p1": "+4915110000001"}
SALES = InboundRule("sales", to=("+4915110000000",), extension="100")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.settings: Settings = parse(CONFIGURATION, folder)
        self.store = Store.open(self.settings.store, self.clock, serving=True)
        self.webhooks = Webhooks(self.store, self.clock, lambda: None)
        self.anew()
        self._came = 0

    def anew(self) -> None:
        """As after a restart."""
        pools = Pools(self.store, self.settings, self.clock, lambda: None)
        facts = [ChannelFacts(name, ChannelState.READY, number=number) for name, number in OWN.items()]
        self.inbound = Inbound(self.store, self.settings, self.clock, pools, lambda: facts)
        self.receiving = Receiving(
            self.store, self.settings.receiving, self.clock, lambda channel: OWN[channel],
            forward=lambda: None, parts_wait=lambda: None, heard=lambda *told: None, decide=self.inbound.decide,
        )  # fmt: skip

    def webhook(self, *events: str) -> str:
        return self.webhooks.add("https://pbx.example/sms", events or ["message.received"])[0].id

    def comes(self, text: str = "Hello", channel: str = "p0", sender: str = "+4917012345678", **more: object) -> Message:
        """A text that came in, as it is kept."""
        self._came += 1
        at = datetime(2026, 11, 21, 20, 0, 0, tzinfo=UTC) + timedelta(seconds=self._came)
        part = IncomingPart(channel, f"sim of {channel}", f"raw {self._came}", sender=sender, service_time=at, text=text)
        asyncio.run(self.receiving.keep(replace(part, **more)))  # type: ignore[arg-type]
        return self.last()

    def last(self) -> Message:
        return self.store.messages.find(MessageFilter(direction=Direction.IN), None, 1).messages[0]

    def told(self, message: Message) -> list[str]:
        """The webhooks for which an event of this message waits."""
        sql = (
            "SELECT w.public_id FROM forwards f JOIN webhooks w ON w.id = f.webhook_id WHERE json_extract(f.data, '$.id') = ?"
            " AND f.event_type = 'message.received' ORDER BY f.id"
        )
        return [str(name) for (name,) in self.store.read(lambda db: db.execute_sql(sql, (message.id,)).fetchall())]

    def unclaimed(self) -> list[str]:
        return [one.id for one in self.store.messages.find(MessageFilter(claimed=False), None, 100).messages]

    def audited(self) -> list[tuple[str, str]]:
        sql = "SELECT what, subject FROM audit WHERE what LIKE 'inbound%' ORDER BY id"
        return [(what, subject) for what, subject in self.store.read(lambda db: db.execute_sql(sql).fetchall())]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": ""}, "name", "64 letters"),
        ({"name": "explain"}, "name", "another name"),
        ({"to": ("hello",)}, "to", "+49151"),
        ({"to": ("+4915110000000",) * 201}, "to", "at most 200"),
        ({"channels": ("P0",)}, "channels", "'p0'"),
        ({"pool": "mian"}, "pool", "'main'"),
        ({"from_": ("0151*",)}, "from", "+49151*"),
        ({"from_": ("*",)}, "from", "everybody"),
        ({"from_": ("12345678901234567890",)}, "from", "+49151"),
        ({"from_": ("x" * 65,)}, "from", "shorter"),
        ({"keywords": ("two words",)}, "keywords", "one word"),
        ({"keywords": ("",)}, "keywords", "one word"),
        ({"pattern": "("}, "pattern", "order"),
        ({"pattern": r"(.)\1"}, "pattern", "once more"),
        ({"pattern": r"[\pL\pN]{1000}"}, "pattern", "repeat less"),
        ({"pattern": "x" * 201}, "pattern", "shorter"),
        ({"extension": "a b"}, "extension", "32 letters"),
        ({"follow_days": 0}, "follow_days", "1 to 90"),
        ({"extension": "x" * 33}, "extension", "32 letters"),
        ({"webhooks": ("wh_none",)}, "webhooks", "none is configured"),
    ],
)
def test_a_wrong_rule_is_refused_by_the_name_of_its_field(desk: Desk, wrong: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(BadValue) as refused:
        desk.inbound.add(replace(SALES, **wrong), "ann")
    assert refused.value.field == field and words in refused.value.remedy
    desk.inbound.add(SALES, "ann")
    if field != "name":
        with pytest.raises(BadValue):
            desk.inbound.change("sales", replace(SALES, **wrong), "ann")
    assert desk.inbound.all() == [replace(SALES, position=1)]
    assert desk.audited() == [("inbound.add", "inbound:sales")]


def test_a_rule_is_kept_in_one_spelling(desk: Desk) -> None:
    wanted = InboundRule(
        "r", to=("0151 10000000", "+4915110000000"), from_=("0170/12345678", "+4917*", "Bank*"), keywords=("STOP!", "Stop", "Größe")
    )
    made = desk.inbound.add(wanted, "ann")
    assert made.to == ("+4915110000000",)
    assert made.from_ == ("+4917012345678", "+4917*", "Bank*")
    assert made.keywords == ("stop", "grösse")


def test_rules_are_ordered_changed_and_removed_with_audit_and_survive_a_restart(desk: Desk) -> None:
    desk.inbound.add(SALES, "ann")
    desk.inbound.add(InboundRule("stop", keywords=("stop",)), "ann", position=1)
    with pytest.raises(Conflict):
        desk.inbound.add(SALES, "ann")
    desk.inbound.move("stop", 9, "bob")
    desk.inbound.change("stop", InboundRule("", pool="main", extension="7"), "bob")
    desk.anew()
    assert desk.inbound.all() == [replace(SALES, position=1), InboundRule("stop", 2, pool="main", extension="7")]
    desk.inbound.remove("sales", "bob")
    assert desk.inbound.reset("bob") == 1 and desk.inbound.all() == []
    for deed in (lambda: desk.inbound.get("sales"), lambda: desk.inbound.remove("sales", "bob")):
        with pytest.raises(NotFound):
            deed()
    changes = ["add", "add", "move", "change", "remove", "reset"]
    assert [what for what, _ in desk.audited()] == [f"inbound.{one}" for one in changes]


def test_without_rules_everybody_who_subscribed_is_told(desk: Desk) -> None:
    first, second, _ = desk.webhook(), desk.webhook("*"), desk.webhook("message.sent")
    message = desk.comes()
    assert desk.told(message) == [first, second]
    assert (message.extension, message.inbound, message.claimed) == (None, None, True)


def test_two_sims_and_a_keyword_reach_three_webhooks_with_labels(desk: Desk) -> None:
    sales, support, third = desk.webhook(), desk.webhook(), desk.webhook("message.sent")  # named is enough
    desk.inbound.add(InboundRule("stop", keywords=("stop",), webhooks=(third,), extension="abuse"), "ann")
    desk.inbound.add(InboundRule("sales", to=("+4915110000000",), webhooks=(sales,), extension="100"), "ann")
    desk.inbound.add(InboundRule("support", channels=("p1",), webhooks=(support, third), extension="200"), "ann")
    for message, names, extension, rule in (
        (desk.comes(channel="p0"), [sales], "100", "sales"),
        (desk.comes(channel="p1"), [support, third], "200", "support"),
        (desk.comes("STOP. now", channel="p1"), [third], "abuse", "stop"),
    ):
        assert desk.told(message) == names
        assert (message.extension, message.inbound, message.claimed) == (extension, rule, True)


def test_a_rule_with_an_extension_alone_leaves_the_webhooks_as_subscribed(desk: Desk) -> None:
    first, _ = desk.webhook(), desk.webhook("message.sent")
    desk.inbound.add(InboundRule("all", extension="front.desk"), "ann")
    message = desk.comes()
    assert desk.told(message) == [first] and message.extension == "front.desk"
    data = desk.store.forwards.of(first).forwards[0].data
    assert (data["extension"], data["inbound"], data["claimed"]) == ("front.desk", "all", True)


def test_what_no_rule_takes_is_unclaimed_and_nobody_is_told(desk: Desk) -> None:
    desk.webhook()
    desk.inbound.add(SALES, "ann")
    message = desk.comes(channel="p1")
    assert desk.told(message) == [] and desk.unclaimed() == [message.id]
    assert not message.claimed and message.inbound is None
    desk.inbound.add(InboundRule("rest"), "ann")
    assert desk.comes(channel="p1").claimed and desk.unclaimed() == [message.id]


def test_a_text_whose_webhooks_are_all_disabled_is_unclaimed(desk: Desk) -> None:
    first, second = desk.webhook(), desk.webhook()
    desk.inbound.add(InboundRule("two", webhooks=(first, second), extension="7"), "ann")
    desk.webhooks.change(first, enabled=False)
    assert desk.told(desk.comes()) == [second]
    desk.webhooks.change(second, enabled=False)
    message = desk.comes()
    assert (desk.told(message), message.claimed, message.extension, message.inbound) == ([], False, "7", "two")


def test_a_text_that_no_webhook_subscribed_to_is_unclaimed_unless_an_smpp_client_gets_it(desk: Desk) -> None:
    desk.webhook("message.sent")
    assert not desk.comes().claimed
    keys = Keys(desk.store, desk.clock)
    keys.add("client", ["read"])
    keys.add_smpp("client")
    assert desk.comes().claimed
    desk.inbound.add(SALES, "ann")
    assert desk.comes(channel="p0").claimed and not desk.comes(channel="p1").claimed


def test_an_incomplete_long_text_is_decided_about_as_well(desk: Desk) -> None:
    first = desk.webhook("message.sent")
    desk.inbound.add(InboundRule("sales", to=("+4915110000000",), keywords=("order",), webhooks=(first,), extension="1"), "ann")
    desk.comes("any", channel="p1")
    part = IncomingPart("p0", "sim", "raw", sender="+4917012345678", text="Order: the first half", concat=Concat(7, 2, 1))
    asyncio.run(desk.receiving.keep(part))
    later = desk.clock.now() + 100 * 3600
    assert desk.store.writer.run(lambda db: desk.receiving.hand_on_incomplete(db, later)) == 1
    message = desk.last()
    assert message.incomplete and (message.extension, desk.told(message)) == ("1", [first])


def sent(desk: Desk, extension: str | None, to: str = "+4917012345678", channel: str = "p0") -> None:
    """An extension texted somebody over the SIM of a channel."""

    def job(db: Database) -> None:
        message = NewMessage(new_id("msg", desk.clock.now()), to, "", "Hi", Encoding.GSM7, (Part("Hi", Encoding.GSM7),))
        outbox.add(db, [message], desk.clock.now())
        db.execute_sql("UPDATE messages SET extension = ? WHERE public_id = ?", (extension, message.public_id))
        db.execute_sql(
            "UPDATE parts SET sim = ? WHERE sim IS NULL", (ChannelFacts(channel, ChannelState.READY, iccid=channel).sim,)
        )

    desk.store.writer.run(job)


def test_an_answer_is_for_the_extension_that_wrote_last_from_this_sim(desk: Desk) -> None:
    desk.webhook()
    for name, number in OWN.items():
        facts = ChannelFacts(name, ChannelState.READY, number=number, iccid=name)
        desk.store.writer.run(lambda db, facts=facts: sims.seen(db, facts, desk.clock.now()))  # type: ignore[misc]
    desk.inbound.add(InboundRule("stop", keywords=("stop",), extension="abuse"), "ann")
    desk.inbound.add(InboundRule("rest", extension="front", follow_days=7), "ann")
    assert desk.comes("Who are you?").extension == "front"
    for extension in ("100", "200", None):
        sent(desk, extension)
    assert desk.comes("Yes").extension == "200"
    assert desk.comes("Yes", sender="017012345678").extension == "200"
    assert desk.comes("Stop").extension == "abuse"
    assert desk.comes("Yes", channel="p1").extension == "front"  # another SIM
    assert desk.comes("Yes", sender="+4917012345679").extension == "front"
    asked = InboundFacts("", "p0", "017012345678", "Yes")
    assert desk.inbound.explain(asked).extension == "200"
    desk.clock.advance(7 * 86400 + 1)
    assert desk.comes("Yes, at last").extension == "front"


def test_national_senders_and_own_numbers_are_kept_as_e164_and_a_second_copy_is_still_known(desk: Desk) -> None:
    desk.webhook()
    part = IncomingPart("p0", "sim", "raw", sender="017012345678", service_time=datetime(2026, 11, 21, tzinfo=UTC), text="Hi")
    for _ in range(2):
        asyncio.run(desk.receiving.keep(part))
    kept = desk.store.messages.find(MessageFilter(direction=Direction.IN), None, 10).messages
    assert [(one.from_, one.text) for one in kept] == [("+4917012345678", "Hi")]
    assert desk.store.writer.run(lambda db: inbox.keep(db, part, "", lambda pieces: "", lambda: "msg", 0.0)) is None


def test_a_text_is_told_under_one_event_id_however_often_it_is_handed_on(desk: Desk) -> None:
    first, second = desk.webhook(), desk.webhook("message.sent")
    message = desk.comes()
    replaying = Replaying(desk.store, desk.clock, desk.inbound.decide, lambda: None)
    for wanted in (second, second, None):
        assert replaying.replay([message.id], wanted, "ann") == Replayed(1, ())
    assert desk.told(message) == [first, second, second, first]
    events = {one.event_id for name in (first, second) for one in desk.store.forwards.of(name).forwards}
    assert len(events) == 1
    assert desk.audited() == [("inbound.replay", f"message:{message.id}")] * 3


def test_a_webhook_that_a_rule_names_is_not_removed(desk: Desk) -> None:
    first = desk.webhook()
    desk.inbound.add(InboundRule("vip", webhooks=(first,)), "ann")
    with pytest.raises(Conflict, match="the inbound rule vip names"):
        desk.webhooks.remove(first)
    desk.inbound.remove("vip", "ann")
    desk.webhooks.remove(first)


def test_unclaimed_texts_are_warned_of_now_and_then(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "simrack.receiving"):
        for _ in range(3):
            desk.comes()
        desk.clock.advance(3600)
        desk.comes()
    words = [record.getMessage().partition(" unclaimed")[0] for record in caplog.records]
    assert words == ["an incoming text is", "3 incoming texts are"]


def test_an_explanation_tells_rule_webhooks_and_extension(desk: Desk) -> None:
    first, _ = desk.webhook(), desk.webhook()
    desk.inbound.add(SALES, "ann")
    desk.inbound.add(InboundRule("vip", pool="main", from_=("+4917*",), webhooks=(first,), extension="9"), "ann")
    found = desk.inbound.explain(InboundFacts("015110000001", "", "017012345678", "Hi"))
    assert found.facts == InboundFacts("+4915110000001", "p1", "+4917012345678", "Hi")
    assert [(one.rule, one.matched) for one in found.looks] == [("sales", False), ("vip", True)]
    assert (found.decision.rule, found.webhooks, found.extension) == ("vip", (first,), "9")
    nobody = desk.inbound.explain(InboundFacts("", "p1", "Bank", ""))
    assert nobody.webhooks == () and not nobody.decision.taken and nobody.facts.to == "+4915110000001"
