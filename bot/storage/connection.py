"""Opening one connection: the file, the pragmas, the write-ahead log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from pathlib import Path

import aiosqlite

from bot.errors import StorageError
from bot.storage.complaints import explained

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


async def connect(path: Path | None) -> aiosqlite.Connection:
    """Return a connection without automatic transactions; None is in memory.

    Raises StorageError, also when the file belongs to another program; it stays untouched.
    """
    with explained(path):
        connection = await aiosqlite.connect(
            path or ":memory:", isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000
        )
        try:
            await _prepare(connection, path)
        except BaseException:
            await to_the_end(connection.close())
            raise
    return connection


async def _prepare(connection: aiosqlite.Connection, path: Path | None) -> None:
    connection.row_factory = sqlite3.Row
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
