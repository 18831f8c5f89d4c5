"""Fetching updates ourselves: confirmed only after they are written down, one poller only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from bot.channels.telegram.api import POLL_S, Api
from bot.channels.telegram.refusals import TakenElsewhere, TokenRefused
from bot.errors import BotError, DeliveryError, StorageError

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
TAKEN_WAIT_S = (30.0, 300.0)
"""How long to leave it to the other one: at first, at most."""
_REFUSED_WAIT_S = 300.0

TAKEN = (
    "Telegram 说：同一个机器人令牌正被另一个程序使用（409）。一个令牌只能由一个程序收消息，"
    "本台不去抢，先停着，{wait:.0f}秒后再看。请关掉另一个程序（也许是另一台机器上的咨询台），"
    "或给本台换一个机器人。没取走的消息 Telegram 会留 24 小时，不会丢。（{error}）"
)
REFUSED = (
    "Telegram 不认 BOT_TELEGRAM_TOKEN（或 BOT_TELEGRAM_API_URL 不是 Telegram 的接口）。"
    "请向 @BotFather 核对令牌后重启；网页不受影响。（{error}）"
)
REFUSED_CALL = (
    "Telegram 不接受本台的设置，多半是 BOT_TELEGRAM_WEBHOOK_URL 不对"
    "（要 https 开头，端口 443、80、88 或 8443）。{wait:.0f}秒后再试；网页不受影响。（{error}）"
)
STORE_FAILS = (
    "数据库这会儿写不进去，先不收 Telegram 的消息，{wait:.0f}秒后再试；"
    "没收的消息 Telegram 会留着，不会丢。（{error}）"
)
UNREACHABLE = "连不上 Telegram，{wait:.0f}秒后再试；网页不受影响，家长的消息不会丢。（{error}）"


class State(StrEnum):
    """How the channel is doing, for /healthz."""

    STARTING = "starting"
    POLLING = "polling"
    WEBHOOK = "webhook"
    CONFLICT = "conflict"
    ERROR = "error"


class Patience:
    """Waits longer from failure to failure, and says once what is wrong."""

    def __init__(self, show: Callable[[State], None]) -> None:
        self._show = show
        self._failures = 0
        self._said = ""

    def recovered(self, state: State) -> None:
        """Begin anew: it works."""
        if self._failures:
            log.warning("Telegram 恢复了")
        self._failures, self._said = 0, ""
        self._show(state)

    async def wait_after(self, error: BotError) -> None:
        """Explain the error in the log, then wait as long as it deserves."""
        self._failures += 1
        match error:
            case TakenElsewhere():
                first, longest = TAKEN_WAIT_S
                wait_s = min(first * 2.0 ** min(self._failures - 1, 9), longest)
                self._explain(TAKEN, wait_s, error, State.CONFLICT)
            case TokenRefused():
                wait_s = _REFUSED_WAIT_S
                self._explain(REFUSED, wait_s, error, State.ERROR)
            case DeliveryError(retry_after_s=float(asked)):
                wait_s = asked
                self._explain(UNREACHABLE, wait_s, error, State.ERROR)
            case DeliveryError(retryable=False):
                wait_s = _REFUSED_WAIT_S
                self._explain(REFUSED_CALL, wait_s, error, State.ERROR)
            case _:
                wait_s = min(FIRST_WAIT_S * 2.0 ** min(self._failures - 1, 9), LONGEST_WAIT_S)
                sentence = STORE_FAILS if isinstance(error, StorageError) else UNREACHABLE
                self._explain(sentence, wait_s, error, State.ERROR)
        await asyncio.sleep(wait_s)

    def _explain(self, sentence: str, wait_s: float, error: BotError, state: State) -> None:
        self._show(state)
        if self._said != sentence:
            self._said = sentence
            log.error(sentence.format(wait=wait_s, error=error))


async def poll(
    api: Api, take: Callable[[list[Any]], Awaitable[None]], show: Callable[[State], None]
) -> None:
    """Fetch updates and hand them to `take` until cancelled.

    Telegram forgets a batch when the next one is asked for by its offset, and that is not done
    before `take` has written it down.
    """
    patience, offset = Patience(show), None
    wait_s = 0
    while True:
        try:
            found = await api.updates(offset, wait_s)
            await take(found)
        except BotError as error:
            await patience.wait_after(error)
            wait_s = 0  # to see at once whether it works again
            continue
        patience.recovered(State.POLLING)
        wait_s = POLL_S
        ids = [u["update_id"] for u in found if isinstance(u, dict) and "update_id" in u]
        if ids:
            offset = max(ids) + 1
