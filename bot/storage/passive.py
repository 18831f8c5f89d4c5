"""What was said in the response to a call: decided once, for every try, process and restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StorageError
from bot.storage import outbox
from bot.storage.encoding import instant, stamp
from bot.storage.outbox import COMES_BACK_SQL, ITEMS, Outgoing, load_outgoing
from bot.storage.sqlite import Database, Work
from bot.storage.windows import Window, open_window

KEEP = timedelta(hours=1)
"""Far longer than any platform repeats a call."""
KEEP_PROMISES = timedelta(days=90)
"""How long we remember that a parent was told to write again."""
AFTER = timedelta(seconds=1.5)
"""So much later than the response the rest is sent, that it arrives behind it."""

IN_TIME, LATE, INSTEAD = range(3)
"""How a response stands to the reply: with it, before it, in its place."""

_ARRIVED = """
INSERT INTO passive_replies (session_key, message_id, tries, first_at)
VALUES (:session_key, :message_id, 1, :now)
ON CONFLICT (session_key, message_id) DO UPDATE SET tries = tries + 1
RETURNING tries, first_at, said"""

_SAY = """
INSERT INTO passive_replies (session_key, message_id, tries, first_at, said, more, late)
VALUES (:session_key, :message_id, 1, :now, :said, :more, :late)
ON CONFLICT (session_key, message_id) DO UPDATE SET
    said = excluded.said, more = excluded.more, late = excluded.late"""

_SAID = """
SELECT said, late FROM passive_replies
WHERE session_key = :session_key AND message_id = :message_id"""

_KEPT_OR_OWN = f"""{ITEMS}
AND (outbox.reason IN {COMES_BACK_SQL} OR inbox.message_id = :message_id)
ORDER BY outbox.place"""

_OWN = f"{ITEMS} AND inbox.message_id = :message_id AND outbox.reason IS NULL"

_PROMISED = f"""
SELECT 1 WHERE EXISTS (
    SELECT 1 FROM outbox WHERE session_key = :session_key AND sent_at IS NULL
      AND reason IN {COMES_BACK_SQL} AND parts_sent > 0)
OR coalesce((
    SELECT more FROM passive_replies WHERE session_key = :session_key AND said IS NOT NULL
    ORDER BY first_at DESC LIMIT 1), 0) = 1"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Arrival:
    """How often a call has come, since when, and what was answered already."""

    tries: int
    first_at: datetime
    said: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """An item of the outbox that a response carries: up to which part, and if that is all."""

    item: Outgoing
    parts: int
    last: bool


@dataclass(frozen=True, slots=True)
class Composed:
    """What a response says, and what of the outbox is said with it."""

    text: str
    taken: tuple[Taken, ...] = ()
    more: bool = False
    """The parent is told to write again for the rest."""


Compose = Callable[[Sequence[Outgoing], Outgoing | None], Composed]
"""(what was kept for that parent, the reply to this message) → the response."""


