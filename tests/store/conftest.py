"""A real database in a temporary folder, and messages to put into it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from gateway.records import Encoding, Part
from gateway.store import database
from gateway.store.outbox import NewMessage

NOW = 1_790_000_000.0


@pytest.fixture
def db(tmp_path: Path) -> Iterator[SqliteDatabase]:
    path = tmp_path / "simrack.db"
    opened = database.connect(path)
    database.migrate(opened, path, keep=3)
    yield opened
    opened.close()


_numbers = itertools.count(1)


def new_message(to: str = "+491701234567", text: str = "hello", parts: int = 1, **given: object) -> NewMessage:
    pieces = tuple(Part(f"{text}{n}" if parts > 1 else text, Encoding.GSM7) for n in range(1, parts + 1))
    return NewMessage(f"msg_{next(_numbers)}", to, "", text, Encoding.GSM7, pieces, **given)  # type: ignore[arg-type]
