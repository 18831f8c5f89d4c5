"""The form of the office's hours: when people are there, holidays, time limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.responses import Response

from bot import words
from bot.console.faq import hours_form
from bot.console.faq.pages import FaqPages, refused
from bot.console.visit import Visit
from bot.editing.change import LABELS, Change
from bot.editing.folder import MovedOn, Refused
from bot.faq.schema import WEEKDAYS

_PUBLISHED = {"published": "已发布，几秒后生效。"}
_UNCHANGED = "没有任何改动。"


class Hours:
    """The form, filled in and sent; a sound change gets a page of its own."""

    def __init__(self, pages: FaqPages, now: Callable[[], datetime]) -> None:
        self._pages, self._now = pages, now

    async def show(self, visit: Visit) -> Response:
        """Return the hours as they are written."""
        state = await self._pages.state(hours_form.FILE)
        faq, problems = await self._pages.written()
        if faq is None:
            return visit.page("faq/broken.html", problems=problems)
        return self._form(visit, hours_form.shown(faq.hours), state, words.duty(faq, self._now()))

    async def propose(self, visit: Visit) -> Response:
        """Check what was typed and show what it would change."""
        faq, problems = await self._pages.written()
        if faq is None:
            return visit.page("faq/broken.html", problems=problems)
        typed, state = hours_form.typed(visit.form), visit.typed("state")
        said = words.duty(faq, self._now())
        edits = hours_form.edits(typed, faq.hours)
        if not edits:
            return self._form(visit.refused(422, _UNCHANGED), typed, state, said)
        try:
            return await self._pages.propose(visit, Change(edits), state)
        except Refused as error:
            if isinstance(error, MovedOn):
                state = await self._pages.state(hours_form.FILE)
            return self._form(refused(visit, error), typed, state, said)

    def _form(self, visit: Visit, typed: Mapping[str, str], state: str, said: str) -> Response:
        return visit.page(
            "faq/hours.html",
            typed=typed,
            state=state,
            said=said,
            WEEKDAYS=WEEKDAYS,
            LISTS=hours_form.LISTS,
            NUMBERS=hours_form.NUMBERS,
            LABELS=LABELS,
            HELP=hours_form.HELP,
            notice=visit.notice(_PUBLISHED),
        )
