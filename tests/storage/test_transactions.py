"""Transactions: all or nothing, one at a time, whatever happens to the task."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from storage_desk import NOW, WEEK, delivery, message, raise_inquiry

from bot.model import Session
from bot.storage.store import Store, Transaction
from tests.desk import unsent


async def count_up(transaction: Transaction, key: str = "memory:p1") -> None:
    """Read, let others run, then write what was read plus one."""
    session = await transaction.session(key, NOW - WEEK)
    await asyncio.sleep(0)
    await transaction.save_session(replace(session, misses=session.misses + 1))


async def counted(store: Store, key: str = "memory:p1") -> int:
    async with store.transaction() as transaction:
        return (await transaction.session(key, NOW - WEEK)).misses


async def test_two_coroutines_never_mix_their_transactions(store: Store) -> None:
    async def keep() -> None:
        for _ in range(30):
            async with store.transaction() as transaction:
                await count_up(transaction)

    async def fail() -> None:
        async with store.transaction() as transaction:
            await count_up(transaction)
            await count_up(transaction, "memory:p2")
            raise LookupError

    async def give_up() -> None:
        for _ in range(30):
            with pytest.raises(LookupError):
                await fail()

    await asyncio.gather(keep(), give_up(), keep(), give_up())
    assert await counted(store) == 60
    assert await counted(store, "memory:p2") == 0


async def test_readers_see_what_is_committed_while_somebody_writes(store: Store) -> None:
    inquiry = await raise_inquiry(store)
    wrote, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with store.transaction() as transaction:
            await transaction.queue_delivery(delivery(inquiry, "通知"))
            wrote.set()
            await go_on.wait()

    writing = asyncio.create_task(write())
    await wrote.wait()
    reading = asyncio.create_task(unsent(store))
    await asyncio.sleep(0.05)
    assert reading.done() is (store.database.path is not None)
    go_on.set()
    await writing
    await reading
    assert [each.text for each in await unsent(store)] == ["通知"]


@pytest.mark.parametrize("steps", range(25))
async def test_cancelled_at_any_point_nothing_or_everything_is_stored(
    store: Store, steps: int
) -> None:
    inquiry = await raise_inquiry(store)

    async def write() -> None:
        async with store.transaction() as transaction:
            await transaction.save_session(Session("memory:p1", misses=1))
            await transaction.save_words(inquiry.number, "王老师", "甲", NOW)
            await transaction.queue_delivery(delivery(inquiry, "乙"))

    task = asyncio.create_task(write())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    stored = (await counted(store), len(await unsent(store)))
    assert stored in ((0, 0), (1, 1))
    words = [item.text for item in await store.transcript(inquiry.number)]
    assert ("甲" in words) is (stored == (1, 1))


async def test_cancelled_in_the_middle_everything_is_rolled_back(store: Store) -> None:
    wrote = asyncio.Event()

    async def write() -> None:
        async with store.transaction() as transaction:
            await count_up(transaction)
            wrote.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    waiting = asyncio.create_task(store.write_down(message("排在后面")))
    await wrote.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await waiting
    assert await counted(store) == 0
    assert [said.text for said in await store.unhandled()] == ["排在后面"]


async def test_closing_waits_for_the_running_transaction(store: Store) -> None:
    began = asyncio.Event()

    async def write() -> None:
        async with store.transaction() as transaction:
            began.set()
            await asyncio.sleep(0.02)
            await count_up(transaction)

    task = asyncio.create_task(write())
    await began.wait()
    await store.close()
    await task


async def test_misuse_is_an_error_and_not_a_deadlock(store: Store) -> None:
    async with store.transaction() as transaction:
        with pytest.raises(RuntimeError, match="inside a transaction"):
            await store.unhandled()
        with pytest.raises(RuntimeError, match="inside a transaction"):
            await store.write_down(message("你好"))
        await count_up(transaction)
    with pytest.raises(RuntimeError, match="has ended"):
        await count_up(transaction)
    assert await counted(store) == 1