class PassiveReplies:
    """The responses of every channel that has them; every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def arrived(
        self, session_key: str, message_id: str, now: datetime, window: Window | None = None
    ) -> Arrival:
        """Count one more try to deliver that message, and open the window that comes with it."""
        async with self._database.transaction() as work:
            row = await work.row(
                _ARRIVED, session_key=session_key, message_id=message_id, now=stamp(now)
            )
            if row is None:
                raise StorageError("数据库没有记下这次请求；请用最近的备份替换")
            first_at = instant(row["first_at"])
            if window is not None:
                await open_window(work, session_key, window, first_at)
        return Arrival(row["tries"], first_at, row["said"])

    async def decide(
        self, session_key: str, message_id: str, compose: Compose, now: datetime, *, push: bool
    ) -> str:
        """Return what the response says: as decided before, else as composed now, for good.

        What it carries counts as sent; with `push` the rest is made due behind it, without it
        the rest waits for the parent's next word.
        """
        async with self._database.transaction() as work:
            said = await self._said(work, session_key, message_id)
            if said is not None:
                return said
            rows = await work.rows(_KEPT_OR_OWN, session_key=session_key, message_id=message_id)
            items = [load_outgoing(row) for row in rows]
            own = next((each for each in items if each.answers == message_id), None)
            items = [each for each in items if each is not own]
            if own and own.reason is None and not (own.due_at and own.due_at > now):
                own = None  # past its time the outbox may be sending it at this moment
            composed = compose(items, own)
            for taken in composed.taken:
                await outbox.mark_sent(
                    work, taken.item, taken.parts, last=taken.last, now=now, message_id=None
                )
            if sum(taken.last for taken in composed.taken) < len(items) + bool(own):
                await self._leave_rest(work, session_key, own, composed, now, push=push)
            await work.rows(
                _SAY,
                session_key=session_key,
                message_id=message_id,
                said=composed.text,
                more=int(composed.more),
                late=IN_TIME,
                now=stamp(now),
            )
        return composed.text

    async def _leave_rest(
        self,
        work: Work,
        session_key: str,
        own: Outgoing | None,
        composed: Composed,
        now: datetime,
        *,
        push: bool,
    ) -> None:
        """Hand what the response did not carry to the outbox."""
        whole = {taken.item.place for taken in composed.taken if taken.last}
        if own is not None and own.place not in whole:
            await self._release(work, own, now + AFTER, push=push)
        if push:
            await outbox.revive(work, session_key, now + AFTER)

    async def give(
        self,
        session_key: str,
        message_id: str,
        said: str,
        now: datetime,
        *,
        more: bool = False,
        instead: bool = False,
    ) -> str:
        """Return what the response says before the reply is ready: this, unless decided before.

        Said `instead` of it, the reply is not sent any more when it is ready.
        """
        async with self._database.transaction() as work:
            before = await self._said(work, session_key, message_id)
            if before is not None:
                return before
            await work.rows(
                _SAY,
                session_key=session_key,
                message_id=message_id,
                said=said,
                more=int(more),
                late=INSTEAD if instead else LATE,
                now=stamp(now),
            )
        return said

    async def settle(self, session_key: str, message_id: str, now: datetime, *, push: bool) -> None:
        """Have a reply that came too late for its response sent; not if that said it itself."""
        given = await self._database.rows(_SAID, session_key=session_key, message_id=message_id)
        if not given or given[0]["late"] == IN_TIME:
            return
        late = given[0]["late"]
        async with self._database.transaction() as work:
            row = await work.row(_OWN, session_key=session_key, message_id=message_id)
            if row is None:
                return
            own = load_outgoing(row)
            if late == INSTEAD:
                await outbox.mark_sent(work, own, 1, last=True, now=now, message_id=None)
            else:
                await self._release(work, own, now, push=push)

    async def _release(self, work: Work, item: Outgoing, due_at: datetime, *, push: bool) -> None:
        """Let the outbox send the item then, or keep it until the parent writes."""
        await work.rows(
            "UPDATE outbox SET due_at = :due_at, reason = :reason WHERE place = :place",
            place=item.place,
            due_at=stamp(due_at) if push else None,
            reason=None if push else outbox.WINDOW,
        )

    async def promised(self, session_key: str) -> bool:
        """Return whether the parent was told to write again for the rest."""
        return bool(await self._database.rows(_PROMISED, session_key=session_key))

    async def sweep(self, now: datetime) -> None:
        """Forget the responses that nobody can ask for any more."""
        async with self._database.transaction() as work:
            await work.rows(
                "DELETE FROM passive_replies"
                " WHERE first_at < :before AND (more = 0 OR first_at < :long_before)",
                before=stamp(now - KEEP),
                long_before=stamp(now - KEEP_PROMISES),
            )

    async def _said(self, work: Work, session_key: str, message_id: str) -> str | None:
        row = await work.row(_SAID, session_key=session_key, message_id=message_id)
        return row["said"] if row else None
