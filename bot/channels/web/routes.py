"""The web chat's addresses: page, assets, messages, history, events."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, aclosing
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.web.assets import Assets
from bot.channels.web.events import delivery_json, parse_id, stream
from bot.channels.web.guard import is_json, shield
from bot.channels.web.limits import Limits, network
from bot.channels.web.payload import Payload, TooLarge, parse, read_body
from bot.channels.web.session import Sessions
from bot.doors import EventStream, same_origin
from bot.errors import BadPayload, BotError
from bot.model import CHONGQING, Choice, Decision, Delivery, Message, Reply, Turn
from bot.wire import turn_json

STREAMS = 8
"""Event streams one browser may hold open; more tabs than that poll."""
BUSY_RETRY_S = 5


class HistoryLine(Protocol):
    """One bubble as the store kept it (`HistoryItem` in bot/storage/records.py)."""

    @property
    def id(self) -> str:
        """Stable; `d14` is the delivery of id 14."""

    @property
    def at(self) -> datetime: ...
    @property
    def who(self) -> str:
        """`parent`, `bot`, or the name of a member of staff."""

    @property
    def text(self) -> str: ...
    @property
    def choices(self) -> Sequence[Choice]: ...
    @property
    def inquiry(self) -> str | None: ...
    @property
    def kind(self) -> str:
        """`message`, `reply`, or `delivery` for what was pushed."""

    @property
    def decision(self) -> Decision | None:
        """What was done with the message, on it and on the replies to it."""


class Desk(Protocol):
    """What the web chat needs of the engine."""

    async def handle(self, message: Message) -> Turn: ...
    async def history(self, session_key: str) -> Sequence[HistoryLine]: ...
    async def deliveries_after(self, session_key: str, after_id: int) -> Sequence[Delivery]: ...
    def subscribe(self, session_key: str) -> AbstractContextManager[asyncio.Event]:
        """Set whenever a delivery for that session was stored."""

    async def mark_sent(self, delivery_ids: list[int]) -> None: ...
    def welcome(self) -> Reply: ...
    async def notice(self) -> str:
        """What staff have put before all answers; empty when nothing."""

    def page_words(self) -> dict[str, str]:
        """All that the page and its server say; the FAQ's reader sees that none is missing."""


def web_routes(
    engine: Desk,
    *,
    secret_key: str,
    stopping: asyncio.Event | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(CHONGQING),
    clock: Callable[[], float] = time.monotonic,
) -> list[BaseRoute]:
    """Return the routes of the web chat.

    Set `stopping` when the server begins to shut down: open event streams end then.
    """
    assets = Assets()
    chat = _Chat(engine, assets, Sessions(secret_key), Limits(clock), stopping, now)
    return [
        Route("/", chat.page, methods=["GET"]),
        Route("/static/{name}", assets.serve, methods=["GET"]),
        Route("/chat/api/messages", chat.messages, methods=["POST"]),
        Route("/chat/api/history", chat.history, methods=["GET"]),
        Route("/chat/api/events", chat.events, methods=["GET"]),
    ]


