"""One transaction on the conversations: all of it is stored, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import StorageError
from bot.model import Delivery, Inquiry, Move, Progress, Session, Turn
from bot.news import News
from bot.storage import news, outbox
from bot.storage.audit import record
from bot.storage.casework import ERASE as ERASE_NOTES
from bot.storage.casework import Casework
from bot.storage.encoding import load_choices, number_key, stamp
from bot.storage.places import next_place
from bot.storage.progress import progress
from bot.storage.records import (
    delivery_values,
    inquiry_values,
    load_inquiry,
    load_session,
    move_values,
    session_values,
    turn_values,
)
from bot.storage.sqlite import Work

FIRST_NUMBER = 1001

_SESSION_INQUIRIES = """
SELECT * FROM inquiries
WHERE session_key = :session_key
  AND (status <> 'resolved' OR changed_at >= :come_back_after OR number = :current)
ORDER BY number"""

_SAVE_SESSION = """
INSERT INTO sessions
    (session_key, greeted, misses, choices, last_entry, current_number, confirming_deletion,
     unanswered, unanswered_at)
VALUES
    (:session_key, :greeted, :misses, :choices, :last_entry, :current, :confirming,
     :unanswered, :unanswered_at)
ON CONFLICT (session_key) DO UPDATE SET
    greeted = excluded.greeted,
    misses = excluded.misses,
    choices = excluded.choices,
    last_entry = excluded.last_entry,
    current_number = excluded.current_number,
    confirming_deletion = excluded.confirming_deletion,
    unanswered = excluded.unanswered,
    unanswered_at = excluded.unanswered_at"""

_SAVE_INQUIRY = """
INSERT INTO inquiries
    (number, session_key, status, opened_at, changed_at, touched_at, topic, entry, owner,
     urgent, previous, slots)
VALUES
    (:number, :session_key, :status, :opened_at, :changed_at, :touched_at, :topic, :entry, :owner,
     :urgent, :previous, :slots)
ON CONFLICT (number) DO UPDATE SET
    status = excluded.status,
    changed_at = excluded.changed_at,
    touched_at = excluded.touched_at,
    topic = excluded.topic,
    entry = excluded.entry,
    owner = excluded.owner,
    urgent = excluded.urgent,
    previous = excluded.previous,
    slots = excluded.slots
