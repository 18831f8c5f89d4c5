"""Looking at the FAQ: the list of entries, one entry, a question tried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, time

from starlette.responses import Response

from bot.console.faq import glance
from bot.console.faq.glance import MARK, Mark
from bot.console.faq.pages import PUBLISHED, FaqPages
from bot.console.visit import Visit
from bot.engine import Desk
from bot.errors import BotError
from bot.faq.lint import unset
from bot.faq.value import Faq
from bot.matching.explain import why
from bot.model import CHONGQING, Message

NO_ENTRY = (
    *(404, "没有这一条"),
    "编号可能输错了，或者 FAQ 文件里有错，读不出来；请回到“常见问题”看看。",
)
LONGEST_QUESTION = 1000
_NOON = time(12, tzinfo=CHONGQING)
_MARKS = {mark.value: mark for mark in Mark}


class Browsing:
    """The pages that only show."""

    def __init__(self, desk: Desk, pages: FaqPages, now: Callable[[], datetime]) -> None:
        self._desk, self._pages, self._now = desk, pages, now

    async def all(self, visit: Visit) -> Response:
        """Return the entries: all, those that want looking at, or those that hold some words."""
        faq, problems = await self._pages.written()
        if faq is None:
            return visit.page("faq/broken.html", problems=problems)
        confused = self._confused(faq)
        listed = glance.rows(faq, self._today(), confused or {})
        mark, topic, words = _MARKS.get(visit.asked("mark")), visit.asked("topic"), visit.asked("q")
        found = [
            row
            for row in glance.matching(listed, words)
            if (mark is None or mark in row.marks) and (not topic or row.entry.topic == topic)
        ]
        alike = await self._alike(words) if words else []
        shown = {row.entry.id for row in found}
        return visit.page(
            "faq/all.html",
            rows=found,
            alike=[row for row in listed if row.entry.id in alike and row.entry.id not in shown],
            counts={mark: sum(mark in row.marks for row in listed) for mark in Mark},
            total=len(listed),
            mark=mark,
            topic=topic,
            q=words,
            topics=faq.topics,
            Mark=Mark,
            MARK=MARK,
            counting=confused is None,
            unset=unset(faq),
            problems=[p for p in problems if p.level == "error"],
        )

    async def entry(self, visit: Visit) -> Response:
        """Return one entry as parents see it, with what is known about it."""
        known = await self._pages.entry(visit.part("id"))
        if known is None:
            return visit.problem(*NO_ENTRY)
        faq, entry = known
        confused = self._confused(faq) or {}
        [row] = [r for r in glance.rows(faq, self._today(), confused) if r.entry.id == entry.id]
        return visit.page(
            "faq/entry.html",
            entry=entry,
            marks=sorted(row.marks),
            MARK=MARK,
            previews=self._pages.previewed(faq, entry, self._today()),
            tests=[line for line in faq.exam if entry.id in line.right],
            confused=confused.get(entry.id, ()),
            titles={e.id: e.title for e in [*faq.entries.values(), *faq.drafts.values()]},
            missing=[faq.local[n].label for n in entry.placeholders if not faq.local[n].value],
            notice=visit.notice(PUBLISHED),
        )

    async def try_out(self, visit: Visit) -> Response:
        """Return what a stranger would hear to a question, and why."""
        words = visit.asked("q")[:LONGEST_QUESTION]
        day = _day(visit.asked("on")) or self._today()
        turn, reasons = None, []
        if words:
            message = Message("memory", "staff", "try", words, datetime.combine(day, _NOON))
            turn = await asyncio.to_thread(self._desk.preview, message)
            reasons = await asyncio.to_thread(why, self._desk.mind, turn.message.text)
        return visit.page(
            "faq/try.html",
            q=words,
            on=day.isoformat(),
            turn=turn,
            why=reasons,
            entries=self._desk.mind.faq.entries,
        )

    def _confused(self, faq: Faq) -> glance.Confusions | None:
        examined = self._pages.workshop.examined(faq.version)
        return None if examined is None else glance.confusions(examined)

    async def _alike(self, words: str) -> list[str]:
        try:
            reading = await asyncio.to_thread(self._desk.mind.read, words)
        except BotError:
            return []
        return [candidate.entry for candidate in reading.candidates]

    def _today(self) -> date:
        return self._now().astimezone(CHONGQING).date()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
