"""Coming in with a one-time link or a password, and going out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.console.door import FOREIGN, SIGN_IN
from bot.console.guard import (
    COOKIE,
    PATH,
    drop_session,
    field_text,
    keep_session,
    signed_in,
)
from bot.console.pages import page, problem
from bot.doors import same_origin
from bot.storage.sessions import Sessions, TooManyTries

_NOTICES = {"out": "您已退出登录。"}
_BAD_LINK = "这个登录链接已经用过、过期或不完整。每个链接只能用一次。"
_BAD_PASSWORD = "称呼或密码不对。请再试一次，或请管理员给一个新的登录链接。"  # noqa: S105


class SignIn:
    """The views in front of the door.

    The printed link carries its token behind `#`, which browsers never send: the page's script
    moves it into the form, so that no address and no log holds it.
    """

    def __init__(self, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now

    async def show(self, request: Request) -> Response:
        """Return the forms for name and password, and for the link's token."""
        notice = _NOTICES.get(request.query_params.get("notice", ""))
        return page("sign_in.html", notice=notice)

    async def enter(self, request: Request) -> Response:
        """Change name and password, a one-time token or the whole pasted link for a session."""
        if not same_origin(request):
            return problem(403, "请求被拒绝", FOREIGN)
        async with request.form(max_files=0) as form:
            token = field_text(form, "token").strip().rpartition("#")[2]
            name, password = field_text(form, "name").strip(), field_text(form, "password")
        browser = request.headers.get("user-agent", "")
        if name or password:
            try:
                secret = await self._sessions.sign_in(
                    name,
                    password,
                    self._now(),
                    address=request.client.host if request.client else "",
                    browser=browser,
                )
            except TooManyTries as error:
                return page("sign_in.html", 429, error=str(error), name=name)
            if secret is None:
                return page("sign_in.html", 403, error=_BAD_PASSWORD, name=name)
        else:
            found = await self._sessions.use_link(token, self._now(), browser) if token else None
            if found is None:
                return page("sign_in.html", 403, error=_BAD_LINK, link_failed=True)
            secret = found
        if former := request.cookies.get(COOKIE):
            await self._sessions.end(former)
        response = RedirectResponse(f"{PATH}/", 303)
        keep_session(response, request, secret)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session."""
        staff = await signed_in(request, self._sessions, self._now())
        if staff is not None:
            async with request.form() as form:
                if not same_origin(request) or not staff.wrote(form):
                    return problem(403, "请求被拒绝", FOREIGN, staff=staff)
            await self._sessions.end(staff.secret)
        response = RedirectResponse(f"{SIGN_IN}?notice=out", 303)
        drop_session(response)
        return response
