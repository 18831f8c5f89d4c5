"""The figures' page: charts, tables, and files for a spreadsheet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from starlette.responses import Response
from starlette.routing import Route

from bot.console.door import Door
from bot.console.places import FIGURES
from bot.console.recount import Count, Recount
from bot.console.visit import Page, Visit
from bot.engine import Desk
from bot.figures import counting, table
from bot.hours import calendar
from bot.learning.groups import Group
from bot.learning.queue import LearningQueue
from bot.storage import figures as stored
from bot.storage.audit import Audit

WEEKS = (4, 12, 52)
_TOP = 10
_BOM = "\ufeff"
"""Without it Excel takes the file for GBK."""


def figure_routes(
    desk: Desk, learning: LearningQueue, door: Door, now: Callable[[], datetime]
) -> Iterator[Route]:
    """Yield the addresses of the figures, below /staff."""
    views = _Figures(desk, learning, now)
    return door.routes(
        FIGURES,
        Page("/figures/", views.all),
        Page("/figures/weeks.csv", views.weeks),
        Page("/figures/misses.csv", views.misses),
    )


Counted = tuple[counting.Cells, list[int]]
"""The figures by week and topic; messages in each hour of the day."""


class _Figures:
    """The figures."""

    def __init__(self, desk: Desk, learning: LearningQueue, now: Callable[[], datetime]) -> None:
        self._desk, self._learning, self._now = desk, learning, now
        self._audit = Audit(desk.store.database)
        self._counts = {weeks: Recount(partial(self._count, weeks), now) for weeks in WEEKS}
        self._groups = Recount(self._grouped, now)

    async def all(self, visit: Visit) -> Response:
        """Return the figures of the last weeks."""
        weeks = _weeks(visit)
        count = await self._counted(weeks)
        cells, hours = count.value
        faq = self._desk.mind.faq
        titles, office = table.titles(faq), calendar(faq.hours)
        columns = table.columns(office).values()
        by_week = counting.by_week(cells)
        by_topic = counting.by_topic(cells, [t for t in titles if t])
        await self._audit.looked(visit.staff.name, "learning", self._now(), again=True)
        return visit.page(
            "figures/all.html",
            weeks=weeks,
            WEEKS=WEEKS,
            now=self._now(),
            counted_at=None if count.state == await self._state(weeks) else count.at,
            columns=columns,
            counted_by=table.counted_by(office),
            whole=list(zip(columns, table.cells(counting.whole(cells)), strict=True)),
            by_week=[(table.week_name(w), f, table.cells(f)) for w, f in by_week.items()],
            by_topic=[(titles[t], f, table.cells(f)) for t, f in by_topic.items()],
            hours=hours,
            groups=(await self._groups.get(await self._learning.state())).value[:_TOP],
            entries=faq.entries,
        )

    async def weeks(self, visit: Visit) -> Response:
        """Return a line a week and topic."""
        cells, _ = (await self._counted(_weeks(visit))).value
        faq = self._desk.mind.faq
        text = table.as_csv(cells, table.titles(faq), calendar(faq.hours))
        return _csv(text, "weeks.csv")

    async def misses(self, visit: Visit) -> Response:
        """Return the groups of what was not understood."""
        await self._audit.add(visit.staff.name, "look", "learning", self._now(), "misses.csv")
        entries = self._desk.mind.faq.entries
        groups = [
            (
                group.texts[0][0],
                len(group.signals),
                [entries[e].title for e, _ in group.votes()[:3] if e in entries],
            )
            for group in await self._learning.groups()
        ]
        return _csv(table.misses_csv(groups), "misses.csv")

    async def _counted(self, weeks: int) -> Count[Counted]:
        return await self._counts[weeks].get(await self._state(weeks))

    async def _state(self, weeks: int) -> object:
        """Return a mark that changes with the figures of so many weeks."""
        since, _ = counting.span(self._now(), weeks)
        office = calendar(self._desk.mind.faq.hours)
        return since, office, await stored.state(self._desk.store.database)

    async def _count(self, weeks: int) -> tuple[Counted, int]:
        """Return the figures with the busy hours, and from how many inquiries they come."""
        since, until = counting.span(self._now(), weeks)
        database, office = self._desk.store.database, calendar(self._desk.mind.faq.hours)
        turns = await stored.turns(database, since, until)
        inquiries = await stored.inquiries(database, since, until)
        cells = await asyncio.to_thread(counting.counted, turns, inquiries, office)
        return (cells, counting.busy_hours(turns)), len(inquiries)

    async def _grouped(self) -> tuple[list[Group], int]:
        """Return the groups of misses, and how many messages they come from."""
        groups = await self._learning.groups()
        return groups, sum(len(group.signals) for group in groups)


def _weeks(visit: Visit) -> int:
    asked = visit.asked("weeks")
    return next((weeks for weeks in WEEKS if str(weeks) == asked), WEEKS[1])


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_BOM + text, media_type="text/csv; charset=utf-8", headers=headers)
