"""Rows of inbound rules, and the texts that nobody was told of."""

from __future__ import annotations

import pytest
from peewee import SqliteDatabase

from gateway.errors import Conflict, NotFound
from gateway.records import Encoding, IncomingPart, Message
from gateway.store import erasing, inbound, inbox, messages
from gateway.store.inbound import InboundRule
from gateway.store.messages import MessageFilter, Messages
from tests.store.conftest import NOW

FULL = InboundRule(
    "full", 1, False, ("+4915110000000",), ("p0", "p1"), "main", ("+49*", "Bänk*"), ("größe",), "[0-9]+", ("wh_1", "wh_2"), "a.b", 7
)


def kept(db: SqliteDatabase, text: str, *, claimed: bool) -> Message:
    part = IncomingPart("p0", "sim", f"raw {text}", sender="+4917012345678", text=text, encoding=Encoding.GSM7)
    message = inbox.keep(db, part, "+4915110000000", lambda pieces: pieces[0].text, lambda: f"msg_{text}", NOW)
    assert message is not None
    if not claimed:
        db.execute_sql("UPDATE messages SET claimed = 0 WHERE public_id = ?", (message.id,))
    return message


def test_a_rule_is_kept_with_all_it_says_and_positions_have_no_gaps(db: SqliteDatabase) -> None:
    assert inbound.RULES.add(db, FULL) == FULL
    inbound.RULES.add(db, InboundRule("b"))
    assert inbound.RULES.add(db, InboundRule("a"), position=1).position == 1
    assert [(rule.name, rule.position) for rule in inbound.RULES.all_of(db)] == [("a", 1), ("full", 2), ("b", 3)]
    inbound.RULES.remove(db, "full")
    assert inbound.RULES.change(db, "b", FULL).webhooks == ("wh_1", "wh_2")
    assert [(rule.name, rule.position) for rule in inbound.RULES.all_of(db)] == [("a", 1), ("b", 2)]
    assert (inbound.naming(db, "wh_2"), inbound.naming(db, "wh_")) == (["b"], [])
    with pytest.raises(Conflict):
        inbound.RULES.add(db, InboundRule("a"))
    with pytest.raises(NotFound):
        inbound.RULES.move(db, "full", 1)


def test_unclaimed_texts_are_found_by_their_own_index(db: SqliteDatabase) -> None:
    kept(db, "told", claimed=True)
    waiting = kept(db, "untold", claimed=False)
    assert inbound.unclaimed(db) == 1
    found = Messages(lambda query: query(db)).find(MessageFilter(claimed=False), None, 10)
    assert [one.id for one in found.messages] == [waiting.id]
    conditions, _ = messages._conditions(MessageFilter(claimed=False))
    plan = db.execute_sql(f"EXPLAIN QUERY PLAN SELECT id FROM messages WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT 51")
    assert "messages_unclaimed" in str(plan.fetchall())


def test_an_unclaimed_text_whose_words_were_taken_out_waits_for_nobody(db: SqliteDatabase) -> None:
    erasing.erase(db, kept(db, "private", claimed=False).id, None)
    assert inbound.unclaimed(db) == 0


def test_texts_come_in_the_order_in_which_they_came(db: SqliteDatabase) -> None:
    ids = [kept(db, text, claimed=True).id for text in ("c", "a", "b")]
    assert [one.id for one in inbound.incoming(db, sorted(ids))] == ids
    with pytest.raises(NotFound, match="msg_gone"):
        inbound.incoming(db, [*ids, "msg_gone"])
