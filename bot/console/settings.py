"""What admins switch for everybody, and the audit of who did what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.console.door import Door
from bot.console.guard import PATH, SignedIn, field_text
from bot.console.pages import page
from bot.engine import Desk
from bot.storage.audit import Audit

LONGEST_NOTICE = 300
_SETTINGS = f"{PATH}/settings/"
_DONE = {
    "notice": "通知已挂出，每条答复前都会先说。",
    "no_notice": "通知已撤下。",
    "off": "机器人已停用，家长的话都转给工作人员。",
    "on": "机器人已恢复答复。",
}
_TOO_LONG = f"通知超过 {LONGEST_NOTICE} 字，请删短一些。"
_PAGE = 100


def settings_routes(desk: Desk, door: Door, now: Callable[[], datetime]) -> list[BaseRoute]:
    """Return the addresses of the settings and the audit, below /staff."""
    views = _Settings(desk, now)
    return [
        Route("/settings/", door.page(views.settings, admins_only=True)),
        Route("/settings/", door.form(views.change, admins_only=True), methods=["POST"]),
        Route("/audit/", door.page(views.audit, admins_only=True)),
    ]


class _Settings:
    """The pages that admins alone see."""

    def __init__(self, desk: Desk, now: Callable[[], datetime]) -> None:
        self._desk, self._now = desk, now
        self._audit = Audit(desk.store.database)

    async def settings(self, request: Request, staff: SignedIn) -> Response:
        """Return the switches as they stand."""
        return await self._settings(staff, notice=_DONE.get(request.query_params.get("done", "")))

    async def _settings(
        self,
        staff: SignedIn,
        *,
        status: int = 200,
        notice: str | None = None,
        error: str = "",
        kept: str | None = None,
    ) -> Response:
        switches = await self._desk.store.casework.switches()
        return page(
            "settings.html",
            status,
            staff=staff,
            place="settings",
            switches=switches,
            written=switches.notice if kept is None else kept,
            longest=LONGEST_NOTICE,
            notice=notice,
            error=error,
        )

    async def change(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Put the notice up or take it down, switch the bot off or on."""
        match field_text(form, "do"):
            case "notice":
                text = field_text(form, "text").strip()
                if len(text) > LONGEST_NOTICE:
                    return await self._settings(staff, status=422, error=_TOO_LONG, kept=text)
                await self._desk.switch(staff.name, "notice", text)
                done = "notice" if text else "no_notice"
            case "no_notice":
                await self._desk.switch(staff.name, "notice", "")
                done = "no_notice"
            case "off":
                await self._desk.switch(staff.name, "bot_off", "off")
                done = "off"
            case _:
                await self._desk.switch(staff.name, "bot_off", "")
                done = "on"
        return RedirectResponse(f"{_SETTINGS}?done={done}", 303)

    async def audit(self, request: Request, staff: SignedIn) -> Response:
        """Return who did what, the newest first, a page at a time."""
        asked = request.query_params
        before = asked.get("before", "")
        who, about = asked.get("who", "").strip(), asked.get("about", "").strip()
        entries = await self._audit.page(
            before=int(before) if before.isascii() and before.isdecimal() else None,
            who=who,
            about=about,
            limit=_PAGE,
        )
        return page(
            "audit.html",
            staff=staff,
            place="audit",
            entries=entries,
            who=who,
            about=about,
            before=before,
            older=entries[-1].id if len(entries) == _PAGE else None,
            now=self._now(),
        )
