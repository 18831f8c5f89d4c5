"""What the parents' page and the staff pages share: whose page sent it, streams that end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Send


def same_origin(request: Request) -> bool:
    """Return whether one of our own pages sent this, or no page at all (a program).

    Browsers name the sender in Sec-Fetch-Site; older ones, and all on plain http, only in Origin.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    return origin is None or urlsplit(origin).netloc.casefold() == host.casefold()


class EventStream(StreamingResponse):
    """Server-sent events whose generator is closed with the connection, not some time later."""

    def __init__(self, events: AsyncGenerator[str, None]) -> None:
        # A proxy that buffers would hold the events back.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._events = events

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._events):
            await super().stream_response(send)


async def either(first: asyncio.Event, second: asyncio.Event, timeout_s: float) -> bool:
    """Wait until one of the events is set; return False when the time ran out."""
    waits = [asyncio.ensure_future(event.wait()) for event in (first, second)]
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
