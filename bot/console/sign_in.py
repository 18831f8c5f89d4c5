"""Coming in with a one-time link, and going out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.console.guard import (
    COOKIE,
    PATH,
    came_from_here,
    drop_session,
    field_text,
    keep_session,
    signed_in,
)
from bot.console.pages import page, problem
from bot.console.ports import Accounts

SIGN_IN = f"{PATH}/sign-in"
FOREIGN = "这个请求不是从本页面发出的，为安全起见没有执行。请从收件箱重新操作。"

_NOTICES = {"out": "您已退出登录。"}
_BAD_LINK = "这个登录链接已经用过、过期或不完整。每个链接只能用一次。"


class SignIn:
    """The views in front of the door.

    The printed link carries its token behind `#`, which browsers never send: the page's script
    moves it into the form, so that no address and no log holds it.
    """

    def __init__(self, accounts: Accounts, now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._now = now

    async def show(self, request: Request) -> Response:
        """Return the form for the link's token."""
        notice = _NOTICES.get(request.query_params.get("notice", ""))
        return page("sign_in.html", notice=notice, error=None, kept="")

    async def enter(self, request: Request) -> Response:
        """Change a one-time token, or the whole pasted link, for a session."""
        if not came_from_here(request):
            return problem(403, "请求被拒绝", FOREIGN)
        async with request.form() as form:
            token = field_text(form, "token").strip().rpartition("#")[2]
        secret = await self._accounts.use_link(token, self._now()) if token else None
        if secret is None:
            return page("sign_in.html", 403, error=_BAD_LINK, kept="")
        if former := request.cookies.get(COOKIE):
            await self._accounts.end_session(former)
        response = RedirectResponse(f"{PATH}/", 303)
        keep_session(response, request, secret)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session."""
        staff = await signed_in(request, self._accounts, self._now())
        if staff is not None:
            async with request.form() as form:
                if not came_from_here(request) or not staff.wrote(form):
                    return problem(403, "请求被拒绝", FOREIGN, staff=staff)
            await self._accounts.end_session(staff.secret)
        response = RedirectResponse(f"{SIGN_IN}?notice=out", 303)
        drop_session(response)
        return response
