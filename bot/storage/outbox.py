"""What is still to be sent through messengers we push to: rows beside turns and deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from sqlite3 import Row

from bot.model import Decision, Reply
from bot.storage.encoding import instant, load_choices, load_replies, number_of, stamp
from bot.storage.sqlite import Database, Work

PUSHED = frozenset({"telegram", "wechat"})
"""Channels whose replies and deliveries we send; the web and the terminal fetch theirs."""

HELD: Mapping[str, timedelta] = {"wechat": timedelta(seconds=20)}
"""Channels that answer in the response itself: so long a reply is left to that (three tries of
five seconds, and some); what was not said there by then is sent."""

BLOCKED = "blocked"
"""The parent has shut us out: everything waits until they come back."""
WINDOW = "window"
"""The platform lets us write only for a while after the parent did; that is over, or used up."""
QUOTA = "quota"
"""The platform takes no more from us today."""
COMES_BACK = (BLOCKED, WINDOW, QUOTA)
"""Reasons for which a whole chat waits, in order; it leads our next words there."""

_QUEUE = """
INSERT INTO outbox (place, session_key, kind, note, note_key, number, due_at)
VALUES (:place, :session_key, :kind, :note, :note_key, :number, :due_at)
ON CONFLICT (note_key) DO NOTHING"""

_WAITING = """
SELECT session_key, max(due_at) AS due_at FROM outbox
WHERE sent_at IS NULL AND reason IS NULL GROUP BY session_key ORDER BY min(place)"""

ITEMS = """
SELECT outbox.*, turns.replies, turns.decision, deliveries.text, deliveries.choices,
       inbox.message_id AS answers, inbox.text AS words
FROM outbox LEFT JOIN turns ON turns.id = outbox.place
LEFT JOIN inbox ON inbox.id = turns.inbox_id
LEFT JOIN deliveries ON deliveries.id = outbox.place
WHERE outbox.session_key = :session_key AND outbox.sent_at IS NULL"""
"""What is not sent yet to one chat, as `load_outgoing` reads it; to be narrowed and ordered."""

COMES_BACK_SQL = "({})".format(", ".join(f"'{reason}'" for reason in COMES_BACK))

_NEXT = f"""{ITEMS}
  AND (outbox.reason IS NULL OR outbox.reason IN {COMES_BACK_SQL})
ORDER BY outbox.place LIMIT :limit"""

_PART_SENT = """
UPDATE outbox SET parts_sent = :parts, attempts = 0, due_at = NULL WHERE place = :place"""

_ALL_SENT = """
UPDATE outbox SET parts_sent = :parts, note = NULL, due_at = NULL, reason = NULL,
    sent_at = coalesce(sent_at, :now)
WHERE place = :place"""

_CARRIED = """
INSERT INTO carried (session_key, message_id, number, at)
VALUES (:session_key, :message_id, :number, :now)
ON CONFLICT (session_key, message_id) DO UPDATE SET number = excluded.number"""

ERASE = """
UPDATE outbox SET note = NULL, sent_at = coalesce(sent_at, :now)
WHERE sent_at IS NULL AND (session_key = :session_key
    OR number IN (SELECT number FROM inquiries WHERE session_key = :session_key))"""
"""What was still to be said to or about a parent who asked to be forgotten."""


class Kind(StrEnum):
    """What an item of the outbox is."""

    TURN = "turn"
    DELIVERY = "delivery"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to be sent to one chat, and how far that has come."""

    place: int
    session_key: str
    kind: Kind
    replies: tuple[Reply, ...] = ()
    note: str = ""
    """The channel's own message, in the channel's own JSON."""
    number: str | None = None
    parts_sent: int = 0
    attempts: int = 0
    due_at: datetime | None = None
    reason: str | None = None
    """Why it is kept back; None while it may be sent."""
    answers: str = ""
    """Id of the message that a turn answers."""
    words: str = ""
    """What that message said."""
    urgent: bool = False
    """It tells what to do in an emergency."""

    @property
    def channel(self) -> str:
        return self.session_key.partition(":")[0]

    @property
    def chat(self) -> str:
        return self.session_key.partition(":")[2]


def is_pushed(session_key: str) -> bool:
    """Return whether what is said to that session is ours to send."""
    return session_key.partition(":")[0] in PUSHED


