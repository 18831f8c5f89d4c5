"""Make removed words leave the files too, not only the tables."""

from __future__ import annotations

import logging
import sqlite3

import aiosqlite

log = logging.getLogger(__name__)

# The header's spare number, free since the schema's version has a table: 1 says that words
# were removed and the pages not rewritten yet. It is set in the removing transaction itself,
# so a crash in between is made good when the file is next opened.
MARK_DUE = "PRAGMA user_version = 1"


async def purge(connection: aiosqlite.Connection) -> bool:
    """Rewrite the pages if words were removed, empty the write-ahead log; return if all is done.

    `secure_delete` alone leaves copies of rows that SQLite moved between pages (seen with
    3.40), so only VACUUM is sure. Somebody else reading, or a full disk, puts it off.
    """
    try:
        patience = await _pragma(connection, "busy_timeout")
        await _pragma(connection, "busy_timeout = 500")
        try:
            if await _pragma(connection, "user_version"):
                await connection.execute_fetchall("VACUUM")
                await _pragma(connection, "user_version = 0")
            return not await _pragma(connection, "wal_checkpoint(TRUNCATE)")
        finally:
            await _pragma(connection, f"busy_timeout = {patience}")
    except sqlite3.Error as error:
        log.warning("removed words not purged from the file yet, will be tried again: %s", error)
        return False


async def _pragma(connection: aiosqlite.Connection, pragma: str) -> int:
    """Run a pragma; return the first number it answers."""
    rows = list(await connection.execute_fetchall(f"PRAGMA {pragma}"))
    return int(rows[0][0]) if rows else 0
