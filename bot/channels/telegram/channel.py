"""The Telegram channel: takes updates in, sends what the outbox holds, knows how it is doing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute

from bot.channels.telegram import polling, rendering
from bot.channels.telegram.api import Api, Hook, Me
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.news import News
from bot.channels.telegram.parents import Parents
from bot.channels.telegram.polling import Patience, State
from bot.channels.telegram.profile import profile
from bot.channels.telegram.staff import Staff
from bot.channels.telegram.update import Incoming, Kind
from bot.channels.telegram.webhook import webhook_routes
from bot.engine import Desk
from bot.errors import BotError, ChannelError, DeliveryError
from bot.outbox import Outbox
from bot.storage.outbox import BLOCKED, OutboxStore, Outgoing
from bot.storage.staff_chats import StaffChats
from bot.storage.updates import Updates

log = logging.getLogger(__name__)

_START_AGAIN_S = 60.0
_CHECK_WEBHOOK_S = 120.0

WEBHOOK_TAKEN = (
    "这个机器人的 Telegram 回调网址被别的程序改成了别处，本台收不到消息；本台不去抢。"
    "请关掉另一个程序后重启本台，或给本台换一个机器人。"
)
WEBHOOK_FAILS = (
    "Telegram 送不到回调网址，家长的消息在它那里等着（最多 24 小时）。"
    "请检查反向代理和证书。它说：{trouble}"
)
WEBHOOK_DROPPED = "这个机器人原来设过回调网址，本台改用轮询收消息；没取走的消息不会丢。"


class Telegram:
    """One bot, by polling or by webhook; also the outbox's way to Telegram."""

    def __init__(
        self,
        desk: Desk,
        api: Api,
        outbox: Outbox,
        clock: Callable[[], datetime],
        *,
        webhook_url: str = "",
        webhook_secret: str = "",
    ) -> None:
        database = desk.store.database
        self._desk, self._api, self._clock = desk, api, clock
        self._outbox, self._letters = outbox, OutboxStore(database)
        self._memory = Updates(database, "telegram", api.account)
        self._chats = StaffChats(database)
        self._parents = Parents(desk, api, self._memory, outbox)
        self._staff = Staff(desk, api, self._memory, self._chats, outbox, self._parents, clock)
        self._news = News(desk, self._memory, self._chats, outbox, self._staff, clock)
        self._webhook_url, self._webhook_secret = webhook_url, webhook_secret
        self._intake = Intake(self._memory, clock, self._route, self._parents.is_danger)
        self._me: Me | None = None
        self._known = asyncio.Event()
        """Set when we know who we are."""
        self.state = State.STARTING

    # ------------------------------------------------------------------ sending

    def parts(self, item: Outgoing) -> int:
        """Return in how many messages the item is sent."""
        return len(rendering.rendered(item, self._desk.mind.faq))

    async def send(self, item: Outgoing, part: int) -> str | None:
        """Send one part of an item; raises DeliveryError."""
        message = rendering.rendered(item, self._desk.mind.faq)[part]
        chat = int(item.chat)
        try:
            sent = await self._api.send(chat, message.spans, message.buttons, message.reply_to)
        except DeliveryError as error:
            if error.reason == BLOCKED and chat < 0:
                await self._staff.lose_group(item.session_key, f"p{item.place}", self._clock())
            raise
        return None if sent is None else str(sent)

    # ------------------------------------------------------------------ running

    def routes(self) -> list[BaseRoute]:
        """Return the webhook's address, in webhook mode."""
        if not self._webhook_url:
            return []
        return webhook_routes(self._intake.take, self._webhook_secret)

    async def run(self) -> None:
        """Connect and serve until cancelled; what goes wrong is waited for, never raised."""
        news = asyncio.create_task(self._news.run())
        try:
            while True:
                try:
                    await self._serve()
                except Exception:
                    self._show(State.ERROR)
                    log.exception("Telegram 停了一下，一分钟后再来；请把这段报告给开发者")
                    await asyncio.sleep(_START_AGAIN_S)
        finally:
            news.cancel()
            await asyncio.gather(news, return_exceptions=True)
            await self._intake.stop()

    @property
    def busy(self) -> bool:
        """Return whether updates are in hand."""
        return self._intake.busy

    async def close(self) -> None:
        """Close the connections, when the outbox has stopped as well."""
        await self._api.close()

    async def _serve(self) -> None:
        await self._connect()
        if self._webhook_url:
            await self._watch_webhook()
        else:
            await polling.poll(self._api, self._intake.take, self._show)

    async def _connect(self) -> None:
        """Take up what was left, find out who we are, introduce ourselves, say how to be told."""
        patience = Patience(self._show)
        while True:
            try:
                await self._intake.resume()
                self._me = await self._api.start()
                self._known.set()
                await self._introduce()
                if self._webhook_url:
                    await self._api.set_webhook(self._webhook_url, self._webhook_secret)
                    patience.recovered(State.WEBHOOK)
                elif (await self._webhook()).url:
                    log.warning(WEBHOOK_DROPPED)
                    await self._api.drop_webhook()
                return
            except BotError as error:
                await patience.wait_after(error)

    async def _webhook(self) -> Hook:
        try:
            return await self._api.webhook()
        except ChannelError:
            return Hook("")  # polling will be told, if there is one

    async def _introduce(self) -> None:
        """Register what the FAQ says of us, when it has changed; not worth a failed start."""
        shown = profile(self._desk.mind.faq)
        mark = hashlib.sha256(repr(shown).encode()).hexdigest()
        name = f"profile.{self._api.account}"
        if await self._memory.mark(name) == mark:
            return
        try:
            await self._api.introduce(shown)
        except ChannelError as error:
            log.warning("Telegram 的命令和简介没登记上，下次启动再试（%s）", error)
        else:
            await self._memory.set_mark(name, mark)

    async def _watch_webhook(self) -> None:
        """See now and then whether updates still come to us; explain it when they do not."""
        while True:
            await asyncio.sleep(_CHECK_WEBHOOK_S)
            try:
                hook = await self._api.webhook()
            except ChannelError as error:
                log.warning("Telegram 的回调网址没查到（%s）", error)
                continue
            if hook.url != self._webhook_url:
                state, explained = State.CONFLICT, WEBHOOK_TAKEN
            elif hook.waiting and hook.trouble:
                state, explained = State.ERROR, WEBHOOK_FAILS.format(trouble=hook.trouble)
            else:
                state, explained = State.WEBHOOK, ""
            if explained and self.state is not state:
                log.error(explained)
            self._show(state)

    def _show(self, state: State) -> None:
        self.state = state

    # ------------------------------------------------------------------ who it is for

    async def _route(self, incoming: Incoming, at: datetime) -> None:
        """Handle an update; raises StorageError, to be given it again."""
        match incoming.kind:
            case Kind.SHUT:
                if not incoming.private:
                    await self._staff.lose_group(incoming.chat_key, f"u{incoming.update_id}", at)
                return
            case Kind.MOVED:
                await self._chats.move_group(incoming.chat_key, f"telegram:{incoming.moved_to}")
                return
        if await self._letters.is_shut_out(incoming.chat_key):
            await self._outbox.revive(incoming.chat_key)
        if incoming.kind is Kind.BACK or await self._staff.take(incoming, at):
            return
        if incoming.kind is Kind.TAP:
            await self._parents.tap(incoming, at)
        elif incoming.private:
            await self._parents.hear(incoming, at)
        else:
            await self._known.wait()
            if self._me and self._parents.is_addressed(incoming, self._me):
                await self._parents.hear_in_group(incoming, at, self._me)
