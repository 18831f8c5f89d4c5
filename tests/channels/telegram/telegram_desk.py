"""A desk with its Telegram channel on a test server: real FAQ, real SQLite, real HTTP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / "tests" / "peers" / "telegram"
if str(PEERS) not in sys.path:
    sys.path.insert(0, str(PEERS))

from bot_api import TOKEN, BotApi, Refused, bot_api, keys, labels  # noqa: E402

from bot.channels.telegram.access import checked  # noqa: E402
from bot.channels.telegram.api import Api  # noqa: E402
from bot.channels.telegram.channel import Telegram  # noqa: E402
from bot.engine import Desk  # noqa: E402
from bot.outbox import Outbox  # noqa: E402
from bot.storage.accounts import Accounts  # noqa: E402
from bot.storage.outbox import OutboxStore  # noqa: E402
from bot.storage.staff_chats import StaffChats  # noqa: E402
from bot.storage.store import Store  # noqa: E402
from handlers import HANDLERS  # noqa: E402
from tests.channels.messenger_desk import AGE, Clock, begin, end  # noqa: E402
from tests.desk import environment, open_talk, understanding, until  # noqa: E402


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
    at_work: bool = True,
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
    if at_work:
        lent.tasks = begin(desk, outbox, channel)
    try:
        yield lent
    finally:
        await end(lent.tasks, channel)
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
    "told",
    "until",
]