WHERE inquiries.session_key = excluded.session_key
RETURNING number"""

_SAVE_MOVE = """
INSERT INTO moves (number, at, status_before, status_after, who, why)
VALUES (:number, :at, :before, :after, :who, :why)"""

_SAVE_TURN = """
INSERT INTO turns (id, inbox_id, decision, replies, entries, confidence, candidates, number)
VALUES (:id, :inbox_id, :decision, :replies, :entries, :confidence, :candidates, :number)"""

_MARK_HANDLED = """
UPDATE inbox SET handled = 1
WHERE session_key = :session_key AND message_id = :message_id AND handled = 0
RETURNING id, text"""

_SAVE_WORDS = """
INSERT INTO staff_words (id, number, who, text, at) VALUES (:id, :number, :who, :text, :at)"""

_SAVE_DELIVERY = """
INSERT INTO deliveries (id, session_key, number, words_id, text, choices, created_at, sent_at)
VALUES (:id, :session_key, :number, :words_id, :text, :choices, :created_at, :sent_at)"""

_ERASE = (
    "UPDATE inbox SET text = NULL, pick = NULL, picked = NULL, media = NULL"
    " WHERE session_key = :session_key",
    "UPDATE turns SET replies = NULL, candidates = '[]'"
    " WHERE inbox_id IN (SELECT id FROM inbox WHERE session_key = :session_key)",
    "UPDATE deliveries SET text = NULL, choices = '[]', sent_at = coalesce(sent_at, :now)"
    " WHERE session_key = :session_key",
    "UPDATE staff_words SET text = NULL"
    " WHERE number IN (SELECT number FROM inquiries WHERE session_key = :session_key)",
    "UPDATE inquiries SET slots = '{}' WHERE session_key = :session_key",
    outbox.ERASE,
    ERASE_NOTES,
    "DELETE FROM sources WHERE session_key = :session_key",
    "DELETE FROM passive_replies WHERE session_key = :session_key",
    "UPDATE sessions SET choices = '[]', last_entry = NULL, unanswered = '',"
    " unanswered_at = NULL, erased_at = :now WHERE session_key = :session_key",
)


_UNSENT_INVITATIONS = """
SELECT deliveries.id FROM deliveries JOIN outbox ON outbox.place = deliveries.id
WHERE deliveries.number = :number AND deliveries.words_id IS NULL
  AND deliveries.choices LIKE '%"helped"%' AND outbox.sent_at IS NULL AND outbox.parts_sent = 0"""


class Transaction:
    """What may be done inside `Store.transaction()`; every method may raise StorageError."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._words: list[tuple[int, int | None, str]] = []
        """Staff words of this transaction that no delivery has carried yet."""
        self._erased: set[str] = set()
        self.casework = Casework(work)

    async def session(self, key: str, come_back_after: datetime) -> Session:
        """Return the stored session, or a fresh one, with the inquiries that matter to it.

        Those are, oldest first: all unresolved ones, those resolved at or after
        `come_back_after`, and the one that is current.
        """
        row = await self._work.row("SELECT * FROM sessions WHERE session_key = :key", key=key)
        rows = await self._work.rows(
            _SESSION_INQUIRIES,
            session_key=key,
            come_back_after=stamp(come_back_after),
            current=row["current_number"] if row else None,
        )
        inquiries = [load_inquiry(each) for each in rows]
        return load_session(row, inquiries) if row else Session(key, inquiries=tuple(inquiries))

    async def inquiry(self, number: str) -> Inquiry | None:
        """Return the inquiry of that number."""
        row = await self._work.row(
            "SELECT * FROM inquiries WHERE number = :number", number=number_key(number)
        )
        return load_inquiry(row) if row else None

    async def peek_numbers(self, count: int) -> list[str]:
        """Return the next free numbers; saving an inquiry is what uses one up."""
        row = await self._work.row("SELECT max(number) AS last FROM inquiries")
        last = row["last"] if row else None
        first = FIRST_NUMBER if last is None else last + 1
        return [str(number) for number in range(first, first + count)]

    async def finish(self, turn: Turn, session: Session, moves: Sequence[Move]) -> None:
        """Store the turn, the session with its inquiries and the moves; the message is done.

        Raises StorageError when the message was never written down or is done already.
        """
        key, message_id = turn.message.session_key, turn.message.message_id
        row = await self._work.row(_MARK_HANDLED, session_key=key, message_id=message_id)
        if row is None:
            raise StorageError("这条消息没有登记过，或已经处理过，没有再存一遍")
        if turn.message.pick is not None and row["text"] is not None:
            await self._keep_picked(row["id"], key, turn.message.pick)
        await self.save_session(session)
        await self._save_moves(moves)
        place = await next_place(self._work)
        await self._work.rows(_SAVE_TURN, id=place, inbox_id=row["id"], **turn_values(turn))
        if turn.replies and outbox.is_pushed(key):
            hold = outbox.HELD.get(turn.message.channel)
            due_at = turn.message.received_at + hold if hold else None
            await outbox.queue(self._work, place, key, outbox.Kind.TURN, due_at=due_at)

    async def save_inquiry(self, inquiry: Inquiry, moves: Sequence[Move]) -> None:
        """Store the inquiry and its moves."""
        await self._save_inquiry(inquiry)
        await self._save_moves(moves)

    async def save_session(self, session: Session) -> None:
        """Store the session and its inquiries."""
        await self._work.rows(_SAVE_SESSION, **session_values(session))
        for inquiry in session.inquiries:
            await self._save_inquiry(inquiry)

    async def save_words(self, inquiry_number: str, who: str, text: str, at: datetime) -> None:
        """Store what a member of staff wrote, for the transcript.

        A delivery queued after it in this transaction, for the same inquiry and with
        these words in its text, counts as the same utterance.
        """
        place, key = await next_place(self._work), number_key(inquiry_number)
        await self._work.rows(_SAVE_WORDS, id=place, number=key, who=who, text=text, at=stamp(at))
        if text:
            self._words.append((place, key, text))

    async def queue_delivery(self, delivery: Delivery) -> Delivery:
        """Store what is to be pushed; return it with its id, which only ever grows."""
        place, words_id = await next_place(self._work), None
        for words in self._words:
            if words[1] == number_key(delivery.inquiry) and words[2] in delivery.text:
                words_id = words[0]
                self._words.remove(words)
                break
        await self._work.rows(
            _SAVE_DELIVERY, id=place, words_id=words_id, **delivery_values(delivery)
        )
        if outbox.is_pushed(delivery.session_key):
            await outbox.queue(
                self._work,
                place,
                delivery.session_key,
                outbox.Kind.DELIVERY,
                number=number_key(delivery.inquiry),
            )
        return replace(delivery, id=place)

    async def take_source(self, session_key: str) -> str | None:
        """Return where that parent came from, if no inquiry carries it yet; one does now."""
        row = await self._work.row(
            "DELETE FROM sources WHERE session_key = :key RETURNING source", key=session_key
        )
        return row["source"] if row else None

    async def take_back_invitation(self, number: str) -> None:
        """Have nobody asked to rate an inquiry that came back before they were."""
        for row in await self._work.rows(_UNSENT_INVITATIONS, number=number_key(number)):
            await self._work.rows("DELETE FROM outbox WHERE place = :id", id=row["id"])
            await self._work.rows("DELETE FROM deliveries WHERE id = :id", id=row["id"])

    async def audit(self, who: str, what: str, about: str, now: datetime, detail: str = "") -> None:
        """Note in the audit what a member of staff does with this transaction."""
        await record(self._work, who, what, about, now, detail)

    async def add_news(self, found: Sequence[News]) -> bool:
        """Keep news for staff; return whether any of it was new."""
        return await news.add(self._work, found)

    async def progress(self, number: str) -> Progress | None:
        """Return how far staff have come with that inquiry; None when they owe it nothing."""
        found = await progress(self._work, number)
        return found[0] if found else None

    async def done_before(self, name: str) -> bool:
        """Return whether a transaction remembered that name."""
        return bool(await self._work.row("SELECT at FROM done_once WHERE name = :n", n=name))

    async def remember(self, name: str, now: datetime) -> None:
        """Remember that name with this transaction."""
        await self._work.rows(
            "INSERT INTO done_once (name, at) VALUES (:name, :at)", name=name, at=stamp(now)
        )

    async def erase(self, session_key: str, now: datetime) -> None:
        """Remove all words by, to and about that parent; numbers, entries and moves stay.

        Done before `finish`, the reply that confirms it stays repeatable; done after, that
        reply goes too. What was still to be delivered is not sent any more.
        """
        for statement in _ERASE:
            await self._work.rows(statement, session_key=session_key, now=stamp(now))
        self._erased.add(session_key)
        self._words.clear()
        self._work.removed = True

    async def _keep_picked(self, inbox_id: int, key: str, pick: int) -> None:
        """Note the words of the choice that was picked, as long as they are known."""
        row = await self._work.row("SELECT choices FROM sessions WHERE session_key = :key", key=key)
        choices = load_choices(row["choices"]) if row else ()
        if 1 <= pick <= len(choices):
            await self._work.rows(
                "UPDATE inbox SET picked = :label WHERE id = :id",
                label=choices[pick - 1].label,
                id=inbox_id,
            )

    async def _save_inquiry(self, inquiry: Inquiry) -> None:
        if inquiry.session_key in self._erased:
            inquiry = replace(inquiry, slots={})
        if not await self._work.rows(_SAVE_INQUIRY, **inquiry_values(inquiry)):
            raise StorageError(f"咨询号 {inquiry.number} 属于另一位家长，没有保存；请报告给开发者")

    async def _save_moves(self, moves: Sequence[Move]) -> None:
        await self._work.each(_SAVE_MOVE, [move_values(move) for move in moves])
