"""What admins switch for everybody, and the audit of who did what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from bot.console.door import Door
from bot.console.places import AUDIT, SETTINGS
from bot.console.visit import Page, Visit, done
from bot.engine import Desk
from bot.storage.audit import Audit

LONGEST_NOTICE = 300
_DONE = {
    "notice": "通知已挂出：网页顶上一直看得到，每条答复前都会先说。",
    "no_notice": "通知已撤下。",
    "off": "机器人已停用，家长的话都转给工作人员。",
    "on": "机器人已恢复答复。",
}
_TOO_LONG = f"通知超过 {LONGEST_NOTICE} 字，请删短一些。"
_PAGE = 100


def settings_routes(desk: Desk, door: Door, now: Callable[[], datetime]) -> Iterator[Route]:
    """Yield the addresses of the settings and the audit, below /staff."""
    views = _Settings(desk, now)
    yield from door.routes(SETTINGS, Page("/settings/", views.settings, views.change))
    yield from door.routes(AUDIT, Page("/audit/", views.audit))


class _Settings:
    """The pages that admins alone see."""

    def __init__(self, desk: Desk, now: Callable[[], datetime]) -> None:
        self._desk, self._now = desk, now
        self._audit = Audit(desk.store.database)

    async def settings(self, visit: Visit) -> Response:
        """Return the switches as they stand."""
        switches = await self._desk.store.casework.switches()
        return visit.page(
            "settings.html",
            switches=switches,
            written=visit.typed("text").strip() if visit.error else switches.notice,
            longest=LONGEST_NOTICE,
            notice=visit.notice(_DONE),
        )

    async def change(self, visit: Visit) -> Response:
        """Put the notice up or take it down, switch the bot off or on."""
        text, who = visit.typed("text").strip(), visit.staff.name
        match visit.typed("do"):
            case "notice":
                if len(text) > LONGEST_NOTICE:
                    return await self.settings(visit.refused(422, _TOO_LONG))
                await self._desk.switch(who, "notice", text)
                what = "notice" if text else "no_notice"
            case "no_notice":
                await self._desk.switch(who, "notice", "")
                what = "no_notice"
            case "off":
                await self._desk.switch(who, "bot_off", "off")
                what = "off"
            case _:
                await self._desk.switch(who, "bot_off", "")
                what = "on"
        return done(SETTINGS.path, what)

    async def audit(self, visit: Visit) -> Response:
        """Return who did what, the newest first, a page at a time."""
        before, who, about = visit.asked("before"), visit.asked("who"), visit.asked("about")
        entries = await self._audit.page(
            before=int(before) if before.isascii() and before.isdecimal() else None,
            who=who,
            about=about,
            limit=_PAGE,
        )
        return visit.page(
            "audit.html",
            entries=entries,
            who=who,
            about=about,
            before=before,
            older=entries[-1].id if len(entries) == _PAGE else None,
            now=self._now(),
        )
