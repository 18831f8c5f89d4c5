"""The views of the queue and of one inquiry, with what may be done to it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import canned, words
from bot.console.door import Door
from bot.console.guard import SignedIn
from bot.console.inbox import Narrow, Show, allowed, select
from bot.console.live import inbox_events
from bot.console.once import Once
from bot.console.places import INBOX
from bot.console.story import story
from bot.console.visit import Page, Visit, done
from bot.doors import EventStream
from bot.engine import Desk
from bot.hours import calendar
from bot.matching.explain import why
from bot.model import CHONGQING, Act, Inquiry
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
_UNKNOWN = (404, "没有这件咨询", "编号可能输错了，或者家长已删除自己的数据。")
_UNKNOWN_ACT = (400, "看不懂这个操作", "请回到咨询页面再试。")

_SHOWS = {show.value: show for show in Show}
_ACTS = {act.value: act for act in Act}


def inquiry_routes(
    desk: Desk,
    accounts: Accounts,
    door: Door,
    now: Callable[[], datetime],
    stopping: asyncio.Event,
) -> Iterator[Route]:
    """Yield the addresses of the inbox, below /staff."""
    views = _Inquiries(desk, accounts, door, now, stopping)
    yield from door.routes(
        INBOX,
        Page("/", views.queue),
        Page("/inquiries/{number}", views.inquiry, views.act, stale=views.refuse),
        Page("/inquiries/{number}/notes", act=views.note, stale=views.refuse),
    )
    yield Route("/events", views.events)


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

    async def queue(self, visit: Visit) -> Response:
        """Return one list of the inbox."""
        asked, now = visit.request.query_params, self._now()
        show = _SHOWS.get(asked.get("show", ""), Show.WAITING)
        narrow = Narrow(
            asked.get("topic", ""),
            asked.get("owner", ""),
            "urgent" in asked,
            "late" in asked,
        )
        items = await self._desk.queue()
        hours = self._desk.mind.faq.hours
        dues = {
            each.inquiry.number: owed(each, hours) for each in await self._desk.store.progress()
        }
        late = {number for number, due in dues.items() if any(each.late(now) for each in due)}
        fitting = [item for item in items if narrow.fits(item.inquiry, late)]
        lists = {each: select(fitting, each, visit.staff.name) for each in Show}
        await self._audit.looked(visit.staff.name, "inbox", now, again=True)
        return visit.page(
            "queue.html",
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

    async def inquiry(self, visit: Visit) -> Response:
        """Return one inquiry with its conversation and what may be done to it."""
        inquiry = await self._find(visit)
        if inquiry is None:
            return visit.problem(*_UNKNOWN)
        live = "x-live" in visit.request.headers
        await self._audit.looked(
            visit.staff.name, inquiry.number, self._now(), again=live, said_at=inquiry.touched_at
        )
        return await self._inquiry(inquiry, visit)

    async def act(self, visit: Visit) -> Response:
        """Do what the form asks, then redirect; refused, show why and keep what was typed."""
        text, name = visit.typed("text").strip(), visit.staff.name
        inquiry = await self._find(visit)
        if inquiry is None:
            return visit.problem(*_UNKNOWN)
        act = _ACTS.get(visit.typed("act"))
        if act is None:
            return visit.problem(*_UNKNOWN_ACT)
        if not text and act in {Act.REPLY, Act.ASK_PARENT}:
            return await self.refuse(visit.refused(422, _EMPTY_TEXT))
        if len(text) > LONGEST_TEXT:
            return await self.refuse(visit.refused(422, _TOO_LONG))
        number, to_whom = inquiry.number, visit.typed("to_whom")
        if act is Act.TRANSFER and to_whom not in await self._colleagues(visit.staff):
            return await self.refuse(visit.refused(422, _NO_COLLEAGUE))
        nonce = visit.typed("nonce") or secrets.token_urlsafe()
        result = await self._once.do(
            lambda: self._desk.act(name, number, act, text, to_whom=to_whom),
            *(nonce, name, number, act, text, to_whom),
        )
        if result.error is not None:
            return await self.refuse(visit.refused(409, result.error))
        return done(_path(inquiry), act)

    async def note(self, visit: Visit) -> Response:
        """Keep an internal note, which no parent ever sees."""
        text = visit.typed("text").strip()
        inquiry = await self._find(visit)
        if inquiry is None:
            return visit.problem(*_UNKNOWN)
        if len(text) > LONGEST_TEXT:
            return await self.refuse(visit.refused(422, _LONG_NOTE))
        await self._desk.note(visit.staff.name, inquiry.number, text)
        return RedirectResponse(f"{_path(inquiry)}#notes", 303)

    async def refuse(self, visit: Visit) -> Response:
        """Show the inquiry as it stands by now, with why nothing was done and what was typed."""
        inquiry = await self._find(visit)
        return await self._inquiry(inquiry, visit) if inquiry else visit.problem(*_UNKNOWN)

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
        return {read[-1].id: await asyncio.to_thread(why, self._desk.mind, read[-1].text)}

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

    async def _find(self, visit: Visit) -> Inquiry | None:
        number = visit.part("number")
        if not (number.isascii() and number.isdecimal()):
            return None
        return await self._desk.inquiry(number)

    async def _inquiry(self, inquiry: Inquiry, visit: Visit) -> Response:
        number, find = inquiry.number, visit.asked("find")[:100]
        casework = self._desk.store.casework
        understood = await self._desk.store.understood(number)
        answers = await self._canned(inquiry, understood, find)
        transcript = await self._desk.transcript(number)
        progress = await self._desk.store.progress(number)
        hours = self._desk.mind.faq.hours
        kept, tried = visit.typed("text").strip(), _ACTS.get(visit.typed("act"))
        if not kept:
            insert = visit.asked("insert")
            kept, tried = next(
                ((c.text, Act.REPLY) for c in answers if c.entry == insert), ("", tried)
            )
        return visit.page(
            "inquiry.html",
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
            colleagues=await self._colleagues(visit.staff),
            canned=answers,
            find=find,
            dues=[due for each in progress for due in owed(each, hours)],
            title_of=self._desk.entry_title,
            allowed=allowed(inquiry, visit.staff.name),
            notice=visit.notice(words.DONE),
            kept=kept,
            tried=tried,
            nonce=secrets.token_urlsafe(12),
            longest=LONGEST_TEXT,
            now=self._now(),
        )


def _path(inquiry: Inquiry) -> str:
    return f"{INBOX.path}inquiries/{inquiry.number}"
