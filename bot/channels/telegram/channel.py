"""The Telegram channel: takes updates in, sends what the outbox holds, knows how it is doing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.routing import BaseRoute

from bot.channels.telegram import polling, rendering
from bot.channels.telegram.api import Api, Hook, Me
from bot.channels.telegram.news import News
from bot.channels.telegram.parents import Parents
from bot.channels.telegram.polling import Patience, State
from bot.channels.telegram.profile import profile
from bot.channels.telegram.staff import Staff
from bot.channels.telegram.update import Incoming, Kind, read
from bot.channels.telegram.webhook import webhook_routes
from bot.engine import Desk
from bot.errors import BadPayload, BotError, ChannelError, DeliveryError, StorageError
from bot.outbox import Outbox
from bot.storage.outbox import BLOCKED, OutboxStore, Outgoing
from bot.storage.staff_chats import StaffChats
from bot.storage.updates import Updates

log = logging.getLogger(__name__)

MOST_IN_HAND = 500
"""Chats being answered; beyond that no more updates are fetched until one is done."""
_AGAIN_S = 2.0
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
        self._staff = Staff(desk, api, self._memory, self._chats, outbox, self._parents)
        self._news = News(desk, self._memory, self._chats, outbox, self._staff)
        self._webhook_url, self._webhook_secret = webhook_url, webhook_secret
        self._queues: dict[str, deque[tuple[Incoming, datetime]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._me: Me | None = None
        self._known = asyncio.Event()
        """Set when we know who we are."""
        self._resumed = False
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
        return webhook_routes(self.take, self._webhook_secret)

    async def run(self) -> None:
        """Connect and serve until cancelled; what goes wrong is waited for, never raised."""
        beside = [asyncio.create_task(self._news.run())]
        try:
            while True:
                try:
                    await self._serve()
                except Exception:
                    self._show(State.ERROR)
                    log.exception("Telegram 停了一下，一分钟后再来；请把这段报告给开发者")
                    await asyncio.sleep(_START_AGAIN_S)
        finally:
            for task in (*beside, *self._workers.values()):
                task.cancel()
            await asyncio.gather(*beside, *self._workers.values(), return_exceptions=True)

    async def close(self) -> None:
        """Close the connections, when the outbox has stopped as well."""
        await self._api.close()

    async def _serve(self) -> None:
        await self._connect()
        if self._webhook_url:
            await self._watch_webhook()
        else:
            await polling.poll(self._api, self.take, self._show)

    async def _connect(self) -> None:
        """Take up what was left, find out who we are, introduce ourselves, say how to be told."""
        patience = Patience(self._show)
        while True:
            try:
                if not self._resumed:
                    await self._resume()
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

    # ------------------------------------------------------------------ taking in

    async def take(self, updates: list[Any]) -> None:
        """Write updates down and begin to handle the new ones; raises StorageError.

        When this returns, Telegram may forget them.
        """
        now = self._clock()
        found = []
        for update in updates:
            try:
                incoming = read(update)
            except BadPayload:
                continue
            if incoming is not None:
                found.append(incoming)
        new = await self._memory.write_down([(i.update_id, i.dump()) for i in found], now)
        begun: set[int] = set()
        for incoming in found:
            if incoming.update_id in new and incoming.update_id not in begun:
                begun.add(incoming.update_id)
                self._begin(incoming, now)
        if len(self._workers) > MOST_IN_HAND:
            await asyncio.wait(self._workers.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _resume(self) -> None:
        """Handle what was written down before a crash."""
        for text, at in await self._memory.unhandled():
            self._begin(Incoming.load(text), at)
        self._resumed = True

    def _begin(self, incoming: Incoming, at: datetime) -> None:
        """Handle it after what came before it in the same chat; danger goes first."""
        key = incoming.chat_key
        queue = self._queues.setdefault(key, deque())
        if len(queue) > 1 and incoming.private and self._parents.is_danger(incoming):
            queue.insert(1, (incoming, at))  # the first one is in hand already
        else:
            queue.append((incoming, at))
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(self._work(key))

    async def _work(self, key: str) -> None:
        try:
            while queue := self._queues.get(key):
                incoming, at = queue[0]
                try:
                    await self._handle(incoming, at)
                    await self._memory.handled([incoming.update_id])
                except StorageError as error:
                    log.error("update %s waits for the store: %s", incoming.update_id, error)
                    await asyncio.sleep(_AGAIN_S)
                    continue
                queue.popleft()
        finally:
            del self._workers[key]
            if not self._queues.get(key):
                self._queues.pop(key, None)

    async def _handle(self, incoming: Incoming, at: datetime) -> None:
        try:
            await self._route(incoming, at)
        except StorageError:
            raise
        except Exception:
            # What the desk stumbles over it answers itself; this is ours, and must not stop
            # everything behind it.
            log.exception("update %s could not be handled", incoming.update_id)

    async def _route(self, incoming: Incoming, at: datetime) -> None:
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
