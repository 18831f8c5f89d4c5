"""One SQLite database: opening it, one transaction at a time, errors that say what to do."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from bot.errors import StorageError
from bot.storage.complaints import explained
from bot.storage.connection import Connection, connect, make_file, to_the_end
from bot.storage.purge import MARK_DUE

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

PURGE_AGAIN_S = 60.0
"""How long to leave it when words could not be purged from the file."""

log = logging.getLogger(__name__)


class Rows(Protocol):
    """A database to read from, or the transaction that is open."""

    async def rows(self, sql: str, /, **values: object) -> list[sqlite3.Row]: ...


class Work:
    """The statements of one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.removed = False
        """Set when words were removed that must leave the files too."""
        self.ended = False

    async def rows(self, sql: str, /, **values: object) -> list[sqlite3.Row]:
        """Run one statement with named parameters; return all its rows."""
        self._check()
        return self._connection.at_once(sql, values)

    async def row(self, sql: str, /, **values: object) -> sqlite3.Row | None:
        """Run one statement; return its first row."""
        found = await self.rows(sql, **values)
        return found[0] if found else None

    async def each(self, sql: str, many: Iterable[Mapping[str, object]], /) -> None:
        """Run one statement for every set of parameters."""
        self._check()
        self._connection.each_at_once(sql, many)

    def _check(self) -> None:
        if self.ended:
            raise RuntimeError("the transaction has ended")


class Database:
    """One writer behind a lock; files have a reader of their own beside it."""

    def __init__(self, path: Path | None, writer: Connection, reader: Connection | None) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None
        self._purge_at = math.inf if path is None else 0.0
        """When to purge next, on the loop's clock; the first time after opening, for a crash
        may have left removed words behind."""
        self._closed = False

    @classmethod
    async def open(cls, path: Path | None) -> Database:
        """Open or create; `None` is a throw-away database in memory. Raises StorageError."""
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StorageError(
                f"SQLite {sqlite3.sqlite_version} 太旧，至少要 3.35；请换用较新的 Python 安装包"
            )
        if path is None:
            return cls(None, await connect(None), None)
        with explained(path):
            await asyncio.to_thread(make_file, path)
        writer = await connect(path)
        try:
            reader = await connect(path)
        except BaseException:
            await to_the_end(writer.close())
            raise
        return cls(path, writer, reader)

    async def close(self) -> None:
        """Wait for the running transaction, then close; a second call does nothing."""
        async with self._lock:
            if self._closed:
                return
            self._closed = True
            await to_the_end(self._close())

    async def _close(self) -> None:
        try:
            if self._reader is not None:
                await self._reader.close()
        finally:
            await self._writer.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        """Hold the writer for BEGIN IMMEDIATE … COMMIT; ROLLBACK on any exception.

        Cancelled while COMMIT runs, the transaction stands. Raises StorageError.
        """
        self._check()
        async with self._lock:
            self._check()
            self._holder = asyncio.current_task()
            work = Work(self._writer)
            try:
                await self._writer.rows("BEGIN IMMEDIATE", {})
                yield work
                await to_the_end(self._commit(work))
            except BaseException:
                await to_the_end(self._roll_back())
                raise
            finally:
                work.ended = True
                self._holder = None

    async def rows(self, sql: str, /, **values: object) -> list[sqlite3.Row]:
        """Read what is committed, outside any transaction."""
        self._check()
        if self._reader is not None:
            return await self._reader.rows(sql, values)
        async with self._lock:
            self._check()
            return await self._writer.rows(sql, values)

    def _check(self) -> None:
        if self._closed:
            raise StorageError("数据库已经关闭；服务正在停止，请重新启动后再试")
        if self._holder is not None and self._holder is asyncio.current_task():
            raise RuntimeError("inside a transaction, use that transaction")

    async def _commit(self, work: Work) -> None:
        removed = work.removed and self.path is not None
        if removed:
            await work.rows(MARK_DUE)
        await self._writer.commit()
        now = asyncio.get_running_loop().time()
        if removed or now >= self._purge_at:
            done = await self._writer.purge()
            self._purge_at = math.inf if done else now + PURGE_AGAIN_S

    async def _roll_back(self) -> None:
        try:
            await self._writer.roll_back()
        except (StorageError, ValueError) as error:
            log.warning("rollback failed: %s", error)
