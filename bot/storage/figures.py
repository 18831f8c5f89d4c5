"""What the figures are counted from: numbers and times, without a word of any parent."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.model import Decision, topic_of
from bot.storage.encoding import instant, stamp
from bot.storage.sqlite import Rows

_TURNS = """
SELECT substr(inbox.received_at, 1, 13) AS hour, turns.decision, turns.entries, inquiries.topic,
    inbox.pick IS NULL AS typed, count(*) AS count
FROM turns JOIN inbox ON inbox.id = turns.inbox_id
LEFT JOIN inquiries ON inquiries.number = turns.number
WHERE inbox.received_at >= :since AND inbox.received_at < :until
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1"""

_OPENED = "SELECT number FROM inquiries WHERE opened_at >= :since AND opened_at < :until"
_INQUIRIES = """
SELECT number, topic, substr(opened_at, 1, 13) AS hour, status = 'resolved' AS resolved
FROM inquiries
WHERE opened_at >= :since AND opened_at < :until ORDER BY number"""

_ANSWERED = f"""
SELECT number, max(why = 'not helped') AS not_helped FROM moves
WHERE number IN ({_OPENED}) AND (status_after = 'answered' OR why = 'not helped')
GROUP BY number HAVING max(status_after = 'answered') = 1"""  # noqa: S608

# Of all moves those by which staff's time begins or stops: what waits for the parent costs none.
_RUNNING = "('waiting_staff', 'with_staff')"
_TURNING_POINTS = f"""
SELECT number, at, status_after IN {_RUNNING} AS begins FROM moves
WHERE number IN ({_OPENED})
  AND (status_after IN {_RUNNING}) <> (coalesce(status_before, '') IN {_RUNNING})
ORDER BY id"""  # noqa: S608

_WROTE = f"SELECT number, at FROM staff_words WHERE number IN ({_OPENED}) ORDER BY id"  # noqa: S608
_RATED = f"""
SELECT number, count(*) AS count, sum(helped) AS helped FROM ratings
WHERE number IN ({_OPENED}) GROUP BY number"""  # noqa: S608

_STATE = """
SELECT (SELECT value FROM counters WHERE name = 'place') AS said,
    (SELECT coalesce(max(id), 0) FROM moves) AS moved"""

Span = tuple[datetime, datetime | None]
"""From when until when; None is still running."""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """Messages of one hour with which the same was done."""

    at: datetime
    """When that hour began."""
    decision: Decision
    topic: str | None
    """Of the entry answered, else of the inquiry."""
    typed: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class InquiryRow:
    """One inquiry with all that the figures ask about it."""

    topic: str | None
    opened_at: datetime
    """When the hour began in which it was."""
    resolved: bool
    answered: bool = False
    """By the bot, at any time."""
    not_helped: bool = False
    in_hand: tuple[Span, ...] = ()
    """When it was for staff to act; empty when it was never handed over."""
    first_words_at: datetime | None = None
    """When staff first wrote to the parent after it was handed over."""
    ratings: int = 0
    helped: int = 0


async def state(database: Rows) -> tuple[int, int]:
    """Return a mark that changes with everything counted here; raises StorageError."""
    [row] = await database.rows(_STATE)
    return row["said"], row["moved"]


async def turns(database: Rows, since: datetime, until: datetime) -> list[TurnRow]:
    """Return every message of the time, counted by hours, in order; raises StorageError."""
    rows = await database.rows(_TURNS, since=stamp(since), until=stamp(until))
    return [
        TurnRow(
            _hour(row["hour"]),
            Decision(row["decision"]),
            _topic(row["entries"]) or row["topic"],
            bool(row["typed"]),
            row["count"],
        )
        for row in rows
    ]


async def inquiries(database: Rows, since: datetime, until: datetime) -> list[InquiryRow]:
    """Return the inquiries that were opened in that time; raises StorageError."""
    span = {"since": stamp(since), "until": stamp(until)}
    answered = {r["number"]: bool(r["not_helped"]) for r in await database.rows(_ANSWERED, **span)}
    rated = {r["number"]: (r["count"], r["helped"]) for r in await database.rows(_RATED, **span)}
    in_hand: defaultdict[int, list[Span]] = defaultdict(list)
    for row in await database.rows(_TURNING_POINTS, **span):
        spans, at = in_hand[row["number"]], instant(row["at"])
        if row["begins"]:
            spans.append((at, None))
        else:
            spans[-1] = (spans[-1][0], at)
    first_words: dict[int, datetime] = {}
    for row in await database.rows(_WROTE, **span):
        number = row["number"]
        if number in in_hand and number not in first_words:
            at = instant(row["at"])
            if at >= in_hand[number][0][0]:
                first_words[number] = at
    return [
        InquiryRow(
            row["topic"],
            _hour(row["hour"]),
            bool(row["resolved"]),
            row["number"] in answered,
            answered.get(row["number"], False),
            tuple(in_hand.get(row["number"], ())),
            first_words.get(row["number"]),
            *rated.get(row["number"], (0, 0)),
        )
        for row in await database.rows(_INQUIRIES, **span)
    ]


@lru_cache(maxsize=10_000)
def _hour(text: str) -> datetime:
    return instant(f"{text}:00+00:00")


@lru_cache(maxsize=1_000)
def _topic(entries: str) -> str | None:
    if entries == "[]":
        return None
    first: str = json.loads(entries)[0]
    return topic_of(first)
