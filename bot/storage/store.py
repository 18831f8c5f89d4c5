"""The store: conversations, inquiries and deliveries, durable from the first word on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from bot.model import OWNER_SILENT, Delivery, Inquiry, Message, Move, Progress, Status, Turn
from bot.storage import news
from bot.storage.casework import Casework
from bot.storage.encoding import number_key, stamp
from bot.storage.migrate import migrate, read_migrations
from bot.storage.news import Told
from bot.storage.places import next_place
from bot.storage.progress import progress
from bot.storage.records import (
    HistoryItem,
    QueueItem,
    Understood,
    load_delivery,
    load_inquiry,
    load_message,
    load_move,
    load_said,
    load_turn,
    load_understood,
    message_values,
)
from bot.storage.sqlite import Database
from bot.storage.transaction import Transaction

__all__ = ["HistoryItem", "QueueItem", "Store", "Transaction"]

_WRITE_DOWN = """
INSERT INTO inbox
    (id, session_key, message_id, channel, user_id, text, pick, media, received_at, handled)
VALUES
    (:id, :session_key, :message_id, :channel, :user_id, :text, :pick, :media, :received_at, 0)"""

_STORED_TURN = """
SELECT inbox.*, turns.decision, turns.replies, turns.entries, turns.confidence,
       turns.candidates, turns.number
FROM inbox LEFT JOIN turns ON turns.inbox_id = inbox.id
WHERE inbox.session_key = :session_key AND inbox.message_id = :message_id"""

# Everything said, as bubbles; what was removed is left out.
_SAID = """
WITH said AS (
    SELECT inbox.id AS id, inbox.session_key AS session_key, turns.number AS number,
           'message' AS kind, 'parent' AS who, inbox.received_at AS at,
           CASE WHEN inbox.text = '' THEN coalesce(inbox.picked, '') ELSE inbox.text END AS body,
           '[]' AS choices, inbox.media AS media, turns.decision AS decision,
           1 AS in_history, 1 AS in_transcript
    FROM inbox LEFT JOIN turns ON turns.inbox_id = inbox.id
    WHERE inbox.text IS NOT NULL
    UNION ALL
    SELECT turns.id, inbox.session_key, turns.number, 'reply', 'bot', inbox.received_at,
           turns.replies, '[]', NULL, turns.decision, 1, 1
    FROM turns JOIN inbox ON inbox.id = turns.inbox_id
    WHERE turns.replies IS NOT NULL
    UNION ALL
    SELECT deliveries.id, deliveries.session_key, deliveries.number, 'delivery',
           coalesce(staff_words.who, 'bot'), deliveries.created_at, deliveries.text,
           deliveries.choices, NULL, NULL,
           1, CASE WHEN deliveries.words_id IS NULL THEN 1 ELSE 0 END
    FROM deliveries LEFT JOIN staff_words ON staff_words.id = deliveries.words_id
    WHERE deliveries.text IS NOT NULL
    UNION ALL
    SELECT staff_words.id, inquiries.session_key, staff_words.number, 'words',
           staff_words.who, staff_words.at, staff_words.text, '[]', NULL, NULL, 0, 1
    FROM staff_words JOIN inquiries ON inquiries.number = staff_words.number
    WHERE staff_words.text IS NOT NULL
)
"""
# Why a reply or delivery is kept back; staff words share the fate of the delivery they are in.
_UNDELIVERED = """(
    SELECT outbox.reason FROM outbox
    WHERE outbox.sent_at IS NULL AND outbox.reason IS NOT NULL AND outbox.place IN (
        said.id, (SELECT deliveries.id FROM deliveries WHERE deliveries.words_id = said.id))
    LIMIT 1) AS undelivered,
    EXISTS (SELECT 1 FROM deliveries WHERE deliveries.sent_at IS NULL
        AND (deliveries.id = said.id OR deliveries.words_id = said.id)) AS unsent"""
_HISTORY = f"""{_SAID}
SELECT said.*, {_UNDELIVERED} FROM said WHERE session_key = :session_key AND in_history = 1
ORDER BY id DESC LIMIT :limit"""  # noqa: S608
_TRANSCRIPT = f"""{_SAID}
SELECT said.*, {_UNDELIVERED} FROM said WHERE number = :number AND in_transcript = 1 ORDER BY id"""  # noqa: S608

# What only asks for a person, or thanks, says nothing about the matter: other words go before it.
_PARENT_WORDS = "CASE WHEN inbox.text = '' THEN inbox.picked ELSE inbox.text END"
_QUEUE = f"""
SELECT inquiries.*,
    (SELECT {_PARENT_WORDS} FROM turns JOIN inbox ON inbox.id = turns.inbox_id
     WHERE turns.number = inquiries.number AND {_PARENT_WORDS} IS NOT NULL
     ORDER BY turns.decision IN ('handoff', 'command', 'small_talk'), turns.inbox_id DESC
     LIMIT 1) AS words,
    (SELECT count(*) FROM turns WHERE turns.number = inquiries.number) AS messages,
    EXISTS (SELECT 1 FROM outbox JOIN deliveries ON deliveries.id = outbox.place
     WHERE outbox.sent_at IS NULL AND outbox.reason IS NOT NULL
       AND deliveries.number = inquiries.number) AS undelivered,
    (SELECT why FROM moves WHERE moves.number = inquiries.number ORDER BY id DESC LIMIT 1) AS why
