"""The WeChat channel: answers in the response, sends what the outbox holds, knows its windows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from starlette.routing import BaseRoute

from bot.channels.wechat.answering import Answering
from bot.channels.wechat.api import NOT_ALLOWED, Api, Refused, delivery_error
from bot.channels.wechat.door import wechat_routes
from bot.channels.wechat.parents import CHANNEL, Parents
from bot.channels.wechat.rendering import Renderer
from bot.channels.wechat.wire import Secrets
from bot.engine import Desk
from bot.errors import ChannelError, DeliveryError, StorageError
from bot.outbox import Outbox
from bot.storage.outbox import QUOTA, WINDOW, OutboxStore, Outgoing
from bot.storage.passive import PassiveReplies
from bot.storage.updates import Updates
from bot.storage.windows import Windows

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""After so long the platform hangs up and asks again."""
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
        patience_s: float = PATIENCE_S,
    ) -> None:
        database = desk.store.database
        self._desk, self._api, self._outbox = desk, api, outbox
        self._secrets, self._clock = secrets, clock
        self._memory = Updates(database, CHANNEL)
        self._letters = OutboxStore(database)
        self._passive, self._windows = PassiveReplies(database), Windows(database)
        parents = Parents(desk, self._memory)
        self._answering = Answering(
            desk, outbox, parents, lambda: self._renderer, clock, patience_s=patience_s
        )
        self._answering.may_push = api.has_secret
        self._quota_until: datetime | None = None
        self.state = State.STARTING

    def routes(self) -> list[BaseRoute]:
        """Return the address that the platform calls."""
        return wechat_routes(self._answering.answer, self._secrets, self._clock)

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
        """Finish what is being answered, then close the connections."""
        await self._answering.close()
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
        self._answering.may_push = self._api.has_secret and not barred

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
            self.state = State.ON if self._answering.may_push else State.PASSIVE

    def _show_trouble(self, error: ChannelError) -> None:
        remedy = error.remedy if isinstance(error, Refused) else ""
        if self.state is not State.ERROR:
            log.error("微信：%s（%s）。家长的话照常当场回复", remedy or "连不上", error)
        self.state = State.ERROR

    # ------------------------------------------------------------------ sending

    @property
    def _renderer(self) -> Renderer:
        return Renderer(self._desk.mind.faq, links=self._answering.may_push)

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
        if not self._answering.may_push:
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
            self._answering.may_push, self.state = False, State.PASSIVE
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
