"""News for staff: found once, read by every messenger that tells them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from sqlite3 import Row

from bot.model import Inquiry
from bot.news import News, NewsKind, stands
from bot.storage.encoding import instant, number_key, stamp
from bot.storage.records import load_inquiry
from bot.storage.sqlite import Rows
from bot.targets import Target

_ADD = """
INSERT INTO news (name, kind, number, owner, target, at)
VALUES (:name, :kind, :number, :owner, :target, :at)
ON CONFLICT (name) DO NOTHING RETURNING id"""

_TOLD = """
SELECT news.id AS place, news.name, news.kind, news.owner AS whom, news.target, news.at,
    inquiries.*
FROM news JOIN inquiries ON inquiries.number = news.number
"""
_AFTER = f"{_TOLD} WHERE news.id > :after ORDER BY news.id LIMIT :limit"
_UNRESOLVED = f"{_TOLD} WHERE inquiries.status <> 'resolved' ORDER BY news.id"


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of news in its place, with the inquiry as it stands now."""

    place: int
    news: News
    inquiry: Inquiry

    @property
    def stands(self) -> bool:
        return stands(self.news, self.inquiry)


async def add(rows: Rows, news: Iterable[News]) -> bool:
    """Keep the news, inside a transaction; return whether any of it was new."""
    fresh = False
    for each in news:
        fresh |= bool(
            await rows.rows(
                _ADD,
                name=each.name,
                kind=each.kind.value,
                number=number_key(each.number),
                owner=each.owner,
                target=each.target and each.target.value,
                at=stamp(each.at),
            )
        )
    return fresh


async def after(rows: Rows, place: int, limit: int = 1000) -> list[Told]:
    """Return the news after that place, oldest first."""
    return _told(await rows.rows(_AFTER, after=place, limit=limit))


async def standing(rows: Rows) -> list[Told]:
    """Return the news that still hold, oldest first, however long ago they were found."""
    return [each for each in _told(await rows.rows(_UNRESOLVED)) if each.stands]


def _told(rows: Iterable[Row]) -> list[Told]:
    found = []
    for row in rows:
        inquiry = load_inquiry(row)
        news = News(
            row["name"],
            NewsKind(row["kind"]),
            inquiry.number,
            instant(row["at"]),
            row["whom"],
            Target(row["target"]) if row["target"] else None,
        )
        found.append(Told(row["place"], news, inquiry))
    return found
