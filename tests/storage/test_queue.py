"""What staff and the clock look for: the queue, the latest inquiry, what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from storage_desk import NOW, handle, message, raise_inquiry

from bot.model import Media, Status
from bot.storage.store import Store


async def test_the_queue_is_urgent_then_unowned_then_longest_waiting(store: Store) -> None:
    def hour(place: int) -> datetime:
        return NOW + timedelta(hours=place)

    waiting = Status.WAITING_STAFF
    owned = await raise_inquiry(store, Status.WITH_STAFF, at=hour(0))
    late = await raise_inquiry(store, waiting, at=hour(5))
    early = await raise_inquiry(store, waiting, at=hour(1), words="等很久了")
    done = await raise_inquiry(store, Status.RESOLVED, at=hour(2), urgent=True)
    newly_done = await raise_inquiry(store, Status.RESOLVED, at=hour(3))
    alarm = await raise_inquiry(store, Status.WITH_STAFF, at=hour(6), urgent=True)
    new_alarm = await raise_inquiry(store, waiting, at=hour(7), urgent=True)
    await handle(store, message("", "photo", media=Media.PHOTO), about=early.number)

    every = [new_alarm, alarm, early, late, owned, newly_done, done]
    assert [item.inquiry for item in await store.queue()] == every
    assert [item.inquiry for item in await store.queue(hour(3))] == every[:-1]
    assert [item.inquiry for item in await store.queue(limit=2)] == every[:2]
    [found] = [item for item in await store.queue() if item.inquiry == early]
    assert (found.words, found.messages) == ("等很久了", 2)


async def test_the_latest_inquiry_is_the_newest_unresolved(store: Store) -> None:
    assert await store.latest_inquiry("memory:p1") is None
    first = await raise_inquiry(store)
    second = await raise_inquiry(store, Status.RESOLVED)
    await raise_inquiry(store, user="p2")
    assert await store.latest_inquiry("memory:p1") == first
    async with store.transaction() as transaction:
        await transaction.save_inquiry(replace(first, status=Status.RESOLVED), [])
    assert await store.latest_inquiry("memory:p1") == second


async def test_due_is_what_nobody_touched_since(store: Store) -> None:
    answered = await raise_inquiry(store, Status.ANSWERED)
    asked = await raise_inquiry(store, Status.WITH_STAFF, Status.WAITING_PARENT)
    await raise_inquiry(store, Status.WAITING_STAFF)
    before = NOW - timedelta(microseconds=1)
    assert await store.due(answered_before=NOW, waiting_parent_before=NOW) == [answered, asked]
    assert await store.due(answered_before=before, waiting_parent_before=NOW) == [asked]
    assert await store.due(answered_before=NOW, waiting_parent_before=before) == [answered]
