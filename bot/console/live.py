"""Server-sent events that tell an open staff page to look again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from bot.doors import either
from bot.engine import Desk
from bot.errors import BotError

BEAT_S = 15.0


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
            await either(changed, stopping, beat_s)
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
