"""Alerts to the staff's group robot: news for staff, in the format of WeCom group robots.

20 messages a minute, 2,048 bytes each (https://developer.work.weixin.qq.com/document/path/91770);
what comes faster is merged. The address holds the robot's key and is never logged. A message is
marked when the robot took it: an answer lost on the way makes it come twice, never not at all.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

import httpx

from bot.engine import Desk
from bot.errors import BotError, ConfigError
from bot.news import ALARMING, said
from bot.storage.news import Told
from bot.storage.updates import Updates

log = logging.getLogger(__name__)

LARGEST_BYTES = 2048
_LONGEST_WAIT_S = 300.0
_MARK = "told"
_HEAD = "家长咨询台："
_MORE = "……另有 {count} 件，请看收件箱。"


class StaffWebhook:
    """Tells a group robot each piece of news once."""

    def __init__(
        self,
        desk: Desk,
        url: str,
        *,
        a_window: int = 20,
        window_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not url.startswith(("https://", "http://")):
            raise ConfigError("BOT_STAFF_WEBHOOK_URL 不是网址；请填群机器人的 https 地址")
        self._desk, self._url = desk, url
        self._a_window, self._window_s, self._clock = a_window, window_s, clock
        self._memory = Updates(desk.store.database, "webhook")
        self._sent: deque[float] = deque(maxlen=a_window)
        self._failures = 0

    async def run(self) -> None:
        """Tell whenever there is news, until cancelled."""
        with self._desk.subscribe_inbox() as changed:
            async with httpx.AsyncClient(timeout=10) as client:
                while True:
                    changed.clear()
                    try:
                        wait_s = await self._look(client)
                    except BotError as error:
                        log.error("alerts for staff wait for the store: %s", error)
                        wait_s = 5.0
                    if wait_s is None:
                        await changed.wait()
                    else:
                        await asyncio.sleep(wait_s)

    async def _look(self, client: httpx.AsyncClient) -> float | None:
        """Tell what is new; return after how many seconds to look again, None for at news."""
        mark = await self._memory.mark(_MARK)
        told = await self._desk.store.news(int(mark or 0))
        standing = [each for each in told if each.stands]
        if standing:
            if (wait_s := self._full_for()) > 0:
                return wait_s
            if not await self._send(client, standing):
                self._failures += 1
                return min(self._window_s * float(2 ** min(self._failures - 1, 9)), _LONGEST_WAIT_S)
            self._failures = 0
        if told:
            await self._memory.set_mark(_MARK, str(told[-1].place))
        return None

    def _full_for(self) -> float:
        """Return for how many seconds the robot takes nothing more."""
        if len(self._sent) < self._a_window:
            return 0.0
        return self._sent[0] + self._window_s - self._clock()

    async def _send(self, client: httpx.AsyncClient, told: Sequence[Told]) -> bool:
        """Return whether the robot took it."""
        titles: dict[str, str] = {topic.topic: topic.title for topic in self._desk.mind.faq.topics}
        lines = [said(each.news, each.inquiry, titles) for each in told]
        text: dict[str, object] = {"content": merged(lines)}
        if any(each.news.kind in ALARMING for each in told):
            text["mentioned_list"] = ["@all"]
        self._sent.append(self._clock())
        try:
            answer = await client.post(self._url, json={"msgtype": "text", "text": text})
            code = answer.json().get("errcode") if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            # Its text may hold the address.
            log.warning("the staff robot cannot be reached: %s", type(error).__name__)
            return False
        if code == 0:
            return True
        log.warning("the staff robot refused: HTTP %s, errcode %s", answer.status_code, code)
        return False


def merged(lines: Sequence[str], largest: int = LARGEST_BYTES) -> str:
    """Return the lines as one message; those that do not fit are counted.

    >>> merged(["1001号 入学：有咨询要人接手"])
    '家长咨询台：\\n1001号 入学：有咨询要人接手'
    """
    for shown in range(len(lines), -1, -1):
        rest = [_MORE.format(count=len(lines) - shown)] if shown < len(lines) else []
        text = "\n".join([_HEAD, *lines[:shown], *rest])
        if len(text.encode()) <= largest:
            break
    return text
