"""The one outbox: what is still to be sent, to whom, and when it may be.

A reply or delivery is put in with the transaction that says it (`bot.storage.outbox`) and marked
when the platform has taken it. So a crash loses nothing; one between the platform's yes and our
mark, or an answer of the platform lost on the way, can make a part arrive twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Protocol, runtime_checkable

from bot.errors import DeliveryError, StorageError
from bot.storage.outbox import BLOCKED, COMES_BACK, OutboxStore, Outgoing

log = logging.getLogger(__name__)

CHATS_AT_ONCE = 64
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
HOLD_S = 3.0
"""How long everybody waits, at most, when the platform told one chat to slow down."""
STOP_S = 3.0
MOST_TOGETHER = 20
KEEP = timedelta(days=90)
"""How long it is remembered what was sent."""
_MARK_AGAIN_S = 1.0
_SWEEP_EVERY = timedelta(hours=6)


class PushChannel(Protocol):
    """A messenger that we send to."""

    def parts(self, item: Outgoing) -> int:
        """Return in how many messages the item is sent; always the same for the same item."""
        ...

    async def send(self, item: Outgoing, part: int) -> str | None:
        """Send one part; return the platform's id of it. Raises DeliveryError and nothing else."""
        ...


@runtime_checkable
class MergingChannel(PushChannel, Protocol):
    """A messenger that counts our messages: short ones go together, as one."""

    def together(self, items: Sequence[Outgoing]) -> int:
        """Return how many of the items, from the first, fit whole into one message."""
        ...

    async def send_together(self, items: Sequence[Outgoing]) -> None:
        """Send the items as one message. Raises DeliveryError and nothing else."""
        ...


class Outbox:
    """Sends each chat's messages one after the other, different chats' side by side."""

    def __init__(
        self,
        store: OutboxStore,
        channels: Mapping[str, PushChannel],
        clock: Callable[[], datetime],
        on_kept: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._on_kept = on_kept
        """Called when something could not be sent and is kept: staff want to know."""
        self._woken = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._held_until: dict[str, datetime] = {}
        self._sweep_at: datetime | None = None
        self._stopping = False

    def wake(self) -> None:
        """Look at once for something to send."""
        self._woken.set()

    async def revive(self, session_key: str) -> None:
        """Send what was kept for that parent: they are there again."""
        if await self._store.revive(session_key):
            self.wake()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    wait_s = await self._start_due()
                    await self._sweep()
                except StorageError as error:
                    log.error("the outbox cannot be read: %s", error)
                    wait_s = 5.0
                with suppress(TimeoutError):
                    # wait_for would swallow a cancellation that comes as it is woken (3.11).
                    async with asyncio.timeout(wait_s):
                        await self._woken.wait()
        finally:
            await self._stop()

    async def _stop(self) -> None:
        """Let what is under way arrive and be marked; what hangs is cut off, and sent again."""
        self._stopping = True
        sending = set(self._sending.values())
        if sending:
            _, hanging = await asyncio.wait(sending, timeout=STOP_S)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def _start_due(self) -> float:
        """Begin to send what is due; return the seconds until more is."""
        now = self._clock()
        wait_s = LONGEST_WAIT_S
        for session_key, due_at in await self._store.waiting(self._channels):
            if session_key in self._sending:
                continue
            if len(self._sending) >= CHATS_AT_ONCE:
                break
            held = self._held_until.get(session_key.partition(":")[0])
            begin = max((at for at in (due_at, held) if at is not None), default=now)
            if begin > now:
                wait_s = min(wait_s, (begin - now).total_seconds())
                continue
            self._sending[session_key] = asyncio.create_task(self._send_all(session_key))
        return max(wait_s, 0.01)

    async def _send_all(self, session_key: str) -> None:
        """Send what is due to one chat, oldest first, until something has to wait."""
        try:
            while not self._stopping:
                item = await self._store.next(session_key)
                if item is None or not self._due(item):
                    return
                if item.reason in COMES_BACK and item.reason != BLOCKED:
                    # Only the parent's return brings it forward; what came after it waits too.
                    await self._keep(item, item.reason)
                    return
                if not await self._send(item):
                    return
        except StorageError as error:
            log.error("sending waits for the store: %s", error)
            await asyncio.sleep(_MARK_AGAIN_S)
        finally:
            del self._sending[session_key]
            self.wake()

    async def _send(self, item: Outgoing) -> bool:
        """Send one item; return whether the next one may follow."""
        channel = self._channels[item.channel]
        part = item.parts_sent
        try:
            if isinstance(channel, MergingChannel) and await self._sent_together(channel, item):
                return True
            parts = channel.parts(item)
            while part < parts:
                message_id = await channel.send(item, part)
                part += 1
                await self._mark(item, part, part >= parts, message_id)
            if part >= parts and item.parts_sent >= parts:
                await self._mark(item, part, True, None)
        except DeliveryError as error:
            return await self._failed(item, error)
        except StorageError:
            raise
        except Exception:
            # What the channel itself stumbles over would stumble again, and hold up the chat.
            log.exception("place %s cannot be put into a message and is kept", item.place)
            return await self._failed(item, DeliveryError("unsendable", retryable=False))
        return True

    async def _sent_together(self, channel: MergingChannel, item: Outgoing) -> bool:
        """Send the item with those behind it, if several fit into one message."""
        waiting = await self._store.next_few(item.session_key, MOST_TOGETHER)
        items = list(takewhile(lambda each: each.reason is None and self._due(each), waiting))
        count = channel.together(items) if items[:1] == [item] else 0
        if count < 2:
            return False
        await channel.send_together(items[:count])
        await self._until_stored(lambda: self._store.all_sent(items[:count], self._clock()))
        return True

    def _due(self, item: Outgoing) -> bool:
        return item.due_at is None or item.due_at <= self._clock()

    async def _mark(self, item: Outgoing, part: int, last: bool, message_id: str | None) -> None:
        await self._until_stored(
            lambda: self._store.part_sent(
                item, part, last=last, message_id=message_id, now=self._clock()
            )
        )

    async def _until_stored(self, note: Callable[[], Awaitable[None]]) -> None:
        """Note what was sent, however long the store takes: unmarked, it would be sent again."""
        while True:
            try:
                await note()
                return
            except StorageError as error:
                log.error("something was sent but cannot be marked yet: %s", error)
                await asyncio.sleep(_MARK_AGAIN_S)

    async def _keep(self, item: Outgoing, reason: str) -> None:
        await self._store.keep(item, reason)
        self._on_kept()

    async def _failed(self, item: Outgoing, error: DeliveryError) -> bool:
        if not error.retryable:
            log.warning("place %s is kept unsent: %s (%s)", item.place, error.reason, error)
            await self._keep(item, error.reason)
            return error.reason not in COMES_BACK
        now = self._clock()
        wait_s = error.retry_after_s
        if wait_s is None:
            wait_s = min(FIRST_WAIT_S * 2.0 ** min(item.attempts, 10), LONGEST_WAIT_S)
            log.warning("place %s waits %.0f s: %s", item.place, wait_s, error)
        else:
            held = now + timedelta(seconds=min(wait_s, HOLD_S))
            self._held_until[item.channel] = held
            log.warning("place %s waits %.0f s, as the platform asks", item.place, wait_s)
        await self._store.postpone(item, now + timedelta(seconds=wait_s))
        return False

    async def _sweep(self) -> None:
        now = self._clock()
        if self._sweep_at is None or now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_EVERY
            await self._store.sweep(now - KEEP)
