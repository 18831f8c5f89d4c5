"""The staff pages on a real desk and a real store, with a browser in front of them."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from starlette.applications import Starlette

from bot.console.routes import console_routes
from bot.engine import Desk
from bot.inquiry import move, open_inquiry
from bot.model import Choice, Decision, Delivery, Inquiry, Media, Message, Reply, Status, Turn
from bot.storage.accounts import Accounts, Role
from bot.storage.audit import Audit
from bot.storage.sessions import Sessions
from bot.storage.store import Store
from handlers import HANDLERS
from tests.desk import understanding


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class Office:
    """The staff pages with a browser in front of them."""

    def __init__(self, store: Store, base_url: str) -> None:
        self.clock = Clock(datetime.fromisoformat("2026-05-20T10:00:00+08:00"))
        self.store = store
        self.desk = Desk(store, understanding(), HANDLERS, self.clock)
        self.accounts = Accounts(store, self.clock)
        self.sessions = Sessions(store)
        self.audit = Audit(store.database)
        self.stopping = asyncio.Event()
        self.routes = console_routes(
            self.desk, self.accounts, now=self.clock, stopping=self.stopping
        )
        self._base_url = base_url
        self._count = 0
        self.browser = self.another_browser()

    # ------------------------------------------------------------------ parents

    async def parent_asks(
        self,
        text: str,
        *,
        to: Status = Status.WAITING_STAFF,
        owner: str | None = None,
        topic: str | None = "enrollment",
        entry: str | None = "enrollment.age_requirement",
        urgent: bool = False,
    ) -> str:
        """Open an inquiry, bring it to that status, and return its number."""
        self._count += 1
        message = self._message(text, f"p{self._count}")
        now = self.clock()
        assert await self.store.write_down(message) is None
        async with self.store.transaction() as work:
            session = await work.session(message.session_key, now)
            [number] = await work.peek_numbers(1)
            inquiry, opening = open_inquiry(number, message.session_key, now, why="fallback")
            inquiry = replace(inquiry, topic=topic, entry=entry, urgent=urgent)
            moves = [opening]
            for step in {
                Status.OPEN: [],
                Status.WAITING_PARENT: [Status.WITH_STAFF, to],
            }.get(to, [to]):
                inquiry, moved = move(
                    inquiry, step, now, who=owner or "bot", why="handoff", owner=owner
                )
                moves.append(moved)
            session = replace(session, current=number, inquiries=(inquiry,))
            turn = Turn(message, Decision.FALLBACK, (), (), 0.0, (), inquiry)
            await work.finish(turn, session, moves)
        self.desk.inbox_changed()
        return number

    async def parent_adds(
        self, number: str, text: str = "", *replies: Reply, media: Media | None = None
    ) -> None:
        """Have the parent of that inquiry write again, answered so."""
        inquiry = await self.inquiry(number)
        self._count += 1
        message = self._message(text, inquiry.session_key.partition(":")[2], media)
        await self.store.write_down(message)
        async with self.store.transaction() as work:
            session = await work.session(message.session_key, self.clock())
            turn = Turn(message, Decision.FALLBACK, replies, (), 0.0, (), inquiry)
            await work.finish(turn, session, ())

    async def staff_said(self, number: str, who: str, text: str) -> None:
        """Have somebody of the staff have written that to the parent."""
        inquiry = await self.inquiry(number)
        now = self.clock()
        async with self.store.transaction() as work:
            await work.save_words(number, who, text, now)
            await work.queue_delivery(Delivery(0, inquiry.session_key, number, text, now))

    def _message(self, text: str, user: str, media: Media | None = None) -> Message:
        return Message("web", user, f"m{self._count}", text, self.clock(), media=media)

    async def inquiry(self, number: str) -> Inquiry:
        inquiry = await self.store.inquiry(number)
        assert inquiry is not None
        return inquiry

    async def words(self, number: str) -> list[str]:
        """Return what staff wrote to the parent of that inquiry."""
        said = await self.store.transcript(number)
        return [item.text for item in said if item.who not in ("parent", "bot")]

    # ------------------------------------------------------------------ staff

    def another_browser(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=Starlette(routes=self.routes))
        return httpx.AsyncClient(
            transport=transport,
            base_url=self._base_url,
            headers={"Origin": self._base_url, "Sec-Fetch-Site": "same-origin"},
        )

    async def link(self, name: str = "王老师", role: Role = Role.STAFF) -> str:
        """Return a token that signs this person in, whose account is made where missing."""
        if name not in {account.name for account in await self.accounts.list()}:
            await self.accounts.add(name, role)
        return await self.accounts.create_link(name, self.clock(), timedelta(days=1))

    async def sign_in(
        self,
        name: str = "王老师",
        browser: httpx.AsyncClient | None = None,
        role: Role = Role.STAFF,
    ) -> httpx.Response:
        token = await self.link(name, role)
        return await (browser or self.browser).post("/staff/sign-in", data={"token": token})

    async def see(self, number: str) -> str:
        return (await self.browser.get(f"/staff/inquiries/{number}")).text

    async def press(
        self,
        number: str,
        act: str,
        text: str | None = None,
        *,
        page: str | None = None,
        browser: httpx.AsyncClient | None = None,
        **more: str,
    ) -> httpx.Response:
        """Send the act as the page's own form would, from a page seen before or a fresh one."""
        browser = browser or self.browser
        if page is None:
            page = (await browser.get(f"/staff/inquiries/{number}")).text
        words = {} if text is None else {"text": text}
        return await browser.post(
            f"/staff/inquiries/{number}", data={**hidden_fields(page), "act": act, **words, **more}
        )

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of that page."""
        seen = hidden_fields((await self.browser.get(path)).text)
        return await self.browser.post(path, data={"form_token": seen["form_token"], **fields})


@asynccontextmanager
async def open_office(base_url: str = "http://desk.test") -> AsyncIterator[Office]:
    """Lend the staff pages of a desk that nobody has written to."""
    store = await Store.open(None)
    try:
        yield Office(store, base_url)
    finally:
        await store.close()


def offered(text: str, *choices: Choice) -> Reply:
    return Reply(text, choices)


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def typed_text(page: str, box: str = "reply") -> str:
    """Return what stands in that textarea."""
    found = re.search(rf'<textarea id="{box}".*?>\n?(.*?)</textarea>', page, re.DOTALL)
    assert found is not None, f"no textarea {box}"
    return html.unescape(found[1])


def alert(page: str) -> str:
    """Return what the page warns of, empty when it does not."""
    found = re.search(r'role="alert"[^>]*>(.*?)</(?:div|p)>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""