class _Chat:
    """The endpoints; holds no state of a conversation."""

    def __init__(
        self,
        desk: Desk,
        assets: Assets,
        sessions: Sessions,
        limits: Limits,
        stopping: asyncio.Event | None,
        now: Callable[[], datetime],
    ) -> None:
        self._desk, self._assets, self._sessions = desk, assets, sessions
        self._limits, self._now = limits, now
        self._stopping = stopping or asyncio.Event()
        self._streams: Counter[str] = Counter()

    async def page(self, request: Request) -> Response:
        """The page; every visit renews the cookie."""
        words = self._desk.page_words()
        welcome = self._desk.welcome()
        data = {
            "words": words,
            "welcome": {
                "text": welcome.text,
                "choices": [choice.label for choice in welcome.choices],
            },
        }
        html = self._assets.page(words=words, data=data, notice=await self._notice())
        response = HTMLResponse(html, headers={"Cache-Control": "private, no-cache"})
        user_id = self._sessions.known(request) or self._sessions.fresh()
        self._sessions.stamp(request, response, user_id)
        return shield(response)

    async def messages(self, request: Request) -> Response:
        """Take one message in and answer it; the same id again gives the same replies."""
        if not same_origin(request):
            return self._refuse(403, "web_refused")
        known = self._sessions.known(request)
        if wait_s := self._limits.write(known, _address(request)):
            return self._refuse(429, "web_too_fast", retry_s=wait_s)
        if not is_json(request):
            return self._refuse(415, "web_bad_request")
        try:
            payload = parse(await read_body(request))
        except TooLarge:
            return self._refuse(413, "web_too_large")
        except BadPayload:
            return self._refuse(400, "web_bad_request")
        user_id = known or self._sessions.fresh()
        try:
            turn = await self._desk.handle(self._message(user_id, payload))
        except BotError:
            return self._refuse(503, "web_busy", retry_s=BUSY_RETRY_S)
        response = _json({"id": payload.id, **turn_json(turn)})
        if known is None:
            self._sessions.stamp(request, response, user_id)
        return response

    async def history(self, request: Request) -> Response:
        """All bubbles, up to which event, and the notice; `?after=`: only events after that id."""
        if wait_s := self._limits.read(_address(request)):
            return self._refuse(429, "web_too_fast", retry_s=wait_s)
        user_id = self._sessions.known(request)
        if user_id is None:
            notice = await self._notice()
            response = _json({"items": [], "events": [], "last_event_id": 0, "notice": notice})
            self._sessions.stamp(request, response, self._sessions.fresh())
            return response
        after = parse_id(request.query_params.get("after"))
        try:
            return _json(await self._read(_key(user_id), after))
        except BotError:
            return self._refuse(503, "web_busy", retry_s=BUSY_RETRY_S)

    async def _read(self, key: str, after: int | None) -> dict[str, Any]:
        if after is not None:
            new = await self._desk.deliveries_after(key, after)
            items = await self._desk.history(key) if new else []
            body: dict[str, Any] = {
                "items": [],
                "events": [delivery_json(delivery, items) for delivery in new],
                "last_event_id": max([after, *(delivery.id for delivery in new)]),
            }
        else:
            items, new = await self._settled(key)
            body = {
                "items": [_line_json(item) for item in items],
                "events": [],
                "last_event_id": max((delivery.id for delivery in new), default=0),
            }
        if unsent := [delivery.id for delivery in new if delivery.sent_at is None]:
            await self._desk.mark_sent(unsent)
        return {**body, "notice": await self._desk.notice()}

    async def _notice(self) -> str:
        """Return the notice for a page that opens even while the store cannot be read."""
        try:
            return await self._desk.notice()
        except BotError:
            return ""

    async def _settled(self, key: str) -> tuple[Sequence[HistoryLine], Sequence[Delivery]]:
        """Return history and deliveries that belong together: none came in between."""
        while True:
            before = await self._desk.deliveries_after(key, 0)
            items = await self._desk.history(key)
            after = await self._desk.deliveries_after(key, 0)
            if len(before) == len(after):
                return items, after

    async def events(self, request: Request) -> Response:
        """What staff write, as it comes; 204 (stop asking) without a session or with too many."""
        user_id = self._sessions.known(request)
        if user_id is None or self._streams[user_id] >= STREAMS:
            return shield(Response(status_code=204))
        after = parse_id(request.headers.get("last-event-id"))
        if after is None:
            after = parse_id(request.query_params.get("after"))
        return shield(EventStream(self._counted(user_id, after)))

    async def _counted(self, user_id: str, after: int | None) -> AsyncGenerator[str, None]:
        self._streams[user_id] += 1
        try:
            events = stream(self._desk, _key(user_id), after, stopping=self._stopping)
            async with aclosing(events):
                async for event in events:
                    yield event
        finally:
            self._streams[user_id] -= 1
            if not self._streams[user_id]:
                del self._streams[user_id]

    def _message(self, user_id: str, payload: Payload) -> Message:
        return Message(
            channel="web",
            user_id=user_id,
            message_id=payload.id,
            text=payload.text,
            received_at=self._now(),
            pick=payload.pick,
            media=payload.media,
        )

    def _refuse(self, status: int, word: str, *, retry_s: int | None = None) -> Response:
        headers = {} if retry_s is None else {"Retry-After": str(retry_s)}
        return _json(
            {"error": self._desk.page_words().get(word, "")}, status=status, headers=headers
        )


def _key(user_id: str) -> str:
    return f"web:{user_id}"


def _address(request: Request) -> str:
    return network(request.client.host if request.client else "")


def _json(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    response = JSONResponse(body, status_code=status, headers=headers)
    response.headers["Cache-Control"] = "no-store"
    return shield(response)


def _line_json(line: HistoryLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "who": line.who,
        "text": line.text,
        "choices": [choice.label for choice in line.choices],
        "inquiry": line.inquiry,
        "kind": line.kind,
        "decision": line.decision,
    }
