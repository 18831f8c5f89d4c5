"""The WeChat channel: answers in the response, sends what the outbox holds, knows its windows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from starlette.routing import BaseRoute

from bot.channels.wechat.api import NOT_ALLOWED, Api, Refused, delivery_error
from bot.channels.wechat.door import wechat_routes
from bot.channels.wechat.incoming import Incoming, Kind
from bot.channels.wechat.parents import CHANNEL, Parents, asks_for_more, session_key
from bot.channels.wechat.rendering import Renderer, plain
from bot.channels.wechat.wire import Secrets
from bot.engine import Desk
from bot.errors import ChannelError, DeliveryError, StorageError
from bot.outbox import Outbox
from bot.storage.outbox import QUOTA, WINDOW, OutboxStore, Outgoing
from bot.storage.passive import PassiveReplies
from bot.storage.updates import Updates
from bot.storage.windows import Windows

log = logging.getLogger(__name__)

TRIES = 3
"""How often the platform asks, five seconds apart, before the parent sees an error of its own."""
_LAST_AFTER = timedelta(seconds=9)
"""A try so long after the first one is the last, even if one between them was missed."""
_STORE_S = 0.4
_HOLD_S = 0.3
"""How long we wait, beyond the platform's patience, for it to hang up."""
_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_ROUND_S = 60.0
_SWEEP_EVERY = timedelta(hours=1)
_NO_PUSH_FOR = timedelta(days=1)
"""So long an account that may not send is not asked to again."""
_NO_PUSH, _NO_QUOTA = "no_push_until", "no_quota_until"

NO_PUSH = (
    "这个公众号没有客服消息接口（48001）：只在家长发话时当场回，回不完的请家长“回复任意文字”接着看，"
    "工作人员的话留到家长下次来。要能主动发，请认证公众号，一天后自动再试。"
)
NO_QUOTA = "今天的客服消息次数用完了（45009）：没发的都留着，过了零点自动再发。"


class State(StrEnum):
    """How the channel is doing, as /healthz shows it."""

    STARTING = "starting"
    ON = "on"
    PASSIVE = "passive"
    """Answers, but may not write by itself."""
    ERROR = "error"
    """Answers, but WeChat refuses our settings or cannot be reached."""


