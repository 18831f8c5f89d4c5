"""What the response to a call says: the reply if it is ready in time, decided once and stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta

from bot.channels.wechat.incoming import Incoming, Kind
from bot.channels.wechat.parents import Parents, asks_for_more, session_key
from bot.channels.wechat.rendering import Renderer, alone
from bot.engine import Desk
from bot.errors import StorageError
from bot.outbox import Outbox
from bot.storage.outbox import OutboxStore
from bot.storage.passive import PassiveReplies
from bot.storage.windows import Windows

log = logging.getLogger(__name__)

TRIES = 3
"""How often the platform asks, five seconds apart, before the parent sees an error of its own."""
_LAST_AFTER = timedelta(seconds=9)
"""A try so long after the first one is the last, even if one between them was missed."""
_AT_ONCE = 8
_HOLD_S = 0.3
"""How long we wait, beyond the platform's patience, for it to hang up."""
_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class Answering:
    """One task handles a message, whoever asks for it how often.

    What is not ready in time, or does not fit, is sent by the outbox, or kept by it for the
    parent's next word when the account may not send.
    """

    def __init__(
        self,
        desk: Desk,
        outbox: Outbox,
        parents: Parents,
        renderer: Callable[[], Renderer],
        clock: Callable[[], datetime],
        *,
        patience_s: float,
    ) -> None:
        database = desk.store.database
        self._desk, self._outbox, self._parents = desk, outbox, parents
        self._renderer, self._clock = renderer, clock
        self._patience_s = patience_s
        self._passive, self._windows = PassiveReplies(database), Windows(database)
        self._letters = OutboxStore(database)
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._tasks: dict[tuple[str, str], asyncio.Task[bool]] = {}
        self._newest: dict[str, asyncio.Task[bool]] = {}
        """The task of each parent's last message."""
        self._notes: set[asyncio.Task[None]] = set()
        self.may_push = False
        """Whether the account may send by itself, apart from each chat's window."""

    async def close(self) -> None:
        """Let what is being answered be finished; what hangs is handled at the next start."""
        if self._tasks:
            tasks = set(self._tasks.values())
            _, hanging = await asyncio.wait(tasks, timeout=self._patience_s)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def answer(self, incoming: Incoming, gone: Callable[[], Awaitable[bool]]) -> str:
        """Return what the response says, empty for silence; `gone` tells if nobody waits for it."""
        until = asyncio.get_running_loop().time() + self._patience_s
        in_time = until - self._patience_s / 10
        key, now = session_key(incoming), self._clock()
        if incoming.kind is Kind.LEAVE:
            with suppress(StorageError):
                await self._windows.shut(key)
            return ""
        try:
            arrival = await self._passive.arrived(key, incoming.key, now, incoming.window)
            if arrival.said is not None:
                return arrival.said
            if asks_for_more(incoming, self._desk.mind.faq):
                rest = await self._rest(incoming, key, in_time)
                if rest is not None:
                    return rest
            task = self._begin(incoming, key)
            done = await _within(task, in_time)
            # Without the customer-service API the platform's next try is the only way to be heard.
            last = arrival.tries >= TRIES or now - arrival.first_at >= _LAST_AFTER
            if not (done or last or self.may_push or self._danger(incoming)):
                await _held(gone, until + _HOLD_S)
                done = task.done()
            if await gone():
                return ""  # undecided: the next try, or the outbox, says it
            if not done:
                return self._too_late(incoming, key, task)
            if not task.result():
                return self._unstored(incoming)
            return await self._decide(incoming, key)
        except StorageError as error:
            log.error("a message waits for the store: %s", error)
            return self._unstored(incoming)

    def _begin(self, incoming: Incoming, key: str) -> asyncio.Task[bool]:
        """Return the one task that handles it."""
        name = (key, incoming.key)
        task = self._tasks.get(name)
        if task is None:
            work = self._handle(incoming, key, self._newest.get(key))
            task = self._tasks[name] = self._newest[key] = asyncio.create_task(work)

            def forget(done: asyncio.Task[bool]) -> None:
                self._tasks.pop(name, None)
                if self._newest.get(key) is done:
                    del self._newest[key]

            task.add_done_callback(forget)
        return task

    async def _handle(
        self, incoming: Incoming, key: str, before: asyncio.Task[bool] | None
    ) -> bool:
        """Hand it to the desk; return whether it was stored and answered.

        A parent's messages wait for one another, and in a rush the first come are answered in
        time, the others at their next try. Danger waits for nobody.
        """
        at = self._clock()
        turn = nullcontext() if self._danger(incoming) else self._at_once
        if before is not None and turn is self._at_once:
            await asyncio.wait({before})
        for wait_s in (*_AGAIN_S, None):
            try:
                async with turn:
                    await self._parents.hear(incoming, at)
                await self._passive.settle(key, incoming.key, self._clock(), push=self.may_push)
                self._outbox.wake()
                return True
            except StorageError as error:
                # Another process may just be handling it: then the reply is there next time.
                log.warning("message %s is tried again: %s", incoming.key, error)
                if wait_s is not None:
                    await asyncio.sleep(wait_s)
            except Exception:
                # What the desk stumbles over it answers itself; this is ours.
                log.exception("message %s could not be handled", incoming.key)
                break
        return False

    async def _decide(self, incoming: Incoming, key: str) -> str:
        # It came just now, so its window is open.
        push, renderer = self.may_push, self._renderer()
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
                slow = alone(self._desk.mind.faq.say("wx_slow"))
                return await self._passive.give(key, incoming.key, slow, self._clock(), more=True)
        if not await self._letters.is_shut_out(key):
            return None
        return await self._decide(incoming, key)

    def _too_late(self, incoming: Incoming, key: str, task: asyncio.Task[bool]) -> str:
        """Return what is said while the reply is not ready; in danger, the emergency's words.

        It is noted behind the response: the store may be what takes so long.
        """
        said, more, instead = "", False, False
        if danger := self._danger(incoming):
            said, instead = alone(danger), True
        elif not self.may_push:
            said, more = alone(self._desk.mind.faq.say("wx_slow")), True

        async def note() -> None:
            now = self._clock()
            try:
                await self._passive.give(key, incoming.key, said, now, more=more, instead=instead)
                if task.done():
                    await self._passive.settle(key, incoming.key, now, push=self.may_push)
                    self._outbox.wake()
            except StorageError as error:
                log.warning("message %s: what was said is not noted: %s", incoming.key, error)

        noting = asyncio.create_task(note())
        self._notes.add(noting)
        noting.add_done_callback(self._notes.discard)
        return said

    def _unstored(self, incoming: Incoming) -> str:
        """Return what is said when the store does not answer."""
        return alone(self._danger(incoming) or self._desk.mind.faq.say("wx_busy"))

    def _danger(self, incoming: Incoming) -> str:
        """Return the emergency's words if the message tells of one, whatever else fails."""
        kind = self._desk.mind.sense(incoming.text) if incoming.text else None
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
