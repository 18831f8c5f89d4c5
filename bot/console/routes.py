"""The staff pages' addresses, and the views of the queue and of one inquiry."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.console import words
from bot.console.guard import (
    PATH,
    SignedIn,
    StaffHeaders,
    came_from_here,
    field_text,
    signed_in,
)
from bot.console.inbox import Show, allowed, is_waiting, select
from bot.console.live import EventStream, inbox_events
from bot.console.once import Once
from bot.console.pages import STATIC, page, problem
from bot.console.ports import Accounts, Desk
from bot.console.sign_in import FOREIGN, SIGN_IN, SignIn
from bot.errors import StorageError
from bot.model import Act, Inquiry

LONGEST_TEXT = 2000
_LOG = logging.getLogger(__name__)
_LARGEST_FORM = 256 * 1024

_EMPTY_TEXT = "还没有写内容。请先写下要发给家长的话，再发送。"
_TOO_LONG = f"内容超过 {LONGEST_TEXT} 字，请删短一些或分几次发送。"
_STALE_FORM = "这个页面放得太久，没有执行。您写的内容还在，请核对后再发送一次。"
_SIGNED_OUT = "登录已过期，刚才的操作没有执行。"
_NOT_SAVED = "什么都没有发出。请先复制您写的内容，稍后再试。"

_SHOWS = {show.value: show for show in Show}
_ACTS = {act.value: act for act in Act}

_View = Callable[[Request, SignedIn], Awaitable[Response]]


def console_routes(
    desk: Desk,
    accounts: Accounts,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    stopping: asyncio.Event | None = None,
) -> list[BaseRoute]:
    """Return everything under /staff; `stopping`, once set, ends the open event streams."""
    console = _Console(desk, accounts, now, stopping or asyncio.Event())
    door = SignIn(accounts, now)

    async def to_queue(request: Request) -> Response:
        return RedirectResponse(f"{PATH}/", 308)

    return [
        Route(PATH, to_queue),
        Mount(
            PATH,
            routes=[
                Route("/", console.only_staff(console.queue)),
                Route("/inquiries/{number}", console.only_staff(console.inquiry)),
                Route("/inquiries/{number}", console.act, methods=["POST"]),
                Route("/events", console.events),
                Route("/sign-in", door.show),
                Route("/sign-in", door.enter, methods=["POST"]),
                Route("/sign-out", door.leave, methods=["POST"]),
                Mount("/static", StaticFiles(directory=STATIC)),
                Route("/{path:path}", console.only_staff(console.nothing_here)),
            ],
            middleware=[
                Middleware(StaffHeaders),
                Middleware(RequestBodyLimitMiddleware, max_body_size=_LARGEST_FORM),
            ],
        ),
    ]


class _Console:
    """The views behind the door."""

    def __init__(
        self,
        desk: Desk,
        accounts: Accounts,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
    ) -> None:
        self._desk = desk
        self._accounts = accounts
        self._now = now
        self._stopping = stopping
        self._once = Once()

    def only_staff(self, view: _View) -> Callable[[Request], Awaitable[Response]]:
        """Return the view, which sends whoever is signed out to the sign-in page."""

        async def guarded(request: Request) -> Response:
            staff = await signed_in(request, self._accounts, self._now())
            return await view(request, staff) if staff else RedirectResponse(SIGN_IN, 303)

        return guarded

    async def queue(self, request: Request, staff: SignedIn) -> Response:
        """Return one list of the inbox."""
        show = _SHOWS.get(request.query_params.get("show", ""), Show.WAITING)
        items = await self._desk.queue(Show.ALL)
        lists = {each: select(items, each, staff.name) for each in Show}
        return page(
            "queue.html",
            staff=staff,
            show=show,
            lists=lists,
            urgent=sum(is_waiting(i.inquiry) and i.inquiry.urgent for i in items),
            entry_title=self._desk.entry_title,
            now=self._now(),
        )

    async def inquiry(self, request: Request, staff: SignedIn) -> Response:
        """Return one inquiry with its conversation and what may be done to it."""
        inquiry = await self._find(request)
        if inquiry is None:
            return self._unknown(staff)
        done = _ACTS.get(request.query_params.get("done", ""))
        return await self._inquiry_page(
            inquiry, staff, notice=None if done is None else words.DONE[done]
        )

    async def act(self, request: Request) -> Response:
        """Do what the form asks, then redirect; refused, show why and keep what was typed."""
        if not came_from_here(request):
            return problem(403, "请求被拒绝", FOREIGN)
        async with request.form(max_files=0) as form:
            text = field_text(form, "text").strip()
            try:
                return await self._act(request, form, text)
            except StorageError:
                _LOG.exception("staff act not saved")
                return problem(503, "暂时保存不了", _NOT_SAVED, kept=text)

    async def _act(self, request: Request, form: FormData, text: str) -> Response:
        staff = await signed_in(request, self._accounts, self._now())
        if staff is None:
            return page("sign_in.html", 401, error=_SIGNED_OUT, kept=text)
        inquiry = await self._find(request)
        if inquiry is None:
            return self._unknown(staff, kept=text)
        act = _ACTS.get(field_text(form, "act"))
        if act is None:
            return problem(400, "看不懂这个操作", "请回到咨询页面再试。", staff=staff, kept=text)
        number, name = inquiry.number, staff.name

        async def refuse(status: int, error: str) -> Response:
            now_standing = await self._desk.inquiry(number) or inquiry
            return await self._inquiry_page(
                now_standing, staff, status=status, error=error, kept=text, tried=act
            )

        if not staff.wrote(form):
            return await refuse(403, _STALE_FORM)
        if not text and act in {Act.REPLY, Act.ASK_PARENT}:
            return await refuse(422, _EMPTY_TEXT)
        if len(text) > LONGEST_TEXT:
            return await refuse(422, _TOO_LONG)
        nonce = field_text(form, "nonce") or secrets.token_urlsafe()
        result = await self._once.do(
            lambda: self._desk.act(name, number, act, text), nonce, name, number, act, text
        )
        if result.error is not None:
            return await refuse(409, result.error)
        return RedirectResponse(f"{PATH}/inquiries/{number}?done={act}", 303)

    async def events(self, request: Request) -> Response:
        """Return the stream that tells open pages to look again."""

        async def still_signed_in() -> bool:
            return await signed_in(request, self._accounts, self._now()) is not None

        if not await still_signed_in():
            return Response(status_code=401)
        return EventStream(inbox_events(self._desk, still_signed_in, stopping=self._stopping))

    async def nothing_here(self, request: Request, staff: SignedIn) -> Response:
        """Return the page for an address that does not exist."""
        return problem(404, "没有这个页面", "地址可能输错了。", staff=staff)

    async def _find(self, request: Request) -> Inquiry | None:
        number: str = request.path_params["number"]
        if not (number.isascii() and number.isdecimal()):
            return None
        return await self._desk.inquiry(number)

    def _unknown(self, staff: SignedIn, kept: str = "") -> Response:
        text = "编号可能输错了，或者家长已删除自己的数据。"
        return problem(404, "没有这件咨询", text, staff=staff, kept=kept)

    async def _inquiry_page(
        self,
        inquiry: Inquiry,
        staff: SignedIn,
        *,
        status: int = 200,
        notice: str | None = None,
        error: str | None = None,
        kept: str = "",
        tried: Act | None = None,
    ) -> Response:
        return page(
            "inquiry.html",
            status,
            staff=staff,
            inquiry=inquiry,
            transcript=await self._desk.transcript(inquiry.number),
            moves=await self._desk.moves(inquiry.number),
            entry_title=self._desk.entry_title(inquiry.entry),
            allowed=allowed(inquiry, staff.name),
            notice=notice,
            error=error,
            kept=kept,
            tried=tried,
            nonce=secrets.token_urlsafe(12),
            longest=LONGEST_TEXT,
            now=self._now(),
        )
