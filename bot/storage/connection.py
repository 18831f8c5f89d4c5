"""One connection: what runs at once on it, what waits; its pragmas, the write-ahead log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path

import aiosqlite

from bot.errors import StorageError
from bot.storage.complaints import explained
from bot.storage.purge import purge

BUSY_TIMEOUT_MS = 10_000


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
    """One SQLite connection without automatic transactions.

    aiosqlite's thread runs what may wait for the disk or another process. Whoever runs something
    `at_once` sees to it that nothing is on that thread: a transaction does. All of it may raise
    StorageError.
    """

    def __init__(
        self, path: Path | None, own: sqlite3.Connection, waiting: aiosqlite.Connection
    ) -> None:
        self._path = path
        self._own = own
        self._waiting = waiting

    def at_once(self, sql: str, values: Mapping[str, object], /) -> list[sqlite3.Row]:
        """Run here and now a statement that waits for nobody; return its rows.

        Inside a transaction, which holds the lock and has the pages in memory, that is every
        statement: it is done sooner than it could be handed to the thread and back.
        """
        with explained(self._path):
            return self._own.execute(sql, _storable(values)).fetchall()

    def each_at_once(self, sql: str, many: Iterable[Mapping[str, object]], /) -> None:
        """Run such a statement for every set of parameters."""
        with explained(self._path):
            self._own.executemany(sql, map(_storable, many))

    async def rows(self, sql: str, values: Mapping[str, object], /) -> list[sqlite3.Row]:
        """Run a statement that may wait, which none does in memory; return its rows."""
        if self._path is None:
            await asyncio.sleep(0)
            return self.at_once(sql, values)
        with explained(self._path):
            return list(await self._waiting.execute_fetchall(sql, _storable(values)))

    async def commit(self) -> None:
        """End the transaction, if one is open."""
        with explained(self._path):
            if self._path is None:
                self._own.commit()
            else:
                await self._waiting.commit()

    async def roll_back(self) -> None:
        """Undo the transaction, also one whose BEGIN is still waiting on the thread."""
        with explained(self._path):
            await self._waiting.rollback()

    async def purge(self) -> bool:
        """Take removed words out of the files; return if all is done."""
        return await purge(self._waiting)

    async def close(self) -> None:
        """Wait for what runs on the thread, then close both."""
        with explained(self._path):
            await self._waiting.close()


async def connect(path: Path | None) -> Connection:
    """Return a connection ready for use; None is in memory.

    Raises StorageError, also when the file belongs to another program; it stays untouched.
    """
    with explained(path):
        own = sqlite3.connect(
            path or ":memory:",
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        own.row_factory = sqlite3.Row
        waiting = await aiosqlite.Connection(lambda: own, iter_chunk_size=64)
        try:
            await _prepare(waiting, path)
        except BaseException:
            await to_the_end(waiting.close())
            raise
    return Connection(path, own, waiting)


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


async def _prepare(connection: aiosqlite.Connection, path: Path | None) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
        "secure_delete = ON",
        f"synchronous = {'FULL' if path else 'OFF'}",
    ):
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    tables = await connection.execute_fetchall(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    )
    if (names := {row["name"] for row in tables}) and "schema_migrations" not in names:
        raise StorageError(
            "这是别的程序的数据库，没有动它；请把它移走，"
            f"或把 BOT_DATA_DIR 指向别的文件夹。（{path}）"
        )
    if path is not None and await _journal(connection) != "wal":
        raise StorageError(
            f"这个磁盘不支持数据库要的写前日志（WAL），多半是网络盘；"
            f"请把 BOT_DATA_DIR 指向本机磁盘上的文件夹。（{path}）"
        )


async def _journal(connection: aiosqlite.Connection) -> str:
    """Switch to WAL; SQLite does not wait by itself when two processes do so at once."""
    clock = asyncio.get_running_loop().time
    give_up = clock() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            rows = await connection.execute_fetchall("PRAGMA journal_mode = WAL")
            return str(next(iter(rows))[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock() > give_up:
                raise
            await asyncio.sleep(0.05)
