"""One webhook's line in memory: order within a conversation whatever happens, bounded memory, pauses that probe."""

from __future__ import annotations

import random

from gateway.core.forwarding.line import CHUNK, REFUSALS_IN_A_ROW, WINDOW, Line
from gateway.records import EventType, Forward, ForwardState, Webhook
from gateway.store.webhooks import Target

TARGET = Target(1, Webhook("wh_1", "http://pbx.example/", ("*",), (), "standard", True, None, 0.0), "whsec_")


def row(number: int, conversation: str, tries: int = 0, type: EventType = EventType.MESSAGE_RECEIVED) -> Forward:
    return Forward(number, "wh_1", f"evt_{number}", type, conversation, {}, 0.0, 0.0, ForwardState.PENDING, tries, 0.0)


class Desk:
    """Rows on paper, handed to a line as the loop does it."""

    def __init__(self, conversations: list[str]) -> None:
        self.rows = {number: row(number, name) for number, name in enumerate(conversations, start=1)}
        self.line = Line(TARGET)

    def look(self, now: float = 0.0) -> None:
        line = self.line
        line.wake(now)
        while True:
            if line.room:
                found = [one for number, one in sorted(self.rows.items()) if number > line.horizon][: line.room]
                line.more = len(found) == line.room
                line.take_in(found, {})
            hungry = line.hungry()
            if hungry is not None:
                inside = range(hungry.upto + 1, line.horizon + 1)
                theirs = [self.rows[n] for n in inside if n in self.rows and self.rows[n].conversation == hungry.name]
                line.feed(theirs[:CHUNK])
            if not line.wants_rows:
                return

    def take_all(self, now: float = 0.0) -> list[Forward]:
        taken = []
        while (one := self.line.take(now)) is not None:
            taken.append(one)
        return taken

    def accept(self, one: Forward) -> None:
        del self.rows[one.id]
        self.line.flows()
        self.line.done(one)


def numbers(rows: list[Forward]) -> list[int]:
    return [one.id for one in rows]


def test_only_the_oldest_of_each_conversation_is_on_its_way() -> None:
    desk = Desk(["alice", "alice", "bob", "bob", "alice"])
    desk.look()
    first = desk.take_all()
    assert numbers(first) == [1, 3]
    desk.accept(first[0])
    assert numbers(desk.take_all()) == [2]


def test_a_conversation_that_waits_holds_back_its_own_events_and_no_others() -> None:
    desk = Desk(["alice", "bob", "alice", "bob"])
    desk.look()
    alice, bob = desk.take_all()
    desk.line.failed(alice, until=10.0)
    desk.accept(bob)
    desk.look(now=9.9)
    (second,) = desk.take_all(9.9)
    assert second.id == 4
    assert desk.line.next_change(9.9) == 10.0
    desk.look(now=10.0)
    (again,) = desk.take_all(10.0)
    assert (again.id, again.tries) == (1, 1)
    desk.accept(again)
    desk.look(10.0)
    assert numbers(desk.take_all(10.0)) == [3]


def test_a_conversation_with_thousands_of_events_that_waits_does_not_fill_the_memory() -> None:
    desk = Desk(["alice"] * 3000 + ["bob"])
    desk.look()
    (alice,) = desk.take_all()
    desk.line.failed(alice, until=10.0)
    desk.look()
    (bob,) = desk.take_all()
    assert bob.id == 3001
    assert sum(len(one.rows) for one in desk.line._conversations.values()) == 2


def test_a_backlog_is_held_up_to_a_bound_and_read_on_as_it_empties() -> None:
    desk = Desk([f"c{number}" for number in range(3 * WINDOW)])
    desk.look()
    assert desk.line.horizon == WINDOW
    for one in desk.take_all():
        desk.accept(one)
    desk.look()
    assert desk.line.horizon == 2 * WINDOW


def test_whatever_happens_each_conversation_keeps_its_order_and_nothing_is_left_behind() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        names = [chance.choice("abcdefgh" if seed % 2 else "ab") for _ in range(chance.choice((50, 700, 1500)))]
        desk, now, posted = Desk(names), 0.0, list[Forward]()
        on_the_way: list[Forward] = []
        while desk.rows:
            desk.look(now)
            while len(on_the_way) < 8 and (one := desk.line.take(now)) is not None:
                assert one.conversation not in {other.conversation for other in on_the_way}
                on_the_way.append(one)
            if not on_the_way:
                change = desk.line.next_change(now)
                assert change is not None, f"seed {seed}: {len(desk.rows)} rows are forgotten"
                now = change
                continue
            one = on_the_way.pop(chance.randrange(len(on_the_way)))
            fate = chance.random()
            if fate < 0.9:
                posted.append(one)
                desk.accept(one)
                continue
            probe = desk.line.is_probe(one)
            desk.line.failed(one, now + chance.uniform(1, 50))
            if fate > 0.97 or probe:
                desk.line.pause(now + chance.uniform(1, 20), now)
        for name in set(names):
            assert numbers([one for one in posted if one.conversation == name]) == [
                number for number, theirs in enumerate(names, start=1) if theirs == name
            ]


def test_a_paused_webhook_gets_one_probe_and_the_rest_after_it() -> None:
    desk = Desk(["alice", "bob", "carol"])
    desk.look()
    alice = desk.line.take(0.0)
    assert alice is not None
    desk.line.failed(alice, until=5.0)
    desk.line.pause(5.0, now=0.0)
    assert desk.take_all(4.9) == []
    desk.look(5.0)
    (probe,) = desk.take_all(5.0)
    assert desk.line.is_probe(probe)
    desk.accept(probe)
    assert len(desk.take_all(5.0)) == 2


def test_the_event_that_failed_is_not_the_next_probe() -> None:
    # It may be the very event that brings the webhook down.
    desk = Desk(["alice", "bob", "carol"])
    desk.look()
    alice = desk.line.take(0.0)
    assert alice is not None
    desk.line.failed(alice, until=5.0)
    desk.line.pause(5.0, now=0.0)
    desk.look(5.0)
    (probe,) = desk.take_all(5.0)
    assert probe.conversation == "bob"


def test_refusals_in_a_row_speak_against_the_webhook_and_one_acceptance_clears_it() -> None:
    line = Line(TARGET)
    assert [line.refused_again() for _ in range(REFUSALS_IN_A_ROW)] == [False] * (REFUSALS_IN_A_ROW - 1) + [True]
    line.flows()
    assert not line.refused_again()


def test_a_test_event_goes_first_and_ends_a_pause() -> None:
    desk = Desk(["alice", "bob"])
    desk.look()
    alice = desk.line.take(0.0)
    assert alice is not None
    desk.line.failed(alice, until=300.0)
    desk.line.pause(300.0, now=0.0)
    desk.rows[3] = row(3, "evt_3", type=EventType.WEBHOOK_TEST)
    desk.look(1.0)
    (probe,) = desk.take_all(1.0)
    assert probe.id == 3


def test_a_changed_webhook_is_tried_at_once() -> None:
    desk = Desk(["alice", "bob"])
    desk.look()
    for one in desk.take_all():
        desk.line.failed(one, until=500.0 - one.id)
    desk.line.pause(300.0, now=0.0)
    desk.line.mended(TARGET)
    desk.look(1.0)
    assert sorted(numbers(desk.take_all(1.0))) == [1, 2]


def test_a_stopped_line_gives_nothing_and_waits_for_nothing() -> None:
    desk = Desk(["alice"])
    desk.look()
    desk.line.stopped = True
    assert desk.take_all() == []
    assert desk.line.next_change(0.0) is None
