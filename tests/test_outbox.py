"""The outbox by itself: what no messenger shows."""

from __future__ import annotations

import asyncio

import pytest

from bot.engine import wall_clock
from bot.errors import DeliveryError
from bot.outbox import Outbox
from bot.storage.outbox import OutboxStore, Outgoing
from bot.storage.store import Store
from bot.storage.updates import Updates


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


class Stumbling:
    """A messenger whose own code fails on one of the notes."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def parts(self, item: Outgoing) -> int:
        return 1

    async def send(self, item: Outgoing, part: int) -> str | None:
        del part
        if item.note == "bad":
            raise KeyError("no such button")
        self.sent.append(item.note)
        return None


async def test_what_the_channel_stumbles_over_holds_nothing_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, channel = await Store.open(None), Stumbling()
    try:
        notes = Updates(store.database, "telegram")
        for note in ("one", "bad", "two"):
            await notes.queue_note("telegram:7", note, key=note)
        outbox = Outbox(OutboxStore(store.database), {"telegram": channel}, wall_clock)
        running = asyncio.create_task(outbox.run())
        async with asyncio.timeout(10):
            while channel.sent != ["one", "two"]:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        running.cancel()
        await asyncio.wait([running])
    finally:
        await store.close()
    assert caplog.text.count("KeyError: 'no such button'") == 1, "it is tried once"


class Unreachable:
    """A messenger that nobody reaches."""

    def parts(self, item: Outgoing) -> int:
        return 1

    async def send(self, item: Outgoing, part: int) -> str | None:
        raise DeliveryError("no network", retryable=True)


async def test_however_long_a_network_is_down_it_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = await Store.open(None)
    try:
        await Updates(store.database, "telegram").queue_note("telegram:7", "note", key="note")
        async with store.database.transaction() as work:
            await work.rows("UPDATE outbox SET attempts = 100000")
        outbox = Outbox(OutboxStore(store.database), {"telegram": Unreachable()}, wall_clock)
        running = asyncio.create_task(outbox.run())
        async with asyncio.timeout(10):
            while "no network" not in caplog.text:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        running.cancel()
        await asyncio.wait([running])
        [row] = await store.database.rows("SELECT attempts, due_at FROM outbox")
    finally:
        await store.close()
    assert row["attempts"] == 100_001
    assert row["due_at"]
    assert caplog.text.count("no network") == 1
