"""What messengers delivered, and what their channels remember: ids, sources, notes, marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.model import Choice
from bot.storage import outbox
from bot.storage.audit import Look, record_look
from bot.storage.encoding import instant, load_choices, load_replies, number_key, stamp
from bot.storage.places import next_place
from bot.storage.sqlite import Database

STALE = 0
"""A pick that is none: the desk offers again what may be picked."""
EXPIRY = timedelta(hours=48)
"""How long an update's id is remembered; Telegram repeats one for at most 24 hours."""

_WRITE_DOWN = """
INSERT INTO updates (channel, update_id, incoming, received_at, handled)
VALUES (:channel, :update_id, :incoming, :received_at, 0)
ON CONFLICT (channel, update_id) DO NOTHING RETURNING update_id"""

_OFFERED = """
SELECT outbox.session_key, turns.replies, deliveries.choices
FROM outbox LEFT JOIN turns ON turns.id = outbox.place
LEFT JOIN deliveries ON deliveries.id = outbox.place
WHERE outbox.place = :place"""

_LAST_WORDS = """
SELECT text FROM inbox
WHERE session_key = :session_key AND (message_id = :first OR message_id LIKE :edits)
ORDER BY id DESC LIMIT 1"""


class Updates:
    """One channel's memory in the database; every method may raise StorageError."""

    def __init__(self, database: Database, channel: str, account: str = "") -> None:
        self._database = database
        self._channel = channel
        self._source = f"{channel}:{account}" if account else channel
        """Whose updates these are: another account of the same platform counts its own ids."""

    def name(self, update_id: int) -> str:
        """Return a name for what comes of an update, by which it is done only once."""
        return f"{self._source}:u{update_id}"

    async def write_down(self, updates: Sequence[tuple[int, str]], now: datetime) -> frozenset[int]:
        """Keep the updates (id, words); return the ids that were not known yet.

        An id is known for `EXPIRY`, in whatever order they come.
        """
        async with self._database.transaction() as work:
            await work.rows(
                "DELETE FROM updates WHERE handled = 1 AND received_at < :before",
                before=stamp(now - EXPIRY),
            )
            new = []
            for update_id, incoming in updates:
                new += await work.rows(
                    _WRITE_DOWN,
                    channel=self._source,
                    update_id=update_id,
                    incoming=incoming,
                    received_at=stamp(now),
                )
        return frozenset(row["update_id"] for row in new)

    async def handled(self, update_ids: Iterable[int]) -> None:
        """Note that these are done; their words go, their ids stay."""
        async with self._database.transaction() as work:
            await work.each(
                "UPDATE updates SET handled = 1, incoming = NULL"
                " WHERE channel = :channel AND update_id = :update_id",
                [{"channel": self._source, "update_id": each} for each in update_ids],
            )

    async def unhandled(self) -> list[tuple[str, datetime]]:
        """Return what was written down and never finished, in order, with when it came."""
        rows = await self._database.rows(
            "SELECT incoming, received_at FROM updates WHERE channel = :channel AND handled = 0"
            " AND incoming IS NOT NULL ORDER BY received_at, update_id",
            channel=self._source,
        )
        return [(row["incoming"], instant(row["received_at"])) for row in rows]

    # ------------------------------------------------------------------ what was offered

    async def pick(self, session_key: str, place: int, pick: int) -> int:
        """Return the pick of a choice under what we sent in that place, STALE once it is over."""
        offered = await self._offered(place, session_key)
        over = offered != await self._on_offer(session_key) or not 1 <= pick <= len(offered)
        return STALE if over else pick

    async def _offered(self, place: int, session_key: str) -> tuple[Choice, ...]:
        """Return the choices that we sent to that chat in that place; none to anybody else."""
        rows = await self._database.rows(_OFFERED, place=place)
        if not rows or rows[0]["session_key"] != session_key:
            return ()
        if rows[0]["choices"] is not None:
            return load_choices(rows[0]["choices"])
        return tuple(c for reply in load_replies(rows[0]["replies"]) for c in reply.choices)

    async def _on_offer(self, session_key: str) -> tuple[Choice, ...]:
        """Return what that parent may pick from now."""
        rows = await self._database.rows(
            "SELECT choices FROM sessions WHERE session_key = :key", key=session_key
        )
        return load_choices(rows[0]["choices"]) if rows else ()

    async def words_of(self, session_key: str, first: str, edits: str) -> str | None:
        """Return what a message last said; None when it is not known.

        `first` is its id, `edits` how the ids of its edits begin.
        """
        rows = await self._database.rows(
            _LAST_WORDS,
            session_key=session_key,
            first=first,
            edits=f"{edits}%",
        )
        return rows[0]["text"] if rows else None

    async def heard(self, session_key: str, message_id: str) -> bool:
        """Return whether that message was handed to the desk before."""
        return bool(
            await self._database.rows(
                "SELECT id FROM inbox WHERE session_key = :key AND message_id = :message_id",
                key=session_key,
                message_id=message_id,
            )
        )

    # ------------------------------------------------------------------ the channel's own messages

    async def queue_note(
        self,
        session_key: str,
        note: str,
        *,
        key: str,
        number: str | None = None,
        look: Look | None = None,
    ) -> None:
        """Put a message of the channel's own in the outbox; the same key again changes nothing.

        `look` is who of the staff sees with it what a parent said; it goes into the audit.
        """
        known = "SELECT place FROM outbox WHERE note_key = :key"
        if await self._database.rows(known, key=key):
            return
        async with self._database.transaction() as work:
            if await work.row(known, key=key):
                return
            await outbox.queue(
                work,
                await next_place(work),
                session_key,
                outbox.Kind.NOTE,
                number=number_key(number),
                note=note,
                note_key=key,
            )
            if look is not None:
                await record_look(work, look)

    async def carried(self, session_key: str, message_id: int) -> str | None:
        """Return the number of the inquiry that our message in that chat was about."""
        rows = await self._database.rows(
            "SELECT number FROM carried"
            " WHERE session_key = :session_key AND message_id = :message_id",
            session_key=session_key,
            message_id=str(message_id),
        )
        return str(rows[0]["number"]) if rows else None

    # ------------------------------------------------------------------ small facts

    async def set_source(self, session_key: str, source: str, now: datetime) -> None:
        """Remember where that parent came from, for their next new inquiry."""
        async with self._database.transaction() as work:
            await work.rows(
                "INSERT INTO sources (session_key, source, at) VALUES (:key, :source, :at)"
                " ON CONFLICT (session_key) DO UPDATE SET source = excluded.source,"
                " at = excluded.at",
                key=session_key,
                source=source,
                at=stamp(now),
            )

    async def mark(self, name: str) -> str | None:
        """Return the remembered fact of that name."""
        rows = await self._database.rows(
            "SELECT value FROM marks WHERE name = :name", name=f"{self._channel}:{name}"
        )
        return rows[0]["value"] if rows else None

    async def set_mark(self, name: str, value: str) -> None:
        """Remember a fact."""
        async with self._database.transaction() as work:
            await work.rows(
                "INSERT INTO marks (name, value) VALUES (:name, :value)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                name=f"{self._channel}:{name}",
                value=value,
            )
