"""Server-sent events: what staff wrote, pushed while the page is open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bot.doors import either
from bot.errors import BotError
from bot.model import Delivery

if TYPE_CHECKING:
    from bot.channels.web.routes import Desk, HistoryLine

HEARTBEAT_S = 15.0
RETRY_MS = 3000


def parse_id(value: str | None) -> int | None:
    """Return an event id out of a header or query, None when it is none.

    >>> parse_id("7"), parse_id(""), parse_id("-1"), parse_id("9" * 30)
    (7, None, None, None)
    """
    if value is None or not value.isascii() or not value.isdecimal() or len(value) > 18:
        return None
    return int(value)


def delivery_json(delivery: Delivery, history: Sequence[HistoryLine]) -> dict[str, Any]:
    """Return a delivery as the page reads it, with the name of who wrote it."""
    known_as = f"d{delivery.id}"
    who = next((line.who for line in reversed(history) if line.id == known_as), "bot")
    return {
        "id": delivery.id,
        "at": delivery.created_at.isoformat(),
        "who": who,
        "text": delivery.text,
        "choices": [choice.label for choice in delivery.choices],
        "inquiry": delivery.inquiry,
    }


async def stream(
    desk: Desk,
    session_key: str,
    after_id: int | None,
    *,
    stopping: asyncio.Event,
    heartbeat_s: float = HEARTBEAT_S,
) -> AsyncGenerator[str, None]:
    """Yield the event stream from after that id on; without one, from what was never sent.

    What staff have put before all answers comes first, and whenever it changes.
    Ends when the server stops or the store fails; the browser then comes back by itself.
    """
    with suppress(BotError), desk.subscribe(session_key) as stored:
        yield f"retry: {RETRY_MS}\n\n"
        shown: str | None = None
        last = after_id or 0
        unsent_only = after_id is None
        while not stopping.is_set():
            stored.clear()
            if (notice := await desk.notice()) != shown:
                shown = notice
                yield f"event: notice\ndata: {json.dumps(notice, ensure_ascii=False)}\n\n"
            new = await desk.deliveries_after(session_key, last)
            wanted = [d for d in new if not (unsent_only and d.sent_at)]
            history = await desk.history(session_key) if wanted else []
            for delivery in wanted:
                data = json.dumps(delivery_json(delivery, history), ensure_ascii=False)
                yield f"id: {delivery.id}\ndata: {data}\n\n"
                await desk.mark_sent([delivery.id])
            last = max([last, *(d.id for d in new)])
            unsent_only = False
            if not await either(stored, stopping, heartbeat_s):
                yield ": .\n\n"
