"""One thread that writes: whatever work is waiting goes into one transaction and one fsync, then every waiter is answered.

So 64 ports and 8 web threads share the cost of a slow SD card instead of queueing for it. It knows no tables.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from peewee import DatabaseError, OperationalError, SqliteDatabase

from gateway.errors import SimrackError, StorageFull

log = logging.getLogger("simrack.store")

T = TypeVar("T")
Job = Callable[[SqliteDatabase], T]
_Waiter = Future[Any] | asyncio.Future[Any]
_Answer = tuple[_Waiter, Any, Exception | None]

# A bound on one transaction, so that the first waiter of a flood is not held up by the last.
MOST_JOBS_PER_COMMIT = 256


class StoreClosed(SimrackError):
    """The store is shutting down and takes no more work."""


class Writer:
    """Runs jobs in the order they came. Each job has its own savepoint: one that raises undoes only itself.

    A waiter is answered after the commit is on disk, never before.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._waiting: queue.SimpleQueue[tuple[Job[Any], _Waiter] | None] = queue.SimpleQueue()
        self._execute: Callable[[str], object] = database.execute_sql
        self._closed = False
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, job: Job[T]) -> T:
        """From a thread: wait until the job is committed; its exceptions come back here."""
        future: Future[T] = Future()
        self._put(job, future)
        return future.result()

    async def arun(self, job: Job[T]) -> T:
        """From the event loop: as `run`, without blocking it."""
        return await self.submit(job)

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """From the event loop: queue the job now, in this order, and await its commit whenever it suits."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(job, future)
        return future

    def close(self) -> None:
        """Finish what waits, then stop."""
        if self._closed:
            return
        self._closed = True
        self._waiting.put(None)
        self._thread.join()

    def _put(self, job: Job[Any], waiter: _Waiter) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")
        self._waiting.put((job, waiter))

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._next_group()
            if group:
                _answer(self._commit(group))
        self._database.close()

    def _next_group(self) -> tuple[list[tuple[Job[Any], _Waiter]], bool]:
        group: list[tuple[Job[Any], _Waiter]] = []
        entry = self._waiting.get()
        while entry is not None:
            group.append(entry)
            if len(group) == MOST_JOBS_PER_COMMIT:
                return group, False
            try:
                entry = self._waiting.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[tuple[Job[Any], _Waiter]]) -> list[_Answer]:
        execute = self._execute
        answers: list[_Answer] = []
        try:
            execute("BEGIN IMMEDIATE")
            for job, waiter in group:
                answers.append(self._one(job, waiter))
            execute("COMMIT")
        except DatabaseError as fault:
            # The whole group is gone: SQLite rolls back by itself when the disk is full or fails.
            self._abandon()
            error = _as_ours(fault)
            log.error("a commit of %d pieces of work failed: %s", len(group), fault)
            return [(waiter, None, error) for _, waiter in group]
        self.commits += 1
        return answers

    def _one(self, job: Job[Any], waiter: _Waiter) -> _Answer:
        execute = self._execute
        execute("SAVEPOINT job")
        try:
            result = job(self._database)
        except Exception as fault:
            if not self._database.connection().in_transaction:
                raise
            execute("ROLLBACK TO job")
            execute("RELEASE job")
            return waiter, None, _as_ours(fault)
        execute("RELEASE job")
        return waiter, result, None

    def _abandon(self) -> None:
        try:
            if self._database.connection().in_transaction:
                self._database.execute_sql("ROLLBACK")
        except DatabaseError:
            self._database.close()  # a broken connection must not end this thread; the next job opens another


def _as_ours(fault: Exception) -> Exception:
    if not isinstance(fault, OperationalError):
        return fault
    text = str(fault).lower()
    if "full" in text or "i/o error" in text or "readonly" in text:
        return StorageFull(f"the database cannot be written: {fault}; free some disk space")
    if "locked" in text or "unable to open" in text:
        return StorageFull(f"the database cannot be written now: {fault}; try again, and end whatever program holds it")
    return fault


def _settle(future: Future[Any] | asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():  # the waiter was cancelled meanwhile; the work is committed all the same
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _answer(answers: list[_Answer]) -> None:
    """Threads are answered one by one; a loop is woken once for all its waiters."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Answer]] = {}
    for answer in answers:
        future = answer[0]
        if isinstance(future, asyncio.Future):
            by_loop.setdefault(future.get_loop(), []).append(answer)
        else:
            _settle(*answer)
    for loop, theirs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer_here, theirs)
        except RuntimeError:
            log.info("the loop ended before %d answers reached it; the work is committed", len(theirs))


def _answer_here(answers: list[_Answer]) -> None:
    for answer in answers:
        _settle(*answer)
