"""The views of the queue and of one inquiry, with what may be done to it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.console import canned, words
from bot.console.door import STALE, Door
from bot.console.guard import PATH, SignedIn, field_text
from bot.console.inbox import Narrow, Show, allowed, select
from bot.console.live import EventStream, inbox_events
from bot.console.once import Once
from bot.console.pages import page, problem
from bot.console.story import story
from bot.engine import CHONGQING, Desk
from bot.hours import calendar
from bot.model import Act, Inquiry
from bot.news import is_to_be_taken
from bot.storage.accounts import Accounts
from bot.storage.audit import Audit
from bot.storage.records import HistoryItem, Understood
from bot.targets import owed

LONGEST_TEXT = 2000

_EMPTY_TEXT = "还没有写内容。请先写下要发给家长的话，再发送。"
_TOO_LONG = f"内容超过 {LONGEST_TEXT} 字，请删短一些或分几次发送。"

_LONG_NOTE = f"备注超过 {LONGEST_TEXT} 字，请删短一些。"
_NO_COLLEAGUE = "请选要转给哪位同事。"

_SHOWS = {show.value: show for show in Show}
_ACTS = {act.value: act for act in Act}


def inquiry_routes(
    desk: Desk,
    accounts: Accounts,
    door: Door,
    now: Callable[[], datetime],
    stopping: asyncio.Event,
) -> list[BaseRoute]:
    """Return the addresses of the inbox, below /staff."""
    views = _Inquiries(desk, accounts, door, now, stopping)
    return [
        Route("/", door.page(views.queue)),
        Route("/inquiries/{number}", door.page(views.inquiry)),
        Route("/inquiries/{number}", door.form(views.act, stale=views.stale), methods=["POST"]),
        Route(
            "/inquiries/{number}/notes", door.form(views.note, stale=views.stale), methods=["POST"]
        ),
        Route("/events", views.events),
    ]


class _Inquiries:
    """The inbox."""

    def __init__(
        self,
        desk: Desk,
        accounts: Accounts,
        door: Door,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
    ) -> None:
        self._desk = desk
        self._accounts = accounts
        self._door = door
        self._now = now
        self._stopping = stopping
        self._once = Once()
        self._audit = Audit(desk.store.database)

    async def queue(self, request: Request, staff: SignedIn) -> Response:
        """Return one list of the inbox."""
        asked, now = request.query_params, self._now()
        show = _SHOWS.get(asked.get("show", ""), Show.WAITING)
        narrow = Narrow(
            asked.get("topic", ""),
            asked.get("owner", ""),
            "urgent" in asked,
            "late" in asked,
        )
        items = await self._desk.queue(Show.ALL)
        hours = self._desk.mind.faq.hours
        dues = {
            each.inquiry.number: owed(each, hours) for each in await self._desk.store.progress()
        }
        late = {number for number, due in dues.items() if any(each.late(now) for each in due)}
        fitting = [item for item in items if narrow.fits(item.inquiry, late)]
        lists = {each: select(fitting, each, staff.name) for each in Show}
        await self._audit.looked(staff.name, "inbox", now, again=True)
        return page(
            "queue.html",
            staff=staff,
            place="inbox",
            show=show,
            lists=lists,
            narrow=narrow,
            owners=sorted({item.inquiry.owner for item in items if item.inquiry.owner}),
            dues=dues,
            urgent=sum(is_to_be_taken(i.inquiry) and i.inquiry.urgent for i in items),
            open_now=calendar(hours).is_open(now),
            switches=await self._desk.store.casework.switches(),
            entry_title=self._desk.entry_title,
            query=lambda each: urlencode({**asked, "show": each.value}),
            now=now,
        )

    async def inquiry(self, request: Request, staff: SignedIn) -> Response:
        """Return one inquiry with its conversation and what may be done to it."""
        inquiry = await self._find(request)
        if inquiry is None:
            return self._unknown(staff)
        live = "x-live" in request.headers
        await self._audit.looked(staff.name, inquiry.number, self._now(), again=live)
        asked = request.query_params
        done = _ACTS.get(asked.get("done", ""))
        return await self._inquiry_page(
            inquiry,
            staff,
            notice=None if done is None else words.DONE[done],
            find=asked.get("find", "").strip()[:100],
            insert=asked.get("insert", ""),
        )

    async def act(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Do what the form asks, then redirect; refused, show why and keep what was typed."""
        text = field_text(form, "text").strip()
        inquiry = await self._find(request)
        if inquiry is None:
            return self._unknown(staff, kept=text)
        act = _ACTS.get(field_text(form, "act"))
        if act is None:
            return problem(400, "看不懂这个操作", "请回到咨询页面再试。", staff=staff, kept=text)
        if not text and act in {Act.REPLY, Act.ASK_PARENT}:
            return await self._refuse(inquiry, staff, form, 422, _EMPTY_TEXT)
        if len(text) > LONGEST_TEXT:
            return await self._refuse(inquiry, staff, form, 422, _TOO_LONG)
        number, name, to_whom = inquiry.number, staff.name, field_text(form, "to_whom")
        if act is Act.TRANSFER and to_whom not in await self._colleagues(staff):
            return await self._refuse(inquiry, staff, form, 422, _NO_COLLEAGUE)
        nonce = field_text(form, "nonce") or secrets.token_urlsafe()
        result = await self._once.do(
            lambda: self._desk.act(name, number, act, text, to_whom=to_whom),
            *(nonce, name, number, act, text, to_whom),
        )
        if result.error is not None:
            return await self._refuse(inquiry, staff, form, 409, result.error)
        return RedirectResponse(f"{PATH}/inquiries/{number}?done={act}", 303)

    async def note(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Keep an internal note, which no parent ever sees."""
        text = field_text(form, "text").strip()
        inquiry = await self._find(request)
        if inquiry is None:
            return self._unknown(staff, kept=text)
        if len(text) > LONGEST_TEXT:
            return await self._refuse(inquiry, staff, form, 422, _LONG_NOTE)
        await self._desk.note(staff.name, inquiry.number, text)
        return RedirectResponse(f"{PATH}/inquiries/{inquiry.number}#notes", 303)

    async def stale(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Show the inquiry as it stands, with what was typed on a page of another session."""
        inquiry = await self._find(request)
        if inquiry is None:
            return self._unknown(staff, kept=field_text(form, "text").strip())
        return await self._refuse(inquiry, staff, form, 403, STALE)

    async def _refuse(
        self, inquiry: Inquiry, staff: SignedIn, form: FormData, status: int, error: str
    ) -> Response:
        return await self._inquiry_page(
            await self._desk.inquiry(inquiry.number) or inquiry,
            staff,
            status=status,
            error=error,
            kept=field_text(form, "text").strip(),
            tried=_ACTS.get(field_text(form, "act")),
        )

    async def _colleagues(self, staff: SignedIn) -> list[str]:
        """Return to whom an inquiry may be handed."""
        return [
            each.name
            for each in await self._accounts.list()
            if not each.disabled and each.name != staff.name
        ]

    async def _why(
        self, transcript: Sequence[HistoryItem], understood: dict[str, Understood]
    ) -> dict[str, list[str]]:
        """Return how the last message that was understood would be read today, by its item id."""
        read = [item for item in transcript if item.id in understood and item.text]
        if not read:
            return {}
        return {read[-1].id: await asyncio.to_thread(self._desk.mind.why, read[-1].text)}

    async def _canned(
        self, inquiry: Inquiry, understood: dict[str, Understood], find: str
    ) -> list[canned.Canned]:
        """Return answers for a reply: those that are near, or those that were looked for."""
        mind = self._desk.mind
        entries = canned.near(inquiry, understood.values())
        if find:
            reading = await asyncio.to_thread(mind.read, find)
            entries = canned.titled(mind.faq, find) + [c.entry for c in reading.candidates]
        return canned.offered(mind.faq, entries, self._now().astimezone(CHONGQING).date())

    async def events(self, request: Request) -> Response:
        """Return the stream that tells open pages to look again."""

        async def still_signed_in() -> bool:
            return await self._door.who(request) is not None

        if not await still_signed_in():
            return Response(status_code=401)
        return EventStream(inbox_events(self._desk, still_signed_in, stopping=self._stopping))

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
        find: str = "",
        insert: str = "",
    ) -> Response:
        number, casework = inquiry.number, self._desk.store.casework
        understood = await self._desk.store.understood(number)
        answers = await self._canned(inquiry, understood, find)
        transcript = await self._desk.transcript(number)
        progress = await self._desk.store.progress(number)
        hours = self._desk.mind.faq.hours
        if not kept:
            kept, tried = next(
                ((c.text, Act.REPLY) for c in answers if c.entry == insert), ("", tried)
            )
        return page(
            "inquiry.html",
            status,
            staff=staff,
            place="inbox",
            inquiry=inquiry,
            transcript=transcript,
            why=await self._why(transcript, understood),
            understood=understood,
            steps=story(
                await self._desk.moves(number),
                await casework.transfers(number),
                await casework.ratings(number),
            ),
            notes=await casework.notes(number),
            colleagues=await self._colleagues(staff),
            canned=answers,
            find=find,
            dues=[due for each in progress for due in owed(each, hours)],
            title_of=self._desk.entry_title,
            allowed=allowed(inquiry, staff.name),
            notice=notice,
            error=error,
            kept=kept,
            tried=tried,
            nonce=secrets.token_urlsafe(12),
            longest=LONGEST_TEXT,
            now=self._now(),
        )
