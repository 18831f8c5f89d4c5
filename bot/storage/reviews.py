"""The review queue's rows: what parents asked, and what staff made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row

from bot.model import Decision
from bot.storage.encoding import dump, instant, stamp
from bot.storage.sqlite import Database

_ASKED = """
SELECT inbox.id, inbox.session_key, inbox.received_at, inbox.text, inbox.pick, inbox.picked,
       turns.decision, turns.entries, turns.candidates,
       reviews.outcome, reviews.target, reviews.rejected
FROM inbox JOIN turns ON turns.inbox_id = inbox.id
LEFT JOIN reviews ON reviews.inbox_id = inbox.id
WHERE inbox.text IS NOT NULL AND inbox.id > :after
ORDER BY inbox.id"""

_NEWEST = "SELECT max(id) AS latest FROM inbox"

_STATE = """
SELECT (SELECT value FROM counters WHERE name = 'place') AS said,
    (SELECT count(*) FROM reviews) AS reviewed, (SELECT max(at) FROM reviews) AS last"""

_SETTLE = """
INSERT INTO reviews (inbox_id, outcome, target, rejected, who, at)
VALUES (:inbox_id, :outcome, :target, :rejected, :who, :at)
ON CONFLICT (inbox_id) DO UPDATE SET outcome = excluded.outcome, target = excluded.target,
    rejected = excluded.rejected, who = excluded.who, at = excluded.at"""


@dataclass(frozen=True, slots=True)
class Review:
    """What staff made of one message."""

    outcome: str
    target: str
    """The entry or matter named, empty when none was."""
    rejected: tuple[str, ...]
    """Entries that it is not about."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One message of a parent with what was done about it, as stored."""

    place: int
    session: str
    at: datetime
    text: str
    pick: int | None
    picked: str
    """The words of the choice picked."""
    decision: Decision
    entries: tuple[str, ...]
    candidates: tuple[str, ...]
    review: Review | None


class Reviews:
    """What staff decided about messages; every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self) -> tuple[object, ...]:
        """Return a mark that changes with everything said, removed or settled."""
        return tuple((await self._database.rows(_STATE))[0])

    async def asked(self, window: int = 20_000) -> list[Asked]:
        """Return the messages of the last `window` places, oldest first."""
        newest = await self._database.rows(_NEWEST)
        latest = (newest[0]["latest"] if newest else None) or 0
        rows = await self._database.rows(_ASKED, after=latest - window)
        return [
            Asked(
                row["id"],
                row["session_key"],
                instant(row["received_at"]),
                row["text"],
                row["pick"],
                row["picked"] or "",
                Decision(row["decision"]),
                tuple(json.loads(row["entries"])),
                tuple(entry for entry, _ in json.loads(row["candidates"])),
                _review(row),
            )
            for row in rows
        ]

    async def settle(
        self,
        places: Iterable[int],
        outcome: str,
        who: str,
        now: datetime,
        *,
        target: str = "",
        rejected: Sequence[str] = (),
    ) -> None:
        """Note what became of these messages; `rejected` are the entries they are not about."""
        decided = {
            "outcome": outcome,
            "target": target,
            "rejected": dump(list(rejected)),
            "who": who,
            "at": stamp(now),
        }
        async with self._database.transaction() as work:
            await work.each(_SETTLE, [{"inbox_id": place, **decided} for place in places])


def _review(row: Row) -> Review | None:
    if row["outcome"] is None:
        return None
    return Review(row["outcome"], row["target"], tuple(json.loads(row["rejected"])))
