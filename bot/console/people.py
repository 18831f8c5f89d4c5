"""One's own account, and for admins everybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from bot.console.door import Door
from bot.console.guard import PATH
from bot.console.places import ACCOUNTS
from bot.console.visit import Page, Visit, done
from bot.storage.accounts import AccountRefused, Accounts, Role
from bot.storage.sessions import BadPassword, Sessions, same_session

_ME = f"{PATH}/me"
_DONE = {
    "password": "密码已更改；其他地方的登录都已退出。",
    "revoke": "已退出那里的登录。",
    "add": "账号已添加。把下面的链接交给本人。",
    "link": "新的登录链接在下面。把它交给本人。",
    "disable": "账号已停用，登录和链接立刻失效。",
    "enable": "账号已恢复。",
    "role": "权限已更改。",
}
_MISTYPED = "两次写的密码不一样，没有更改。"
_WRONG = "现在的密码不对，没有更改。"
_UNKNOWN = "看不懂这个操作，什么都没有改。"


def people_routes(
    accounts: Accounts, sessions: Sessions, door: Door, now: Callable[[], datetime]
) -> Iterator[Route]:
    """Yield the addresses of the account pages, below /staff."""
    people = _People(accounts, sessions, now)
    yield from door.routes(None, Page("/me", people.me, people.change_me))
    yield from door.routes(ACCOUNTS, Page("/accounts/", people.all, people.change))


class _People:
    """The account pages."""

    def __init__(self, accounts: Accounts, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._accounts, self._sessions, self._now = accounts, sessions, now

    async def me(self, visit: Visit) -> Response:
        """Return one's own account: the password and where one is signed in."""
        found = await self._sessions.of_person(visit.staff.name, self._now())
        return visit.page(
            "me.html",
            sessions=[(each, same_session(each, visit.staff.secret)) for each in found],
            notice=visit.notice(_DONE),
            now=self._now(),
        )

    async def change_me(self, visit: Visit) -> Response:
        """Change one's password, or end a session elsewhere."""
        staff, now, do = visit.staff, self._now(), visit.typed("do")
        match do:
            case "password":
                password = visit.typed("password")
                if password != visit.typed("again"):
                    return await self.me(visit.refused(422, _MISTYPED))
                if staff.has_password and not await self._sessions.knows_password(
                    staff.name, visit.typed("present")
                ):
                    return await self.me(visit.refused(403, _WRONG))
                try:
                    await self._sessions.set_password(
                        staff.name, password, now, secret=staff.secret
                    )
                except BadPassword as error:
                    return await self.me(visit.refused(422, str(error)))
            case "revoke":
                await self._sessions.revoke(
                    staff.name,
                    now,
                    by=staff.name,
                    session_id=visit.typed("session"),
                    but=staff.secret,
                )
            case _:
                return await self.me(visit.refused(400, _UNKNOWN))
        return done(_ME, do)

    async def all(self, visit: Visit) -> Response:
        """Return everybody's accounts."""
        return await self._all(visit, visit.notice(_DONE))

    async def _all(self, visit: Visit, notice: str, link: str = "", link_for: str = "") -> Response:
        adding = visit.error and visit.typed("do") == "add"
        return visit.page(
            "accounts.html",
            accounts=await self._accounts.list(),
            Role=Role,
            notice=notice,
            link=link,
            link_for=link_for,
            typed=visit.typed("name") if adding else "",
        )

    async def change(self, visit: Visit) -> Response:
        """Add an account, make a link, change a role, disable, enable, end the sessions."""
        do, name, by = visit.typed("do"), visit.typed("name"), visit.staff.name
        role = Role.ADMIN if visit.typed("role") == Role.ADMIN else Role.STAFF
        try:
            match do:
                case "add" | "link":
                    if do == "add":
                        await self._accounts.add(name, role, by=by)
                    # Shown on this answer alone: no address, no log and no store holds it.
                    token = await self._accounts.create_link(name, self._now(), by=by)
                    page = visit.request.url.replace(path=f"{PATH}/sign-in", query="")
                    return await self._all(visit, _DONE[do], f"{page}#{token}", name)
                case "disable":
                    await self._accounts.disable(name, by=by)
                case "enable":
                    await self._accounts.enable(name, by=by)
                case "role":
                    await self._accounts.set_role(name, role, by=by)
                case "revoke":
                    await self._sessions.revoke(name, self._now(), by=by, but=visit.staff.secret)
                case _:
                    return await self.all(visit.refused(400, _UNKNOWN))
        except AccountRefused as error:
            return await self.all(visit.refused(409, str(error)))
        return done(ACCOUNTS.path, do)
