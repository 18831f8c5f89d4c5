"""One connection: its thread, its pragmas, the write-ahead log."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.errors import StorageError
from bot.storage.complaints import explained

BUSY_TIMEOUT_MS = 10_000

T = TypeVar("T")


async def to_the_end(work: Coroutine[object, object, None]) -> None:
    """Run the work to its end even if we are cancelled meanwhile; then be cancelled."""
    task = asyncio.ensure_future(work)
    stopped: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            stopped = error
    task.result()
    if stopped is not None:
        raise stopped


def make_file(path: Path) -> None:
    """Create folder and file where missing, the file readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)


class Connection:
    """One SQLite connection without automatic transactions, and a thread where it may wait.

    Whoever runs something `at_once` sees to it that nothing is running apart: a transaction does.
    All of it may raise StorageError.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        with explained(path):
            self._sqlite = sqlite3.connect(
                path or ":memory:",
                timeout=BUSY_TIMEOUT_MS / 1000,
                isolation_level=None,
                check_same_thread=False,
            )
        self._sqlite.row_factory = sqlite3.Row
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite") if path else None
        """In memory nothing waits for a disk or another process."""

    def at_once(self, sql: str, values: Mapping[str, object], /) -> list[sqlite3.Row]:
        """Run here and now a statement that waits for nobody; return its rows.

        Inside a transaction, which holds the lock and has the pages in memory, that is every
        statement: it is done sooner than it could be handed to the thread and back.
        """
        with explained(self._path):
            return self._sqlite.execute(sql, _storable(values)).fetchall()

    def each_at_once(self, sql: str, many: Iterable[Mapping[str, object]], /) -> None:
        """Run such a statement for every set of parameters."""
        with explained(self._path):
            self._sqlite.executemany(sql, map(_storable, many))

    async def apart(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        """Return what the work returns, done on the thread: it may wait for disk and locks."""
        with explained(self._path):
            if self._thread is None:
                await asyncio.sleep(0)
                return work(self._sqlite)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, work, self._sqlite)

    async def rows(self, sql: str, values: Mapping[str, object], /) -> list[sqlite3.Row]:
        """Run a statement that may wait; return its rows."""
        return await self.apart(lambda it: it.execute(sql, _storable(values)).fetchall())

    async def close(self) -> None:
        """Wait for what runs on the thread, then close both."""
        try:
            await self.apart(sqlite3.Connection.close)
        finally:
            if self._thread is not None:
                self._thread.shutdown()


async def connect(path: Path | None) -> Connection:
    """Return a connection ready for use; None is in memory.

    Raises StorageError, also when the file belongs to another program; it stays untouched.
    """
    connection = Connection(path)
    try:
        await connection.apart(partial(_prepare, path))
    except BaseException:
        await to_the_end(connection.close())
        raise
    return connection


def _storable(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values as a database takes them: text without half characters and NUL."""
    return {
        name: _clean(value) if isinstance(value, str) else value for name, value in values.items()
    }


def _clean(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(text).replace("\0", "\ufffd")


def _prepare(path: Path | None, connection: sqlite3.Connection) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
        "secure_delete = ON",
        f"synchronous = {'FULL' if path else 'OFF'}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if (names := {row["name"] for row in tables}) and "schema_migrations" not in names:
        raise StorageError(
            "这是别的程序的数据库，没有动它；请把它移走，"
            f"或把 BOT_DATA_DIR 指向别的文件夹。（{path}）"
        )
    if path is not None and _journal(connection) != "wal":
        raise StorageError(
            f"这个磁盘不支持数据库要的写前日志（WAL），多半是网络盘；"
            f"请把 BOT_DATA_DIR 指向本机磁盘上的文件夹。（{path}）"
        )


def _journal(connection: sqlite3.Connection) -> str:
    """Switch to WAL; SQLite does not wait by itself when two processes do so at once."""
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            [row] = connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return str(row[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