FROM inquiries
WHERE status <> 'resolved' OR changed_at >= :resolved_since
ORDER BY CASE WHEN status = 'resolved' THEN 1 ELSE 0 END,
    CASE WHEN status = 'resolved' THEN 0 ELSE urgent END DESC,
    CASE WHEN status = 'waiting_staff' THEN 0 ELSE 1 END,
    CASE WHEN status = 'resolved' THEN '' ELSE changed_at END,
    changed_at DESC,
    number
LIMIT :limit"""  # noqa: S608

_UNDERSTOOD = """
SELECT inbox_id, decision, entries, confidence, candidates FROM turns
WHERE number = :number AND candidates <> '[]' ORDER BY inbox_id"""

_LATEST = """
SELECT * FROM inquiries WHERE session_key = :session_key
ORDER BY CASE WHEN status = 'resolved' THEN 1 ELSE 0 END, number DESC LIMIT 1"""

_DUE = """
SELECT * FROM inquiries
WHERE (status = 'answered' AND touched_at <= :answered_before)
   OR (status = 'waiting_parent' AND touched_at <= :waiting_parent_before)
ORDER BY touched_at, number"""


class Store:
    """All that outlives the process; every method may raise StorageError.

    Reads see what is committed. Inside `transaction()` the same task uses that transaction
    alone: reading through the store there is a RuntimeError.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.casework = Casework(database)

    @classmethod
    async def open(cls, path: Path | None) -> Store:
        """Open or create the store and bring its schema up to date.

        `None` is a throw-away store in memory. The file's folder is made where missing.
        """
        steps = read_migrations()
        database = await Database.open(path)
        try:
            await migrate(database, steps)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def close(self) -> None:
        """Wait for the running transaction, then close for good."""
        await self.database.close()

    async def write_down(self, message: Message) -> Turn | None:
        """Keep the message, whatever happens next; return its turn if it was handled before.

        A message written down before but not handled yet stays as it was: None.
        """
        values = message_values(message)
        key, message_id = values["session_key"], values["message_id"]
        async with self.database.transaction() as work:
            row = await work.row(_STORED_TURN, session_key=key, message_id=message_id)
            if row is None:
                await work.rows(_WRITE_DOWN, id=await next_place(work), **values)
            if row is None or not row["handled"]:
                return None
            inquiry = await work.row(
                "SELECT * FROM inquiries WHERE number = :number", number=row["number"]
            )
            return load_turn(row, load_inquiry(inquiry) if inquiry else None)

    async def unhandled(self) -> list[Message]:
        """Return the messages written down but never finished, oldest first."""
        rows = await self.database.rows(
            "SELECT * FROM inbox WHERE handled = 0 AND text IS NOT NULL ORDER BY id"
        )
        return [load_message(row) for row in rows]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Hold the one writer: committed at the end, rolled back on exception or cancellation."""
        async with self.database.transaction() as work:
            yield Transaction(work)

    async def history(self, session_key: str, limit: int = 200) -> list[HistoryItem]:
        """Return the last bubbles that this parent saw or wrote, oldest first."""
        rows = await self.database.rows(_HISTORY, session_key=session_key, limit=limit)
        said = [item for row in reversed(rows) for item in load_said(row)]
        return said[-limit:] if limit > 0 else []

    async def deliveries_after(self, session_key: str, after_id: int) -> list[Delivery]:
        """Return what was pushed to that parent after the delivery of that id."""
        rows = await self.database.rows(
            "SELECT * FROM deliveries WHERE session_key = :session_key AND id > :after_id"
            " AND text IS NOT NULL ORDER BY id",
            session_key=session_key,
            after_id=after_id,
        )
        return [load_delivery(row) for row in rows]

    async def mark_sent(self, delivery_ids: Iterable[int], now: datetime) -> None:
        """Note that these deliveries were sent; the first time counts."""
        async with self.database.transaction() as work:
            await work.each(
                "UPDATE deliveries SET sent_at = :now WHERE id = :id AND sent_at IS NULL",
                [{"id": each, "now": stamp(now)} for each in delivery_ids],
            )

    async def queue(
        self, resolved_since: datetime | None = None, *, limit: int = 10_000
    ) -> list[QueueItem]:
        """Return the staff's list: urgent, then waiting_staff, then the longest waiting.

        Those resolved since then come last, the newest of them first; None: however long ago.
        """
        since = stamp(resolved_since) if resolved_since else ""
        rows = await self.database.rows(_QUEUE, limit=limit, resolved_since=since)
        return [
            QueueItem(
                load_inquiry(row),
                row["words"] or "",
                row["messages"],
                bool(row["undelivered"]),
                returned=row["status"] == Status.WAITING_STAFF and row["why"] == OWNER_SILENT,
            )
            for row in rows
        ]

    async def inquiry(self, number: str) -> Inquiry | None:
        """Return the inquiry of that number, whoever's it is."""
        return await self._inquiry(
            "SELECT * FROM inquiries WHERE number = :number", number=number_key(number)
        )

    async def transcript(self, number: str) -> list[HistoryItem]:
        """Return everything said in that inquiry, by whom, oldest first."""
        rows = await self.database.rows(_TRANSCRIPT, number=number_key(number))
        return [item for row in rows for item in load_said(row)]

    async def understood(self, number: str) -> dict[str, Understood]:
        """Return how the parent's messages in that inquiry were understood, by item id."""
        rows = await self.database.rows(_UNDERSTOOD, number=number_key(number))
        return {f"m{row['inbox_id']}": load_understood(row) for row in rows}

    async def moves(self, number: str) -> list[Move]:
        """Return the recorded moves of that inquiry, oldest first."""
        rows = await self.database.rows(
            "SELECT * FROM moves WHERE number = :number ORDER BY id", number=number_key(number)
        )
        return [load_move(row) for row in rows]

    async def latest_inquiry(self, session_key: str) -> Inquiry | None:
        """Return that parent's newest unresolved inquiry, else the newest."""
        return await self._inquiry(_LATEST, session_key=session_key)

    async def due(
        self, *, answered_before: datetime, waiting_parent_before: datetime
    ) -> list[Inquiry]:
        """Return the inquiries that nobody has written in since: at those times or earlier."""
        rows = await self.database.rows(
            _DUE,
            answered_before=stamp(answered_before),
            waiting_parent_before=stamp(waiting_parent_before),
        )
        return [load_inquiry(row) for row in rows]

    async def progress(self, number: str | None = None) -> list[Progress]:
        """Return how far staff have come with every inquiry that they owe something, or that."""
        return await progress(self.database, number)

    async def news(self, after: int) -> list[Told]:
        """Return the news for staff after that place, oldest first."""
        return await news.after(self.database, after)

    async def standing_news(self) -> list[Told]:
        """Return the news for staff that still hold, oldest first."""
        return await news.standing(self.database)

    async def ping(self) -> None:
        """Return when the database answers."""
        await self.database.rows("SELECT count(*) FROM schema_migrations")

    async def _inquiry(self, sql: str, **values: object) -> Inquiry | None:
        rows = await self.database.rows(sql, **values)
        return load_inquiry(rows[0]) if rows else None
