"""A desk and its accounts in memory: real inquiries moved by the real table."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from starlette.applications import Starlette

from bot.console.routes import console_routes
from bot.errors import StorageError
from bot.inquiry import OWNED, UNOWNED, move, open_inquiry
from bot.model import Act, ActResult, Choice, Inquiry, Media, Move, Status
from bot.storage.records import HistoryItem, Kind, QueueItem


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class FakeDesk:
    """Keeps the rules of product.md for staff acts; nothing is sent anywhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._inquiries: dict[str, Inquiry] = {}
        self._moves: dict[str, list[Move]] = {}
        self._said: dict[str, list[HistoryItem]] = {}
        self._listeners: set[asyncio.Event] = set()
        self.titles: dict[str, str] = {"enrollment.age_requirement": "几岁能上小学"}
        self.broken = False
        self.slow_s = 0.0

    def parent_asks(
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
        number, now = str(1001 + len(self._inquiries)), self._clock()
        inquiry, opening = open_inquiry(number, f"web:p{number}", now, why="fallback")
        self._moves[number] = [opening]
        self._said[number] = []
        self._put(replace(inquiry, topic=topic, entry=entry, urgent=urgent))
        self.say(number, "parent", text)
        steps = {Status.OPEN: [], Status.WAITING_PARENT: [Status.WITH_STAFF, to]}.get(to, [to])
        for step in steps:
            self._move(number, step, owner or "bot", "handoff", owner)
        return number

    def say(
        self,
        number: str,
        who: str,
        text: str,
        choices: tuple[Choice, ...] = (),
        media: Media | None = None,
    ) -> None:
        place = sum(map(len, self._said.values())) + 1
        kind = {"parent": Kind.MESSAGE, "bot": Kind.REPLY}.get(who, Kind.WORDS)
        item_id, at = f"{kind.value[0]}{place}", self._clock()
        item = HistoryItem(item_id, at, who, text, choices, number, kind, media)
        self._said[number].append(item)
        self._tell()

    def erase(self, number: str) -> None:
        del self._inquiries[number]

    async def queue(self, show: str) -> list[QueueItem]:
        asked = {n: [i for i in said if i.who == "parent"] for n, said in self._said.items()}
        return [
            QueueItem(each, asked[number][-1].text, len(asked[number]))
            for number, each in self._inquiries.items()
        ]

    async def inquiry(self, number: str) -> Inquiry | None:
        return self._inquiries.get(number)

    async def transcript(self, number: str) -> list[HistoryItem]:
        return self._said[number]

    async def moves(self, number: str) -> list[Move]:
        return self._moves[number]

    async def act(self, who: str, number: str, act: Act, text: str = "") -> ActResult:
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.broken:
            raise StorageError("disk full")
        inquiry = self._inquiries[number]
        if inquiry.status in OWNED and inquiry.owner != who:
            return ActResult(inquiry, error=f"这件咨询由{inquiry.owner}负责。")
        if inquiry.status is Status.RESOLVED or (act is Act.TAKE and inquiry.status in OWNED):
            return ActResult(inquiry, error="现在不能这样做。")
        if inquiry.status in UNOWNED and act in {Act.TAKE, Act.REPLY, Act.ASK_PARENT}:
            self._move(number, Status.WITH_STAFF, who, "take", who)
        if text:
            self.say(number, who, text)
        after = {
            Act.ASK_PARENT: Status.WAITING_PARENT,
            Act.RELEASE: Status.WAITING_STAFF,
            Act.RESOLVE: Status.RESOLVED,
        }
        if act in after:
            self._move(number, after[act], who, act.value)
        return ActResult(self._inquiries[number])

    def entry_title(self, entry_id: str | None) -> str | None:
        return self.titles.get(entry_id or "")

    @contextmanager
    def subscribe_inbox(self) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.remove(event)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def _move(self, number: str, to: Status, who: str, why: str, owner: str | None = None) -> None:
        moved, record = move(
            self._inquiries[number], to, self._clock(), who=who, why=why, owner=owner
        )
        self._moves[number].append(record)
        self._put(moved)

    def _put(self, inquiry: Inquiry) -> None:
        self._inquiries[inquiry.number] = inquiry
        self._tell()

    def _tell(self) -> None:
        for event in self._listeners:
            event.set()


class FakeAccounts:
    """Links that work once for a day, sessions that last twelve hours."""

    def __init__(self) -> None:
        self._links: dict[str, tuple[str, datetime]] = {}
        self._sessions: dict[str, tuple[str, datetime]] = {}

    def link(self, name: str, now: datetime) -> str:
        token = f"link-token-{len(self._links)}-{name.encode().hex()}"
        self._links[token] = (name, now + timedelta(days=1))
        return token

    async def use_link(self, token: str, now: datetime) -> str | None:
        name, until = self._links.pop(token, ("", now))
        if now >= until:
            return None
        secret = f"session-secret-{len(self._sessions)}"
        self._sessions[secret] = (name, now + timedelta(hours=12))
        return secret

    async def session_name(self, secret: str, now: datetime) -> str | None:
        name, until = self._sessions.get(secret, ("", now))
        return name if now < until else None

    async def end_session(self, secret: str) -> None:
        self._sessions.pop(secret, None)


class Office:
    """The staff pages with a browser in front of them."""

    def __init__(self, base_url: str = "http://desk.test") -> None:
        self.clock = Clock(datetime.fromisoformat("2026-05-20T10:00:00+08:00"))
        self.desk = FakeDesk(self.clock)
        self.accounts = FakeAccounts()
        self.stopping = asyncio.Event()
        self.routes = console_routes(
            self.desk, self.accounts, now=self.clock, stopping=self.stopping
        )
        self._base_url = base_url
        self.browser = self.another_browser()

    def another_browser(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=Starlette(routes=self.routes))
        return httpx.AsyncClient(
            transport=transport,
            base_url=self._base_url,
            headers={"Origin": self._base_url, "Sec-Fetch-Site": "same-origin"},
        )

    async def sign_in(
        self, name: str = "王老师", browser: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        token = self.accounts.link(name, self.clock())
        return await (browser or self.browser).post("/staff/sign-in", data={"token": token})

    async def see(self, number: str) -> str:
        return (await self.browser.get(f"/staff/inquiries/{number}")).text

    async def press(
        self, number: str, act: str, text: str | None = None, *, page: str | None = None
    ) -> httpx.Response:
        """Send the act as the page's own form would, from a page seen before or a fresh one."""
        seen = hidden_fields(page if page is not None else await self.see(number))
        words = {} if text is None else {"text": text}
        return await self.browser.post(
            f"/staff/inquiries/{number}", data={**seen, "act": act, **words}
        )


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
