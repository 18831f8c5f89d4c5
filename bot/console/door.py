"""The door before every staff page: who comes in, as what, and whether a form is our own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.console.guard import PATH, SignedIn, came_from_here, field_text, signed_in
from bot.console.pages import page, problem
from bot.errors import StorageError
from bot.storage.sessions import Sessions

SIGN_IN = f"{PATH}/sign-in"
FOREIGN = "这个请求不是从本页面发出的，为安全起见没有执行。请从收件箱重新操作。"
STALE = "这个页面放得太久，没有执行。您写的内容还在，请核对后再发送一次。"
_SIGNED_OUT = "登录已过期，刚才的操作没有执行。"
_NOT_SAVED = "什么都没有保存。请先复制您写的内容，稍后再试。"
_ADMINS = "这一页只有管理员能用。需要时请找管理员。"
_log = logging.getLogger(__name__)

View = Callable[[Request, SignedIn], Awaitable[Response]]
FormView = Callable[[Request, SignedIn, FormData], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Door:
    """Lets the right people through to a view."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now

    async def who(self, request: Request) -> SignedIn | None:
        """Return who sends the request, or None."""
        return await signed_in(request, self._sessions, self._now())

    def page(self, view: View, *, admins_only: bool = False) -> Endpoint:
        """Return the view, which sends whoever is signed out to the sign-in page."""

        async def guarded(request: Request) -> Response:
            staff = await self.who(request)
            if staff is None:
                return RedirectResponse(SIGN_IN, 303)
            if admins_only and not staff.is_admin:
                return problem(403, "没有权限", _ADMINS, staff=staff)
            return await view(request, staff)

        return guarded

    def form(
        self, view: FormView, *, admins_only: bool = False, stale: FormView | None = None
    ) -> Endpoint:
        """Return the view of a form: only our own forms, rendered for this session, get there.

        What stands in the field `text` is never lost: every refusal shows it. `stale` answers a
        form of another session, instead of a page that says so.
        """

        async def guarded(request: Request) -> Response:
            if not came_from_here(request):
                return problem(403, "请求被拒绝", FOREIGN)
            async with request.form(max_files=0) as form:
                text = field_text(form, "text").strip()
                try:
                    staff = await self.who(request)
                    if staff is None:
                        return page("sign_in.html", 401, error=_SIGNED_OUT, kept=text)
                    if admins_only and not staff.is_admin:
                        return problem(403, "没有权限", _ADMINS, staff=staff, kept=text)
                    if staff.wrote(form):
                        return await view(request, staff, form)
                    if stale is not None:
                        return await stale(request, staff, form)
                    return problem(403, "没有执行", STALE, staff=staff, kept=text)
                except StorageError:
                    _log.exception("a form of staff was not saved")
                    return problem(503, "暂时保存不了", _NOT_SAVED, kept=text)

        return guarded
