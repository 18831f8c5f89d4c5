"""A desk with its WeChat channel: real FAQ, SQLite and HTTP, and a platform that calls it."""

from __future__ import annotations

import asyncio
import itertools
import secrets as randomness
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx
from defusedxml.ElementTree import fromstring
from starlette.applications import Starlette

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / "tests" / "peers" / "wechat"
if str(PEERS) not in sys.path:
    sys.path.insert(0, str(PEERS))

from wechat_api import APP_ID, APP_SECRET, WeChatApi, wechat_api  # noqa: E402

from bot.channels.wechat import wire  # noqa: E402
from bot.channels.wechat.api import Api  # noqa: E402
from bot.channels.wechat.channel import WeChat  # noqa: E402
from bot.dialogue import Request as Asked  # noqa: E402
from bot.engine import Desk  # noqa: E402
from bot.model import Act, Outcome  # noqa: E402
from bot.outbox import Outbox  # noqa: E402
from bot.storage.outbox import OutboxStore  # noqa: E402
from bot.storage.store import Store  # noqa: E402
from handlers import HANDLERS  # noqa: E402
from tests.channels.messenger_desk import AGE, Clock, begin, end  # noqa: E402
from tests.desk import faq_folder, understanding, until  # noqa: E402
from tests.serving import serving  # noqa: E402

TOKEN = "tok123"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLD_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
ACCOUNT = "gh_0123456789ab"
_numbers = itertools.count(22409229427342621)


def key_of(encoded: str) -> bytes:
    return wire.aes_key(encoded, "key")


def sealed(xml: str, key: str = AES_KEY, app_id: str = APP_ID) -> str:
    return wire.encrypt(xml.encode(), key_of(key), app_id, randomness.token_bytes(16))


def document(**fields: object) -> str:
    return f"<xml>{''.join(f'<{n}>{escape(str(v))}</{n}>' for n, v in fields.items())}</xml>"


def message(user: str, kind: str = "text", **fields: object) -> dict[str, object]:
    """Return the fields of a message; the same again is another try to deliver it."""
    head = {"ToUserName": ACCOUNT, "FromUserName": user, "CreateTime": int(time.time())}
    return {**head, "MsgType": kind, **fields, "MsgId": next(_numbers)}


def event(user: str, name: str, key: str = "", **fields: object) -> dict[str, object]:
    head = {"ToUserName": ACCOUNT, "FromUserName": user, "CreateTime": int(time.time())}
    return {**head, "MsgType": "event", "Event": name, "EventKey": key, **fields}


def query(*parts: str, name: str = "signature", at: float | None = None) -> dict[str, str]:
    """Return the signed query of a call."""
    stamp, nonce = str(int(at or time.time())), randomness.token_hex(5)
    return {
        "timestamp": stamp,
        "nonce": nonce,
        name: wire.signature(TOKEN, stamp, nonce, *parts),
    }


def said(response: httpx.Response) -> str:
    """Return what a plain response says; empty for silence."""
    if response.text == "success":
        return ""
    fields = {child.tag: child.text or "" for child in fromstring(response.content)}
    assert fields["MsgType"] == "text"
    assert len(fields["Content"].encode()) <= 2048
    return fields["Content"]


@dataclass
class Running:
    """What a test holds."""

    desk: Desk
    channel: WeChat
    outbox: Outbox
    clock: Clock
    url: str
    client: httpx.AsyncClient
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def call(self, fields: dict[str, object], *, wait_s: float = 30) -> httpx.Response:
        """Deliver a message as the platform does, in plain mode."""
        at = self.clock().timestamp()
        return await self.client.post(
            f"{self.url}/wechat", params=query(at=at), content=document(**fields), timeout=wait_s
        )

    async def tell(self, fields: dict[str, object]) -> str:
        """Deliver it and return what the response says."""
        response = await self.call(fields)
        assert response.status_code == 200, response.text
        return said(response)

    async def say(self, user: str, text: str) -> str:
        return await self.tell(message(user, Content=text))

    async def rows(self, sql: str) -> list[Any]:
        return [tuple(row) for row in await self.desk.store.database.rows(sql)]

    async def staff(self, number: str, text: str, act: Act = Act.REPLY) -> None:
        result = await self.desk.act("王老师", number, act, text, now=self.clock())
        assert result.error is None, result.error

    async def number(self, user: str) -> str:
        inquiry = await self.desk.store.latest_inquiry(f"wechat:{user}")
        assert inquiry is not None
        return inquiry.number


class Slow:
    """A desk that takes its time; what it does is the real thing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.delay_s = 0.0
        self.handled: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def handle(self, message: Any) -> Any:
        self.handled.append(message.message_id)
        await asyncio.sleep(self.delay_s)
        return await self._desk.handle(message)


@asynccontextmanager
async def running(
    api_url: str = "",
    database: Path | None = None,
    *,
    clock: Clock | None = None,
    keys: tuple[str, ...] = (AES_KEY, OLD_KEY),
    app_secret: str | None = None,
    patience_s: float = 5.0,
    slow: float | None = None,
    handlers: Any = HANDLERS,
) -> AsyncIterator[Running]:
    """Lend a desk whose WeChat is the API at that address; without one it may not send."""
    clock = clock or Clock()
    store = await Store.open(database)
    mind = understanding()
    mind.read("您好")  # as at every start: the first sentence loads what the others need
    desk: Any = Desk(store, mind, handlers, clock)
    await desk.recover()
    if slow is not None:
        desk = Slow(desk)
        desk.delay_s = slow
    channels: dict[str, Any] = {}
    outbox = Outbox(OutboxStore(store.database), channels, clock, desk.inbox_changed)
    if app_secret is None:
        app_secret = APP_SECRET if api_url else ""
    channel = WeChat(
        desk,
        Api(APP_ID, app_secret, api_url),
        outbox,
        wire.Secrets(TOKEN, APP_ID, tuple(map(key_of, keys))),
        clock,
        patience_s=patience_s,
    )
    channels["wechat"] = channel
    async with serving(Starlette(routes=channel.routes())) as url, httpx.AsyncClient() as client:
        tasks = begin(desk, outbox, channel)
        try:
            yield Running(desk, channel, outbox, clock, url, client, tasks)
        finally:
            await end(tasks, channel)
            await store.close()


__all__ = [
    "ACCOUNT",
    "AES_KEY",
    "AGE",
    "APP_ID",
    "APP_SECRET",
    "OLD_KEY",
    "PEERS",
    "ROOT",
    "TOKEN",
    "Act",
    "Asked",
    "Clock",
    "Outcome",
    "Running",
    "Slow",
    "WeChatApi",
    "document",
    "event",
    "faq_folder",
    "key_of",
    "message",
    "query",
    "running",
    "said",
    "sealed",
    "until",
    "wechat_api",
]
