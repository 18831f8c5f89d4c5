"""A count that a page does not wait for: the last one is shown while a new one is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.errors import BotError

log = logging.getLogger(__name__)

LARGE = 1_000
"""What is counted from fewer things is counted at once."""
PATIENCE_S = 1.0
"""A count behind the page waits so long: the page goes first, and what is asked for with it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Count(Generic[T]):
    """What was counted, from how many things, when, and how far the store had come."""

    value: T
    size: int
    at: datetime
    state: object


class Recount(Generic[T]):
    """Counts anew when the store has moved on: at once, or behind the page when it takes long."""

    def __init__(
        self, count: Callable[[], Awaitable[tuple[T, int]]], now: Callable[[], datetime]
    ) -> None:
        self._count, self._now = count, now
        self._last: Count[T] | None = None
        self._counting = asyncio.Lock()
        self._behind: asyncio.Task[None] | None = None

    async def get(self, state: object) -> Count[T]:
        """Return the count, its `state` an older one while a new count is still being made."""
        last = self._last
        if last is None or (last.state != state and last.size < LARGE):
            return await self._counted(state)
        if last.state != state and (self._behind is None or self._behind.done()):
            self._behind = asyncio.create_task(self._later(state))
            self._behind.add_done_callback(_logged)
        return last

    async def _later(self, state: object) -> None:
        await asyncio.sleep(PATIENCE_S)
        await self._counted(state)

    async def _counted(self, state: object) -> Count[T]:
        async with self._counting:
            if self._last is None or self._last.state != state:
                value, size = await self._count()
                self._last = Count(value, size, self._now(), state)
            return self._last


def _logged(task: asyncio.Task[None]) -> None:
    """Say why a count failed; the page goes on showing the last one."""
    if not task.cancelled() and (error := task.exception()):
        # A store that was closed or is full says all there is to say.
        known = isinstance(error, BotError)
        log.warning("counting failed: %s", error, exc_info=None if known else error)
