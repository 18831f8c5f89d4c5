"""The outbox by itself: what no messenger shows."""

from __future__ import annotations

import asyncio

from bot.engine import wall_clock
from bot.outbox import Outbox
from bot.storage.outbox import OutboxStore
from bot.storage.store import Store


async def test_stopped_in_the_moment_it_is_woken_it_stops() -> None:
    store = await Store.open(None)
    try:
        for turns in range(12):
            outbox = Outbox(OutboxStore(store.database), {}, wall_clock)
            running = asyncio.create_task(outbox.run())
            await asyncio.sleep(0.02)
            outbox.wake()
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            done, _ = await asyncio.wait([running], timeout=5)
            assert done, f"it went on, {turns} turns of the loop after it was woken"
    finally:
        running.cancel()
        await store.close()
