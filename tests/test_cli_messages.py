"""`simrack messages`: texts are found, shown, cancelled and settled."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from gateway.cli.messages import STATUSES
from gateway.cli.options import short, store_of
from gateway.clock import SystemClock
from gateway.records import MessageError, Status, Unknown
from gateway.store import Database
from gateway.store.air import Verdict
from tests.store import rounds
from tests.test_cli import complaint, config, running, simrack

__all__ = ["config", "running"]  # fixtures

Messages = Callable[..., Result]


@pytest.fixture
def messages(running: tuple[str, str]) -> Messages:
    return lambda *args: simrack("messages", *args, SIMRACK_URL=running[0], SIMRACK_KEY=running[1])


def sent(running: tuple[str, str], text: str = "hello", *more: str) -> str:
    return simrack("send", "015112345678", text, *more, SIMRACK_URL=running[0], SIMRACK_KEY=running[1]).stdout.strip()


@pytest.fixture
def held(running: tuple[str, str], config: str) -> str:
    """The id of a text that went on the air and was never answered, and that is held."""
    public_id, now = sent(running, "gone?"), SystemClock().now()

    def lose(db: Database) -> None:
        db.execute_sql("UPDATE messages SET on_unknown = 'hold'")
        (claim,) = rounds.claim(db, [rounds.want("p0", "8949001", [""])], now)
        rounds.record(db, claim, Unknown("no answer in 150 s"), Verdict(Status.UNKNOWN, MessageError("unknown", "silence")), now)

    with store_of(config) as store:
        store.writer.run(lose)
    return public_id


def test_every_status_can_be_asked_for() -> None:
    assert set(STATUSES) == {status.value for status in Status}


def test_texts_are_listed_newest_first_and_chosen(running: tuple[str, str], messages: Messages) -> None:
    first, second = sent(running, "one\x1b[2J"), sent(running, "two")
    lines = messages().stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["id", second, first]
    assert "+4915112345678" in lines[1] and "\x1b" not in lines[2]
    shown = messages("--most", "1")
    assert second in shown.stdout and first not in shown.stdout and "there are more" in shown.stderr
    assert messages("--status", "failed").stdout.splitlines()[1:] == []
    assert len(json.loads(messages("--to", "0151 12345678", "--direction", "out", "--json").stdout)) == 2
    assert messages("--status", "nix").exit_code == 2 and "undelivered" in complaint(messages("--status", "nix"))
    unknown = messages("--channel", "p9")
    assert unknown.exit_code == 1 and "there is no channel p9" in complaint(unknown)


def test_a_text_that_is_held_is_found_shown_and_sent_again(
    running: tuple[str, str], messages: Messages, held: str
) -> None:
    sent(running)
    status = simrack("status", SIMRACK_URL=running[0], SIMRACK_KEY=running[1]).stdout
    assert "1 unknown" in status and "simrack messages --status unknown" in status
    found = messages("--status", "unknown")
    assert len(found.stdout.splitlines()) == 2 and f"{held} " in found.stdout and "unknown, held" in found.stdout
    assert "settle ID resend|failed" in found.stderr
    shown = messages("show", held)
    assert f"{held} is unknown, held" in shown.stdout and "no answer in 150 s" in shown.stdout and "8949001" in shown.stdout
    assert f"settle {held} resend|failed" in shown.stderr
    assert messages("settle", held, "resend").stderr == f"{held} is queued\n"
    again = messages("settle", held, "failed")
    assert again.exit_code == 1 and "only an unknown outcome" in complaint(again)


def test_a_text_that_is_held_is_called_failed(messages: Messages, held: str) -> None:
    assert messages("settle", held, "sent").exit_code == 2
    assert messages("settle", held, "failed").stderr == f"{held} is failed\n"
    assert "called failed by a person" in messages("show", held).stdout


def test_a_text_that_has_not_left_is_cancelled(running: tuple[str, str], messages: Messages, held: str) -> None:
    waiting = sent(running)
    assert messages("cancel", waiting).stderr == f"{waiting} is cancelled\n"
    assert json.loads(messages("show", waiting, "--json").stdout)["status"] == "cancelled"
    refused = messages("cancel", held)
    assert refused.exit_code == 1 and "the message is unknown and cannot be called back" in complaint(refused)


def test_a_text_that_is_not_there_is_told(messages: Messages) -> None:
    for command in (("show", "msg_nix"), ("cancel", "msg_nix"), ("settle", "msg_nix", "failed")):
        refused = messages(*command)
        assert refused.exit_code == 1 and "msg_nix" in complaint(refused)


def test_nothing_in_a_text_commands_the_terminal() -> None:
    assert short("a\x1b[31mb\u202ec\nd") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c d"
    assert short("x" * 61) == "x" * 59 + "…"
