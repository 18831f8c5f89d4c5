"""What doors over HTTP share: whose page sent it, how much is read, streams that end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Send

_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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


async def body_within(request: Request, most: int) -> bytes | None:
    """Return the body; None when it is longer than so many bytes, which are all that is kept."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def clean(text: str) -> str:
    """Return the text without what no database keeps: halves of surrogate pairs, controls.

    >>> clean("好\\ud83d\\x00\\r\\n吗")
    '好�\\n吗'
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNWANTED.sub("", whole.replace("\r\n", "\n"))


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