async def queue(
    work: Work,
    place: int,
    session_key: str,
    kind: Kind,
    *,
    number: int | None = None,
    note: str | None = None,
    note_key: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Put something in the outbox, inside the transaction that says it."""
    await work.rows(
        _QUEUE,
        place=place,
        session_key=session_key,
        kind=kind.value,
        note=note,
        note_key=note_key,
        number=number,
        due_at=stamp(due_at) if due_at else None,
    )


async def mark_sent(
    work: Work, item: Outgoing, parts: int, *, last: bool, now: datetime, message_id: str | None
) -> None:
    """Note, inside a transaction, that so many parts were sent, the last one or not."""
    await work.rows(
        _ALL_SENT if last else _PART_SENT,
        place=item.place,
        parts=parts,
        **({"now": stamp(now)} if last else {}),
    )
    if item.kind is Kind.NOTE and item.number and message_id:
        await work.rows(
            _CARRIED,
            session_key=item.session_key,
            message_id=message_id,
            number=int(item.number),
            now=stamp(now),
        )
    if last and item.kind is Kind.DELIVERY:
        await work.rows(
            "UPDATE deliveries SET sent_at = coalesce(sent_at, :now) WHERE id = :place",
            place=item.place,
            now=stamp(now),
        )


async def revive(work: Work, session_key: str, due_at: datetime | None = None) -> bool:
    """Make what that chat's return was waited for due, now or then; return if there was any."""
    return bool(
        await work.rows(
            "UPDATE outbox SET reason = NULL, attempts = 0, due_at = :due_at"  # noqa: S608
            f" WHERE session_key = :session_key AND sent_at IS NULL AND reason IN {COMES_BACK_SQL}"
            " RETURNING place",
            session_key=session_key,
            due_at=stamp(due_at) if due_at else None,
        )
    )


class OutboxStore:
    """The outbox's rows; every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, channels: Iterable[str]) -> list[tuple[str, datetime | None]]:
        """Return the chats something is to be sent to, and when at the earliest."""
        names = frozenset(channels)
        return [
            (row["session_key"], instant(row["due_at"]) if row["due_at"] else None)
            for row in await self._database.rows(_WAITING)
            if row["session_key"].partition(":")[0] in names
        ]

    async def next(self, session_key: str) -> Outgoing | None:
        """Return what has to be sent there first; what was kept back leads."""
        found = await self.next_few(session_key, 1)
        return found[0] if found else None

    async def next_few(self, session_key: str, limit: int) -> list[Outgoing]:
        """Return what has to be sent there, in order."""
        rows = await self._database.rows(_NEXT, session_key=session_key, limit=limit)
        return [load_outgoing(row) for row in rows]

    async def part_sent(
        self, item: Outgoing, parts: int, *, last: bool, message_id: str | None, now: datetime
    ) -> None:
        """Note that so many parts of the item have been sent, the last one or not."""
        async with self._database.transaction() as work:
            await mark_sent(work, item, parts, last=last, now=now, message_id=message_id)

    async def all_sent(self, items: Sequence[Outgoing], now: datetime) -> None:
        """Note that these went together, as one message."""
        async with self._database.transaction() as work:
            for item in items:
                await mark_sent(work, item, 1, last=True, now=now, message_id=None)

    async def postpone(self, item: Outgoing, until: datetime) -> None:
        """Try the item again at that time."""
        async with self._database.transaction() as work:
            await work.rows(
                "UPDATE outbox SET attempts = attempts + 1, due_at = :due_at WHERE place = :place",
                place=item.place,
                due_at=stamp(until),
            )

    async def keep(self, item: Outgoing, reason: str) -> None:
        """Keep the item unsent; if it waits for the parent, everything for that chat does."""
        whole_chat = reason in COMES_BACK
        where = "session_key = :session_key" if whole_chat else "place = :place"
        values = {"session_key": item.session_key} if whole_chat else {"place": item.place}
        async with self._database.transaction() as work:
            await work.rows(
                f"UPDATE outbox SET reason = :reason, due_at = NULL WHERE sent_at IS NULL"  # noqa: S608
                f" AND (reason IS NULL OR reason IN {COMES_BACK_SQL}) AND {where}",
                reason=reason,
                **values,
            )

    async def revive(self, session_key: str) -> bool:
        """Make what was kept back due: the parent is there again; return if there was any."""
        async with self._database.transaction() as work:
            return await revive(work, session_key)

    async def revive_all(self, channel: str, reason: str) -> bool:
        """Make due all that a channel keeps back for that reason; return if there was any."""
        async with self._database.transaction() as work:
            found = await work.rows(
                "UPDATE outbox SET reason = NULL, attempts = 0 WHERE sent_at IS NULL"
                " AND reason = :reason AND session_key LIKE :chats RETURNING place",
                reason=reason,
                chats=f"{channel}:%",
            )
        return bool(found)

    async def is_shut_out(self, session_key: str) -> bool:
        """Return whether something waits for that parent to come back."""
        return bool(
            await self._database.rows(
                "SELECT place FROM outbox WHERE session_key = :session_key"  # noqa: S608
                f" AND sent_at IS NULL AND reason IN {COMES_BACK_SQL} LIMIT 1",
                session_key=session_key,
            )
        )

    async def sweep(self, before: datetime) -> None:
        """Forget what was sent before that time; nothing unsent is touched."""
        async with self._database.transaction() as work:
            await work.rows("DELETE FROM outbox WHERE sent_at < :before", before=stamp(before))
            await work.rows("DELETE FROM carried WHERE at < :before", before=stamp(before))


def load_outgoing(row: Row) -> Outgoing:
    kind = Kind(row["kind"])
    replies: tuple[Reply, ...] = ()
    if kind is Kind.TURN:
        replies = load_replies(row["replies"])
    elif kind is Kind.DELIVERY and row["text"] is not None:
        replies = (Reply(row["text"], load_choices(row["choices"])),)
    return Outgoing(
        place=row["place"],
        session_key=row["session_key"],
        kind=kind,
        replies=replies,
        note=row["note"] or "",
        number=number_of(row["number"]),
        parts_sent=row["parts_sent"],
        attempts=row["attempts"],
        due_at=instant(row["due_at"]) if row["due_at"] else None,
        reason=row["reason"],
        answers=row["answers"] or "",
        words=row["words"] or "",
        urgent=row["decision"] == Decision.CRISIS.value,
    )
