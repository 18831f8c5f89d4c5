"""Server-sent events that tell an open staff page to look again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

from starlette.responses import StreamingResponse
from starlette.types import Send

from bot.engine import Desk
from bot.errors import BotError

BEAT_S = 15.0


class EventStream(StreamingResponse):
    """A stream whose generator is closed with the connection, not some time later."""

    def __init__(self, events: AsyncGenerator[str, None]) -> None:
        # a proxy that buffers would hold the events back
        headers = {"X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._events = events

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._events):
            await super().stream_response(send)


async def inbox_events(
    desk: Desk,
    still_signed_in: Callable[[], Awaitable[bool]],
    *,
    stopping: asyncio.Event,
    beat_s: float = BEAT_S,
) -> AsyncGenerator[str, None]:
    """Yield a `changed` event when an inquiry changed, a comment every `beat_s` seconds.

    Events carry nothing of the inquiry. Ends when the server stops, when the store fails (the
    browser comes back by itself), and with `signed-out` once the session is over.
    """
    with suppress(BotError), desk.subscribe_inbox() as changed:
        yield "retry: 3000\n\n"
        while True:
            await _either(changed, stopping, beat_s)
            if stopping.is_set():
                return
            if not await still_signed_in():
                yield "event: signed-out\ndata: 1\n\n"
                return
            if changed.is_set():
                changed.clear()
                yield "event: changed\ndata: 1\n\n"
            else:
                yield ": beat\n\n"


async def _either(first: asyncio.Event, second: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in (first, second)]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
