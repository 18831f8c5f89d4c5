"""Updates on their way in: written down, then handled one after the other in each chat."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from bot.channels.telegram.update import Incoming, read
from bot.errors import BadPayload, StorageError
from bot.storage.updates import Updates

log = logging.getLogger(__name__)

MOST_IN_HAND = 500
"""Chats being answered; beyond that no more updates are taken until one is done."""
_AGAIN_S = 2.0


class Intake:
    """Takes updates over from Telegram and has each handled, whatever happens in between."""

    def __init__(
        self,
        memory: Updates,
        clock: Callable[[], datetime],
        handle: Callable[[Incoming, datetime], Awaitable[None]],
        goes_first: Callable[[Incoming], bool],
    ) -> None:
        self._memory, self._clock = memory, clock
        self._handle, self._goes_first = handle, goes_first
        self._queues: dict[str, deque[tuple[Incoming, datetime]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._resumed = False

    @property
    def busy(self) -> bool:
        """Return whether anything is in hand."""
        return bool(self._workers)

    async def take(self, updates: list[Any]) -> None:
        """Write updates down and begin to handle the new ones; raises StorageError.

        When this returns, Telegram may forget them.
        """
        now = self._clock()
        found: dict[int, Incoming] = {}
        for update in updates:
            try:
                incoming = read(update)
            except BadPayload:
                continue
            if incoming is not None:
                found.setdefault(incoming.update_id, incoming)
        new = await self._memory.write_down([(i, each.dump()) for i, each in found.items()], now)
        for update_id, incoming in found.items():
            if update_id in new:
                self._begin(incoming, now)
        if len(self._workers) > MOST_IN_HAND:
            await asyncio.wait(self._workers.values(), return_when=asyncio.FIRST_COMPLETED)

    async def resume(self) -> None:
        """Handle what was written down before a crash; raises StorageError."""
        if self._resumed:
            return
        for text, at in await self._memory.unhandled():
            self._begin(Incoming.load(text), at)
        self._resumed = True

    async def stop(self) -> None:
        """Leave what is in hand for the next start."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def _begin(self, incoming: Incoming, at: datetime) -> None:
        """Handle it after what came before it in the same chat, but for what goes first."""
        key = incoming.chat_key
        queue = self._queues.setdefault(key, deque())
        if len(queue) > 1 and incoming.private and self._goes_first(incoming):
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
                    await self._handled(incoming, at)
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

    async def _handled(self, incoming: Incoming, at: datetime) -> None:
        try:
            await self._handle(incoming, at)
        except StorageError:
            raise
        except Exception:
            # What the desk stumbles over it answers itself; this is ours, and must not stop
            # everything behind it.
            log.exception("update %s could not be handled", incoming.update_id)
