"""The door before every staff page: who comes in, as what, and whether a form is our own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.guard import PATH, SignedIn, field_text, signed_in
from bot.console.pages import page, problem
from bot.console.places import Place
from bot.console.visit import Page, View, Visit
from bot.doors import same_origin
from bot.errors import StorageError
from bot.storage.sessions import Sessions

SIGN_IN = f"{PATH}/sign-in"
FOREIGN = "这个请求不是从本页面发出的，为安全起见没有执行。请从收件箱重新操作。"
STALE = "这个页面放得太久，没有执行。您写的内容还在，请核对后再发送一次。"
_SIGNED_OUT = "登录已过期，刚才的操作没有执行。"
_NOT_SAVED = "什么都没有保存。请先复制您写的内容，稍后再试。"
_ADMINS = "这一页只有管理员能用。需要时请找管理员。"
_log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


class Door:
    """Lets the right people through to a view."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now

    async def who(self, request: Request) -> SignedIn | None:
        """Return who sends the request, or None."""
        return await signed_in(request, self._sessions, self._now())

    def routes(self, place: Place | None, *pages: Page) -> Iterator[Route]:
        """Yield the pages of a place as routes, open to whoever the place is open to."""
        for each in pages:
            if each.show:
                yield Route(each.path, self._shown(each.show, place))
            if each.act:
                yield Route(each.path, self._acted(each.act, each.stale, place), methods=["POST"])

    def _shown(self, view: View, place: Place | None) -> Endpoint:
        """Return the view, which sends whoever is signed out to the sign-in page."""

        async def guarded(request: Request) -> Response:
            staff = await self.who(request)
            if staff is None:
                return RedirectResponse(SIGN_IN, 303)
            visit = Visit(request, staff, place)
            return await view(visit) if _may(staff, place) else visit.problem(*_FORBIDDEN)

        return guarded

    def _acted(self, view: View, stale: View | None, place: Place | None) -> Endpoint:
        """Return the view of a form: only our own forms, rendered for this session, get there.

        What stands in the field `text` is never lost: every refusal shows it.
        """

        async def guarded(request: Request) -> Response:
            if not same_origin(request):
                return problem(403, "请求被拒绝", FOREIGN)
            async with request.form(max_files=0) as form:
                text = field_text(form, "text").strip()
                try:
                    staff = await self.who(request)
                    if staff is None:
                        return page("sign_in.html", 401, error=_SIGNED_OUT, kept=text)
                    visit = Visit(request, staff, place, form)
                    if not _may(staff, place):
                        return visit.problem(*_FORBIDDEN)
                    if staff.wrote(form):
                        return await view(visit)
                    if stale is not None:
                        return await stale(visit.refused(403, STALE))
                    return visit.problem(403, "没有执行", STALE)
                except StorageError:
                    _log.exception("a form of staff was not saved")
                    return problem(503, "暂时保存不了", _NOT_SAVED, kept=text)

        return guarded


_FORBIDDEN = (403, "没有权限", _ADMINS)


def _may(staff: SignedIn, place: Place | None) -> bool:
    return staff.is_admin or place is None or not place.admins_only
