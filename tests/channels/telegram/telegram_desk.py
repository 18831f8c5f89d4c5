"""A desk with its Telegram channel on a test server: real FAQ, real SQLite, real HTTP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / "tests" / "peers" / "telegram"
for folder in (ROOT / "tests", PEERS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from bot_api import TOKEN, BotApi, Refused, bot_api, keys, labels, serving  # noqa: E402
from desk import environment, open_talk, understanding  # noqa: E402

from bot.channels.telegram.access import checked  # noqa: E402
from bot.channels.telegram.api import Api  # noqa: E402
from bot.channels.telegram.channel import Telegram  # noqa: E402
from bot.engine import CHONGQING, Desk  # noqa: E402
from bot.outbox import Outbox  # noqa: E402
from bot.serve import _send_what_is_said  # noqa: E402
from bot.storage.accounts import Accounts  # noqa: E402
from bot.storage.outbox import OutboxStore  # noqa: E402
from bot.storage.staff_chats import StaffChats  # noqa: E402
from bot.storage.store import Store  # noqa: E402
from handlers import HANDLERS  # noqa: E402

AGE = "几岁能上小学"
T = TypeVar("T")


class Clock:
    """Real time, but for what a test adds or fixes."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return (self.fixed or datetime.now(CHONGQING)) + self.ahead


@dataclass
class Running:
    """What a test holds."""

    desk: Desk
    channel: Telegram
    outbox: Outbox
    clock: Clock
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.desk.store)

    async def code(self, name: str) -> str:
        """Make an account and return a binding code for it."""
        with suppress(Exception):
            await self.accounts.add(name)
        return await StaffChats(self.desk.store.database).create_code(name, self.clock())

    async def rows(self, sql: str) -> list[Any]:
        return [tuple(row) for row in await self.desk.store.database.rows(sql)]


async def until(what: Callable[[], T], timeout_s: float = 10.0) -> T:
    """Return what is true at last; an AssertionError says what never was."""
    end = asyncio.get_running_loop().time() + timeout_s
    while not (found := what()):
        assert asyncio.get_running_loop().time() < end, "it never came"
        await asyncio.sleep(0.01)
    return found


async def told(api: BotApi, chat: int, count: int = 1) -> list[str]:
    """Return what a chat has been told, when it is that many messages."""
    await until(lambda: len(api.to(chat)) >= count)
    return [message["text"] for message in api.to(chat)]


async def quiet(api: BotApi, chat: int, count: int, wait_s: float = 0.4) -> None:
    """Check that a chat has been told so much and is told no more."""
    await until(lambda: len(api.to(chat)) >= count)
    await asyncio.sleep(wait_s)
    assert len(api.to(chat)) == count, [m["text"] for m in api.to(chat)]


def key_of(message: dict[str, Any], label: str) -> str:
    """Return the key of the button that says so."""
    rows = message["reply_markup"]["inline_keyboard"]
    [found] = [b["callback_data"] for row in rows for b in row if label in b["text"]]
    return str(found)


@asynccontextmanager
async def running(
    url: str,
    database: Path | None = None,
    *,
    token: str = TOKEN,
    clock: Clock | None = None,
    webhook: str = "",
    begin: bool = True,
) -> AsyncIterator[Running]:
    """Lend a desk whose Telegram is the server at that address; it ends as the server does."""
    clock = clock or Clock()
    store = await Store.open(database)
    desk = Desk(store, understanding(), HANDLERS, clock)
    channels: dict[str, Any] = {}
    outbox = Outbox(OutboxStore(store.database), channels, clock, desk.inbox_changed)
    access = checked(token, url, webhook, "sec-ret_1", "key")
    channel = Telegram(
        desk,
        Api(access.token, access.api_url),
        outbox,
        clock,
        webhook_url=access.webhook_url,
        webhook_secret=access.webhook_secret,
    )
    channels["telegram"] = channel
    await desk.recover()
    lent = Running(desk, channel, outbox, clock)
    if begin:
        lent.tasks = [
            asyncio.create_task(outbox.run()),
            asyncio.create_task(_send_what_is_said(desk, outbox)),
            asyncio.create_task(channel.run()),
        ]
    try:
        yield lent
    finally:
        for task in lent.tasks:
            task.cancel()
        await asyncio.gather(*lent.tasks, return_exceptions=True)
        await channel.close()
        await store.close()


__all__ = [
    "AGE",
    "PEERS",
    "ROOT",
    "TOKEN",
    "BotApi",
    "Clock",
    "Refused",
    "Running",
    "bot_api",
    "environment",
    "key_of",
    "keys",
    "labels",
    "open_talk",
    "quiet",
    "running",
    "serving",
    "told",
    "until",
]
