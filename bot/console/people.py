"""One's own account, and for admins everybody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.console.door import Door
from bot.console.guard import PATH, SignedIn, field_text
from bot.console.pages import page
from bot.storage.accounts import AccountRefused, Accounts, Role
from bot.storage.sessions import BadPassword, Sessions, same_session

LINK_VALID = timedelta(days=1)
_ME, _ALL = f"{PATH}/me", f"{PATH}/accounts/"
_DONE = {
    "password": "密码已更改；其他地方的登录都已退出。",
    "revoked": "已退出那里的登录。",
    "added": "账号已添加。把下面的链接交给本人。",
    "link": "新的登录链接在下面。把它交给本人。",
    "disabled": "账号已停用，登录和链接立刻失效。",
    "enabled": "账号已恢复。",
    "role": "权限已更改。",
}
_MISTYPED = "两次写的密码不一样，没有更改。"
_WRONG = "现在的密码不对，没有更改。"
_UNKNOWN = "看不懂这个操作，什么都没有改。"


def people_routes(
    accounts: Accounts, sessions: Sessions, door: Door, now: Callable[[], datetime]
) -> list[BaseRoute]:
    """Return the addresses of the account pages, below /staff."""
    people = _People(accounts, sessions, now)
    return [
        Route("/me", door.page(people.me)),
        Route("/me", door.form(people.change_me), methods=["POST"]),
        Route("/accounts/", door.page(people.all, admins_only=True)),
        Route("/accounts/", door.form(people.change, admins_only=True), methods=["POST"]),
    ]


class _People:
    """The account pages."""

    def __init__(self, accounts: Accounts, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._accounts, self._sessions, self._now = accounts, sessions, now

    async def me(self, request: Request, staff: SignedIn) -> Response:
        """Return one's own account: the password and where one is signed in."""
        return await self._me(staff, notice=_DONE.get(request.query_params.get("done", "")))

    async def _me(
        self, staff: SignedIn, *, status: int = 200, notice: str | None = None, error: str = ""
    ) -> Response:
        found = await self._sessions.of_person(staff.name, self._now())
        return page(
            "me.html",
            status,
            staff=staff,
            sessions=[(each, same_session(each, staff.secret)) for each in found],
            notice=notice,
            error=error,
            now=self._now(),
        )

    async def change_me(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Change one's password, or end a session elsewhere."""
        now = self._now()
        match field_text(form, "do"):
            case "password":
                password = field_text(form, "password")
                if password != field_text(form, "again"):
                    return await self._me(staff, status=422, error=_MISTYPED)
                if staff.has_password and not await self._sessions.knows_password(
                    staff.name, field_text(form, "present")
                ):
                    return await self._me(staff, status=403, error=_WRONG)
                try:
                    await self._sessions.set_password(
                        staff.name, password, now, secret=staff.secret
                    )
                except BadPassword as error:
                    return await self._me(staff, status=422, error=str(error))
                return RedirectResponse(f"{_ME}?done=password", 303)
            case "revoke":
                await self._sessions.revoke(
                    staff.name,
                    now,
                    by=staff.name,
                    session_id=field_text(form, "session"),
                    but=staff.secret,
                )
                return RedirectResponse(f"{_ME}?done=revoked", 303)
            case _:
                return await self._me(staff, status=400, error=_UNKNOWN)

    async def all(self, request: Request, staff: SignedIn) -> Response:
        """Return everybody's accounts."""
        return await self._all(staff, notice=_DONE.get(request.query_params.get("done", "")))

    async def _all(
        self,
        staff: SignedIn,
        *,
        status: int = 200,
        notice: str | None = None,
        error: str = "",
        link: str = "",
        link_for: str = "",
        typed: str = "",
    ) -> Response:
        return page(
            "accounts.html",
            status,
            staff=staff,
            place="accounts",
            accounts=await self._accounts.list(),
            Role=Role,
            notice=notice,
            error=error,
            link=link,
            link_for=link_for,
            typed=typed,
        )

    async def change(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Add an account, make a link, change a role, disable, enable, end the sessions."""
        do, name = field_text(form, "do"), field_text(form, "name")
        try:
            match do:
                case "add" | "link":
                    if do == "add":
                        await self._accounts.add(name, _role(form), by=staff.name)
                    # Shown on this answer alone: no address, no log and no store holds it.
                    token = await self._accounts.create_link(
                        name, self._now(), LINK_VALID, by=staff.name
                    )
                    link = f"{request.url.replace(path=f'{PATH}/sign-in', query='')}#{token}"
                    said = _DONE["added" if do == "add" else "link"]
                    return await self._all(staff, notice=said, link=link, link_for=name)
                case "disable":
                    await self._accounts.disable(name, by=staff.name)
                case "enable":
                    await self._accounts.enable(name, by=staff.name)
                case "role":
                    await self._accounts.set_role(name, _role(form), by=staff.name)
                case "revoke":
                    await self._sessions.revoke(name, self._now(), by=staff.name, but=staff.secret)
                case _:
                    return await self._all(staff, status=400, error=_UNKNOWN)
        except AccountRefused as error:
            return await self._all(
                staff, status=409, error=str(error), typed=name if do == "add" else ""
            )
        done = {"disable": "disabled", "enable": "enabled", "revoke": "revoked"}.get(do, do)
        return RedirectResponse(f"{_ALL}?done={done}", 303)


def _role(form: FormData) -> Role:
    return Role.ADMIN if field_text(form, "role") == Role.ADMIN else Role.STAFF
