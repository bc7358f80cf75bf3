from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from gateway.errors import StorageFull
from gateway.store import database
from gateway.store.writer import StoreClosed, Writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    opened = database.connect(tmp_path / "w.db")
    opened.execute_sql("CREATE TABLE facts (word TEXT UNIQUE)")
    opened.close()
    made = Writer(database.connect(tmp_path / "w.db"))
    yield made
    made.close()


def insert(word: str) -> object:
    return lambda db: db.execute_sql("INSERT INTO facts VALUES (?)", (word,)).rowcount


def words(path: Path) -> set[str]:
    reader = database.connect(path)
    found = {row[0] for row in reader.execute_sql("SELECT word FROM facts").fetchall()}
    reader.close()
    return found


def test_the_answer_comes_after_the_commit(writer: Writer, tmp_path: Path) -> None:
    assert writer.run(insert("yes")) == 1  # type: ignore[arg-type]
    assert words(tmp_path / "w.db") == {"yes"}


def test_a_job_that_fails_undoes_only_itself(writer: Writer, tmp_path: Path) -> None:
    """All three are in one commit: the first holds the thread until the others wait."""
    gate = threading.Event()

    def hold(db: SqliteDatabase) -> None:
        gate.wait(30)
        db.execute_sql("INSERT INTO facts VALUES ('first')")

    def half(db: SqliteDatabase) -> None:
        db.execute_sql("INSERT INTO facts VALUES ('half')")
        raise ValueError("mine")

    async def story() -> None:
        futures = [writer.submit(hold), writer.submit(half), writer.submit(insert("last"))]  # type: ignore[arg-type]
        gate.set()
        done = await asyncio.gather(*futures, return_exceptions=True)
        assert isinstance(done[1], ValueError)

    asyncio.run(story())
    assert words(tmp_path / "w.db") == {"first", "last"}


def test_work_that_waits_shares_one_commit(writer: Writer) -> None:
    gate = threading.Event()

    async def story() -> int:
        first = writer.submit(lambda db: gate.wait(30))
        rest = [writer.submit(insert(str(n))) for n in range(50)]  # type: ignore[arg-type]
        before = writer.commits
        gate.set()
        await asyncio.gather(first, *rest)
        return writer.commits - before

    assert asyncio.run(story()) <= 2


def test_a_full_disk_is_said_to_every_waiter_and_nothing_is_half_written(writer: Writer, tmp_path: Path) -> None:
    pages = writer.run(lambda db: db.execute_sql("PRAGMA page_count").fetchone()[0])
    writer.run(lambda db: db.execute_sql(f"PRAGMA max_page_count = {pages + 1}").fetchall())

    with pytest.raises(StorageFull):
        writer.run(insert("x" * 100_000))  # type: ignore[arg-type]
    assert words(tmp_path / "w.db") == set()

    writer.run(lambda db: db.execute_sql("PRAGMA max_page_count = 100000").fetchall())
    writer.run(insert("room again"))  # type: ignore[arg-type]
    assert words(tmp_path / "w.db") == {"room again"}


def test_what_waits_when_the_store_closes_is_still_written(tmp_path: Path, writer: Writer) -> None:
    async def story() -> None:
        future = writer.submit(insert("last word"))  # type: ignore[arg-type]
        await asyncio.get_running_loop().run_in_executor(None, writer.close)
        await future

    asyncio.run(story())
    assert words(tmp_path / "w.db") == {"last word"}
    with pytest.raises(StoreClosed):
        writer.run(insert("too late"))  # type: ignore[arg-type]
