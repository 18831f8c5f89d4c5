"""What the figures are counted from: rows without a word of any parent."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from bot.model import Decision, Status
from bot.storage.encoding import instant, stamp
from bot.storage.sqlite import Database

_TURNS = """
SELECT inbox.received_at, inbox.pick, turns.decision, turns.entries, inquiries.topic
FROM turns JOIN inbox ON inbox.id = turns.inbox_id
LEFT JOIN inquiries ON inquiries.number = turns.number
WHERE inbox.received_at >= :since AND inbox.received_at < :until ORDER BY inbox.id"""

_INQUIRIES = """
SELECT number, topic, opened_at, status FROM inquiries
WHERE opened_at >= :since AND opened_at < :until ORDER BY number"""

_OF_THEM = """
SELECT {columns} FROM {table} WHERE number IN (
    SELECT number FROM inquiries WHERE opened_at >= :since AND opened_at < :until)
ORDER BY {order}"""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One message, and what was done with it."""

    at: datetime
    decision: Decision
    topic: str | None
    """Of the entry answered, else of the inquiry."""
    typed: bool


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One move of an inquiry."""

    at: datetime
    after: Status
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class InquiryRow:
    """One inquiry with all that happened to it."""

    topic: str | None
    opened_at: datetime
    status: Status
    moves: tuple[MoveRow, ...]
    staff_wrote_at: tuple[datetime, ...]
    ratings: tuple[bool, ...]
    """Whether it helped, each time it was rated."""


async def turns(database: Database, since: datetime, until: datetime) -> list[TurnRow]:
    """Return every message of the time, in order; raises StorageError."""
    rows = await database.rows(_TURNS, since=stamp(since), until=stamp(until))
    return [
        TurnRow(
            instant(row["received_at"]),
            Decision(row["decision"]),
            _topic(json.loads(row["entries"])) or row["topic"],
            row["pick"] is None,
        )
        for row in rows
    ]


async def inquiries(database: Database, since: datetime, until: datetime) -> list[InquiryRow]:
    """Return the inquiries that were opened in that time; raises StorageError."""
    span = {"since": stamp(since), "until": stamp(until)}

    async def of_them(table: str, columns: str, order: str) -> dict[int, list[dict[str, object]]]:
        sql = _OF_THEM.format(table=table, columns=f"number, {columns}", order=order)
        found: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
        for row in await database.rows(sql, **span):
            found[row["number"]].append(dict(row))
        return found

    moves = await of_them("moves", "at, status_after, who, why", "id")
    wrote = await of_them("staff_words", "at", "id")
    rated = await of_them("ratings", "helped", "at")
    return [
        InquiryRow(
            row["topic"],
            instant(row["opened_at"]),
            Status(row["status"]),
            tuple(
                MoveRow(
                    instant(str(m["at"])),
                    Status(str(m["status_after"])),
                    str(m["who"]),
                    str(m["why"]),
                )
                for m in moves[row["number"]]
            ),
            tuple(instant(str(w["at"])) for w in wrote[row["number"]]),
            tuple(bool(r["helped"]) for r in rated[row["number"]]),
        )
        for row in await database.rows(_INQUIRIES, **span)
    ]


def _topic(entries: list[str]) -> str | None:
    return entries[0].partition(".")[0] if entries else None
