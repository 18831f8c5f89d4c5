"""The audit: who changed what, who looked at what parents said. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.storage.encoding import instant, stamp
from bot.storage.sqlite import Database, Rows, Work

LOOK = "look"
_LOOK_AGAIN = timedelta(minutes=10)
"""A page that stays open fetches itself again and again; that is one look."""

_ADD = """
INSERT INTO audit (at, who, what, about, detail) VALUES (:at, :who, :what, :about, :detail)"""

_LATEST = """
SELECT at FROM audit WHERE who = :who AND what = :what AND about = :about AND detail = :detail
ORDER BY id DESC LIMIT 1"""

_PAGE = """
SELECT * FROM audit
WHERE id < :before AND (:who = '' OR who = :who) AND (:about = '' OR about = :about)
ORDER BY id DESC LIMIT :limit"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit."""

    id: int
    at: datetime
    who: str
    """The account's name, or `命令行`."""
    what: str
    about: str
    """An inquiry's number, an account's name, a file, a switch …"""
    detail: str


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody is shown what a parent said."""

    who: str
    about: str
    """The inquiry's number, or a list's name."""
    at: datetime
    where: str = ""
    """In which messenger; empty on the pages."""


async def record(
    work: Work, who: str, what: str, about: str, now: datetime, detail: str = ""
) -> None:
    """Add a line inside the transaction that makes the change."""
    await work.rows(_ADD, at=stamp(now), who=who, what=what, about=about, detail=detail)


async def record_look(work: Work, look: Look) -> None:
    """Add a look inside the transaction that brings it about; so soon again it is the same."""
    if not await _goes_on(work, look):
        await record(work, look.who, LOOK, look.about, look.at, look.where)


async def _goes_on(rows: Rows, look: Look, said_at: datetime | None = None) -> bool:
    """Return whether it is the same look as the last: soon after, and nothing new was said."""
    found = await rows.rows(_LATEST, who=look.who, what=LOOK, about=look.about, detail=look.where)
    last = instant(found[0]["at"]) if found else None
    if last is None or look.at - last >= _LOOK_AGAIN:
        return False
    return said_at is None or said_at <= last


class Audit:
    """The audit of a store; every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, who: str, what: str, about: str, now: datetime, detail: str = "") -> None:
        """Add a line in a transaction of its own."""
        async with self._database.transaction() as work:
            await record(work, who, what, about, now, detail)

    async def looked(
        self,
        who: str,
        about: str,
        now: datetime,
        *,
        again: bool = False,
        said_at: datetime | None = None,
    ) -> None:
        """Add a look at what a parent said; an open page that looks `again` is the same look.

        It is one of its own when something was `said_at` after the last one.
        """
        if again and await _goes_on(self._database, Look(who, about, now), said_at):
            return
        await self.add(who, LOOK, about, now)

    async def page(
        self, *, before: int | None = None, who: str = "", about: str = "", limit: int = 100
    ) -> list[Entry]:
        """Return lines, the newest first; those before an id, of a person, about a thing."""
        rows = await self._database.rows(
            _PAGE, before=before or 2**62, who=who, about=about, limit=limit
        )
        return [
            Entry(r["id"], instant(r["at"]), r["who"], r["what"], r["about"], r["detail"])
            for r in rows
        ]
