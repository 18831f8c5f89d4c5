"""What staff do beside the conversation, and how parents rate: the rows of both."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Row

from bot.model import Note, Rating, Switches, Transfer
from bot.storage.encoding import instant, number_key, stamp
from bot.storage.sqlite import Rows

_OF_INQUIRY = "SELECT * FROM {table} WHERE number = :number ORDER BY at"

_RATE = """
INSERT INTO ratings (number, resolved_at, helped, at) VALUES (:number, :resolved_at, :helped, :at)
ON CONFLICT (number, resolved_at) DO NOTHING"""

_SWITCH = """
INSERT INTO switches (name, value, who, at) VALUES (:name, :value, :who, :at)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, who = excluded.who, at = excluded.at"""

ERASE = """
UPDATE notes SET text = NULL
WHERE number IN (SELECT number FROM inquiries WHERE session_key = :session_key)"""
"""What was noted about a parent who asked to be forgotten."""


class Casework:
    """Notes, transfers, ratings, switches; every method may raise StorageError.

    What changes something needs a transaction.
    """

    def __init__(self, database: Rows) -> None:
        self._database = database

    async def add_note(self, note: Note) -> None:
        """Keep an internal note."""
        await self._database.rows(
            "INSERT INTO notes (number, who, text, at) VALUES (:number, :who, :text, :at)",
            number=number_key(note.number),
            who=note.who,
            text=note.text,
            at=stamp(note.at),
        )

    async def notes(self, number: str) -> list[Note]:
        """Return the notes on that inquiry, oldest first; removed ones are left out."""
        return [
            Note(number, row["who"], row["text"], instant(row["at"]))
            for row in await self._of_inquiry("notes", number)
            if row["text"] is not None
        ]

    async def add_transfer(self, transfer: Transfer) -> None:
        """Keep who handed the inquiry to whom."""
        await self._database.rows(
            "INSERT INTO transfers (number, who, to_whom, at)"
            " VALUES (:number, :who, :to_whom, :at)",
            number=number_key(transfer.number),
            who=transfer.who,
            to_whom=transfer.to,
            at=stamp(transfer.at),
        )

    async def transfers(self, number: str) -> list[Transfer]:
        """Return the transfers of that inquiry, oldest first."""
        return [
            Transfer(number, row["who"], row["to_whom"], instant(row["at"]))
            for row in await self._of_inquiry("transfers", number)
        ]

    async def rate(self, rating: Rating) -> None:
        """Keep how a parent rated; the first rating of each resolution counts."""
        await self._database.rows(
            _RATE,
            number=number_key(rating.number),
            resolved_at=stamp(rating.resolved_at),
            helped=int(rating.helped),
            at=stamp(rating.at),
        )

    async def ratings(self, number: str) -> list[Rating]:
        """Return the ratings of that inquiry, oldest first."""
        return [
            Rating(number, instant(row["resolved_at"]), bool(row["helped"]), instant(row["at"]))
            for row in await self._of_inquiry("ratings", number)
        ]

    async def switches(self) -> Switches:
        """Return how the switches stand."""
        rows = await self._database.rows("SELECT name, value FROM switches")
        values = {row["name"]: row["value"] for row in rows}
        return Switches(values.get("notice", ""), bool(values.get("bot_off")))

    async def switch(self, name: str, value: str, who: str, now: datetime) -> None:
        """Set one switch: `notice` to its words, `bot_off` to anything; empty is off."""
        await self._database.rows(_SWITCH, name=name, value=value, who=who, at=stamp(now))

    async def _of_inquiry(self, table: str, number: str) -> list[Row]:
        return await self._database.rows(_OF_INQUIRY.format(table=table), number=number_key(number))
