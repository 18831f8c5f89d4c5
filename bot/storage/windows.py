"""How long, and how often, we may still write to a parent by ourselves; outlives the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.storage.encoding import stamp
from bot.storage.sqlite import Database, Work

_OPEN = """
INSERT INTO windows (session_key, kind, closes_at, messages_left)
VALUES (:session_key, :kind, :closes_at, :messages)
ON CONFLICT (session_key, kind) DO UPDATE SET
    closes_at = excluded.closes_at, messages_left = excluded.messages_left
WHERE excluded.closes_at > windows.closes_at"""

_SPEND = """
UPDATE windows SET messages_left = messages_left - 1
WHERE session_key = :session_key AND kind = (
    SELECT kind FROM windows
    WHERE session_key = :session_key AND closes_at > :now AND messages_left > 0
    ORDER BY closes_at LIMIT 1)"""
"""From the one that closes first."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a platform allows after a parent did something."""

    kind: str
    lasts: timedelta
    messages: int


async def open_window(work: Work, session_key: str, window: Window, now: datetime) -> None:
    """Open the window anew; once for one moment, however often that is reported."""
    await work.rows(
        _OPEN,
        session_key=session_key,
        kind=window.kind,
        closes_at=stamp(now + window.lasts),
        messages=window.messages,
    )


class Windows:
    """Every chat's windows; every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def left(self, session_key: str, now: datetime) -> int:
        """Return how many messages may still be sent."""
        rows = await self._database.rows(
            "SELECT coalesce(sum(messages_left), 0) AS messages FROM windows"
            " WHERE session_key = :session_key AND closes_at > :now",
            session_key=session_key,
            now=stamp(now),
        )
        return int(rows[0]["messages"])

    async def spend(self, session_key: str, now: datetime) -> None:
        """Count one message that was sent."""
        async with self._database.transaction() as work:
            await work.rows(_SPEND, session_key=session_key, now=stamp(now))

    async def shut(self, session_key: str) -> None:
        """Close them all: the parent left, or the platform says so."""
        async with self._database.transaction() as work:
            await work.rows(
                "DELETE FROM windows WHERE session_key = :session_key", session_key=session_key
            )

    async def sweep(self, now: datetime) -> None:
        """Forget what has closed."""
        async with self._database.transaction() as work:
            await work.rows("DELETE FROM windows WHERE closes_at < :now", now=stamp(now))