class WeChat:
    """One Official Account; also the outbox's way to it."""

    def __init__(
        self,
        desk: Desk,
        api: Api,
        outbox: Outbox,
        secrets: Secrets,
        clock: Callable[[], datetime],
        *,
        patience_s: float = 5.0,
    ) -> None:
        database = desk.store.database
        self._desk, self._api, self._outbox = desk, api, outbox
        self._secrets, self._clock = secrets, clock
        self._patience_s = patience_s
        """After so long the platform hangs up and asks again."""
        self._memory = Updates(database, CHANNEL)
        self._letters = OutboxStore(database)
        self._passive, self._windows = PassiveReplies(database), Windows(database)
        self._parents = Parents(desk, self._memory)
        self._tasks: dict[tuple[str, str], asyncio.Task[bool]] = {}
        self._may_push = api.has_secret
        self._quota_until: datetime | None = None
        self.state = State.STARTING

    def routes(self) -> list[BaseRoute]:
        """Return the address that the platform calls."""
        return wechat_routes(self.answer, self._secrets, self._clock)

    async def run(self) -> None:
        """Look after windows, quota and state until cancelled; nothing is raised."""
        swept: datetime | None = None
        while True:
            now = self._clock()
            try:
                await self._remember(now)
                if swept is None or now >= swept + _SWEEP_EVERY:
                    swept = now
                    await self._passive.sweep(now)
                    await self._windows.sweep(now)
            except StorageError as error:
                log.error("the windows cannot be looked after: %s", error)
            if self.state in (State.STARTING, State.ERROR):
                await self._connect()
            await asyncio.sleep(_ROUND_S)

    async def close(self) -> None:
        """Let what is being answered be finished; what hangs is handled at the next start."""
        if self._tasks:
            tasks = set(self._tasks.values())
            _, hanging = await asyncio.wait(tasks, timeout=self._patience_s)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._api.close()

    async def _remember(self, now: datetime) -> None:
        """Take up again what the account may not do, or may again."""
        quota = await self._memory.mark(_NO_QUOTA)
        self._quota_until = datetime.fromisoformat(quota) if quota else None
        if self._quota_until and now >= self._quota_until:
            self._quota_until = None
            await self._memory.set_mark(_NO_QUOTA, "")
            if await self._letters.revive_all(CHANNEL, QUOTA):
                self._outbox.wake()
        no_push = await self._memory.mark(_NO_PUSH)
        barred = bool(no_push) and now < datetime.fromisoformat(str(no_push))
        self._may_push = self._api.has_secret and not barred

    async def _connect(self) -> None:
        """See whether WeChat knows us; what is wrong is said once for each time it begins."""
        if not self._api.has_secret:
            self.state = State.PASSIVE
            return
        try:
            await self._api.connect()
        except ChannelError as error:
            self._show_trouble(error)
        else:
            self.state = State.ON if self._may_push else State.PASSIVE

    def _show_trouble(self, error: ChannelError) -> None:
        remedy = error.remedy if isinstance(error, Refused) else ""
        if self.state is not State.ERROR:
            log.error("微信：%s（%s）。家长的话照常当场回复", remedy or "连不上", error)
        self.state = State.ERROR

    # ------------------------------------------------------------------ sending

    @property
    def _renderer(self) -> Renderer:
        return Renderer(self._desk.mind.faq, links=self._may_push)

    def parts(self, item: Outgoing) -> int:
        """Return in how many messages the item is sent."""
        return len(self._renderer.parts(item))

    async def send(self, item: Outgoing, part: int) -> str | None:
        """Send one part of an item; raises DeliveryError."""
        parts = self._renderer.parts(item)
        if part < len(parts):
            await self._push(item, parts[part], more=part + 1 < len(parts))
        return None

    def together(self, items: Sequence[Outgoing]) -> int:
        """Return how many of the items fit whole into one message."""
        return self._renderer.together(items)[0]

    async def send_together(self, items: Sequence[Outgoing]) -> None:
        """Send the items as one message; raises DeliveryError."""
        await self._push(items[0], self._renderer.together(items)[1])

    async def _push(self, item: Outgoing, text: str, *, more: bool = False) -> None:
        """Send one message, as long as the platform lets us; count it."""
        now = self._clock()
        if not self._may_push:
            raise DeliveryError("the account may not send", retryable=False, reason=WINDOW)
        if self._quota_until and now < self._quota_until:
            raise DeliveryError("nothing more today", retryable=False, reason=QUOTA)
        try:
            left = await self._windows.left(item.session_key, now)
        except StorageError as error:
            raise DeliveryError(str(error), retryable=True) from None
        if left < 1:
            raise DeliveryError("the window has closed", retryable=False, reason=WINDOW)
        if more and left == 1:
            text = self._renderer.with_more(text)
        try:
            await self._api.send(item.chat, text)
        except ChannelError as error:
            with suppress(StorageError):
                await self._learn(item.session_key, error, now)
            raise delivery_error(error) from None
        with suppress(StorageError):  # the platform counts too, and says so
            await self._windows.spend(item.session_key, now)
        if self.state is State.ERROR:
            self.state = State.ON

    async def _learn(self, key: str, error: ChannelError, now: datetime) -> None:
        """Note what a refusal tells about the chat or the account."""
        reason = delivery_error(error).reason
        if isinstance(error, Refused) and error.code in NOT_ALLOWED:
            log.warning(NO_PUSH)
            self._may_push, self.state = False, State.PASSIVE
            await self._memory.set_mark(_NO_PUSH, (now + _NO_PUSH_FOR).isoformat())
        elif isinstance(error, Refused) and error.remedy:
            self._show_trouble(error)
        elif reason == WINDOW:
            await self._windows.shut(key)
        elif reason == QUOTA:
            log.warning(NO_QUOTA)
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            self._quota_until = midnight + timedelta(days=1, minutes=5)
            await self._memory.set_mark(_NO_QUOTA, self._quota_until.isoformat())

    # ------------------------------------------------------------------ answering

    async def answer(self, incoming: Incoming, gone: Callable[[], Awaitable[bool]]) -> str:
        """Return what the response says, empty for silence; `gone` tells if nobody waits for it.

        One task handles a message, whoever asks for it how often; what the response says is
        decided once and stored. What is not ready in time is sent by the outbox, or kept.
        """
        until = asyncio.get_running_loop().time() + self._patience_s
        in_time = until - self._patience_s / 10
        key, now = session_key(incoming), self._clock()
        if incoming.kind is Kind.LEAVE:
            with suppress(StorageError):
                await self._windows.shut(key)
            return ""
        try:
            arrival = await self._passive.arrived(key, incoming.key, now)
            if arrival.said is not None:
                return arrival.said
            if incoming.window:
                await self._windows.open(key, incoming.window, arrival.first_at)
            if asks_for_more(incoming, self._desk.mind.faq):
                rest = await self._rest(incoming, key, in_time)
                if rest is not None:
                    return rest
            task = self._begin(incoming, key)
            done = await _within(task, in_time)
            last = arrival.tries >= TRIES or now - arrival.first_at >= _LAST_AFTER
            if not done and not last and not self._danger(incoming):
                await _held(gone, until + _HOLD_S)
                done = task.done()
            if not done:
                return await self._too_late(incoming, key, task)
            if not task.result():
                return self._unstored(incoming)
            if await gone():
                return ""  # undecided: the next try, or the outbox, says it
            return await self._decide(incoming, key)
        except StorageError as error:
            log.error("a message waits for the store: %s", error)
            return self._unstored(incoming)

    def _begin(self, incoming: Incoming, key: str) -> asyncio.Task[bool]:
        """Return the one task that handles it."""
        name = (key, incoming.key)
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = asyncio.create_task(self._handle(incoming, key))
            task.add_done_callback(lambda _: self._tasks.pop(name, None))
        return task

    async def _handle(self, incoming: Incoming, key: str) -> bool:
        """Hand it to the desk; return whether it was stored and answered."""
        at = self._clock()
        for wait_s in (*_AGAIN_S, None):
            try:
                await self._parents.hear(incoming, at)
                await self._passive.settle(key, incoming.key, self._clock(), push=self._may_push)
                self._outbox.wake()
                return True
            except StorageError as error:
                # Another process may just be handling it: then the reply is there next time.
                log.warning("message %s is tried again: %s", incoming.key, error)
                if wait_s is not None:
                    await asyncio.sleep(wait_s)
        return False

    async def _decide(self, incoming: Incoming, key: str) -> str:
        push = self._may_push and await self._windows.left(key, self._clock()) > 0
        renderer = self._renderer
        said = await self._passive.decide(
            key,
            incoming.key,
            lambda kept, own: renderer.composed(kept, own, push=push),
            self._clock(),
            push=push,
        )
        self._outbox.wake()
        return said

    async def _rest(self, incoming: Incoming, key: str, until: float) -> str | None:
        """Return the rest of what we were saying, None when there is nothing to go on with."""
        if not await self._passive.promised(key):
            return None
        busy = [task for (chat, _), task in self._tasks.items() if chat == key]
        for task in busy:
            if not await _within(task, until):
                slow = plain(self._desk.mind.faq.say("wx_slow"))
                return await self._passive.give(key, incoming.key, slow, self._clock(), more=True)
        return await self._decide(incoming, key) or None

    async def _too_late(self, incoming: Incoming, key: str, task: asyncio.Task[bool]) -> str:
        """Return what is said while the reply is not ready; in danger, the emergency's words."""
        said, more, instead = "", False, False
        if danger := self._danger(incoming):
            said, instead = plain(danger), True
        elif not self._may_push:
            said, more = plain(self._desk.mind.faq.say("wx_slow")), True
        now = self._clock()
        try:
            giving = self._passive.give(key, incoming.key, said, now, more=more, instead=instead)
            said = await asyncio.wait_for(giving, _STORE_S)
            if task.done():
                await self._passive.settle(key, incoming.key, now, push=self._may_push)
        except (TimeoutError, StorageError):
            log.warning("message %s: what was said could not be noted", incoming.key)
        return said

    def _unstored(self, incoming: Incoming) -> str:
        """Return what is said when the store does not answer."""
        return plain(self._danger(incoming) or self._desk.mind.faq.say("wx_busy"))

    def _danger(self, incoming: Incoming) -> str:
        """Return the emergency's words if the message tells of one, whatever else fails."""
        kind = self._desk.mind.danger.sense(incoming.text) if incoming.text else None
        return kind.reply if kind else ""


async def _within(task: asyncio.Task[bool], until: float) -> bool:
    """Return whether the task is done by then; it goes on in any case."""
    wait_s = until - asyncio.get_running_loop().time()
    await asyncio.wait({task}, timeout=max(wait_s, 0))
    return task.done()


async def _held(gone: Callable[[], Awaitable[bool]], until: float) -> None:
    """Return when the caller has hung up, or by then at the latest."""
    clock = asyncio.get_running_loop().time
    while clock() < until and not await gone():  # noqa: ASYNC110 - a request tells only when asked
        await asyncio.sleep(0.05)
