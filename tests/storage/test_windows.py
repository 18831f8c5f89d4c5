"""Windows and what waits for one: counted, kept in order, brought back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.storage.outbox import HELD, QUOTA, WINDOW, Kind, OutboxStore, queue
from bot.storage.passive import Composed, PassiveReplies, Taken
from bot.storage.sqlite import Database
from bot.storage.store import Store
from bot.storage.windows import Window, Windows

NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)
WORDS, EVENT = Window("words", timedelta(hours=48), 5), Window("event", timedelta(minutes=1), 3)
CHAT = "wechat:o1"


async def arrive(database: Database, window: Window, at: datetime, name: str = "m") -> None:
    await PassiveReplies(database).arrived(CHAT, f"{name}{at}", at, window)


async def notes(store: Store, *places: int, due_at: datetime | None = None) -> OutboxStore:
    for place in places:
        async with store.database.transaction() as work:
            await queue(work, place, CHAT, Kind.NOTE, note=f"第{place}句", due_at=due_at)
    return OutboxStore(store.database)


async def test_the_window_that_closes_first_is_used_first() -> None:
    store = await Store.open(None)
    windows = Windows(store.database)
    await arrive(store.database, WORDS, NOW)
    await arrive(store.database, EVENT, NOW)
    assert await windows.left(CHAT, NOW) == 8
    for _ in range(4):
        await windows.spend(CHAT, NOW)
    assert await windows.left(CHAT, NOW) == 4
    assert await windows.left(CHAT, NOW + timedelta(minutes=2)) == 4
    assert await windows.left(CHAT, NOW + timedelta(hours=48)) == 0
    assert await windows.left("wechat:o2", NOW) == 0
    await store.close()


async def test_a_repeated_call_opens_nothing_anew_a_later_word_does(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "desk.sqlite3")
    windows = Windows(store.database)
    await arrive(store.database, WORDS, NOW)
    for _ in range(5):
        await windows.spend(CHAT, NOW)
    first = await PassiveReplies(store.database).arrived(
        CHAT, f"m{NOW}", NOW + timedelta(seconds=5), WORDS
    )
    assert (first.tries, first.first_at) == (2, NOW)
    assert await windows.left(CHAT, NOW) == 0
    await store.close()
    store = await Store.open(tmp_path / "desk.sqlite3")
    windows = Windows(store.database)
    assert await windows.left(CHAT, NOW) == 0
    await arrive(store.database, WORDS, NOW + timedelta(seconds=6))
    assert await windows.left(CHAT, NOW) == 5
    await windows.shut(CHAT)
    assert await windows.left(CHAT, NOW) == 0
    await store.close()


async def test_what_waits_for_the_parent_waits_in_order_and_comes_back_whole() -> None:
    store = await Store.open(None)
    letters = await notes(store, 1, 2, 3)
    first = await letters.next(CHAT)
    assert first is not None
    await letters.keep(first, WINDOW)
    assert await letters.waiting(["wechat"]) == []
    await notes(store, 4)
    head = await letters.next(CHAT)
    assert head is not None
    assert (head.place, head.reason) == (1, WINDOW)
    assert await letters.is_shut_out(CHAT)
    assert await letters.revive(CHAT)
    found = await letters.next_few(CHAT, 9)
    assert [(each.place, each.reason) for each in found] == [(n, None) for n in (1, 2, 3, 4)]
    await store.close()


async def test_a_days_quota_comes_back_by_itself_a_window_does_not() -> None:
    store = await Store.open(None)
    letters = await notes(store, 1)
    first = await letters.next(CHAT)
    assert first is not None
    await letters.keep(first, QUOTA)
    assert not await letters.revive_all("telegram", QUOTA)
    assert not await letters.revive_all("wechat", WINDOW)
    assert await letters.revive_all("wechat", QUOTA)
    assert await letters.waiting(["wechat"]) == [(CHAT, None)]
    await store.close()


async def test_a_response_is_decided_once_whoever_asks() -> None:
    store = await Store.open(None)
    letters = await notes(store, 1, 2)
    first = await letters.next(CHAT)
    assert first is not None
    await letters.keep(first, WINDOW)
    passive = PassiveReplies(store.database)
    said = await passive.decide(
        CHAT, "m1", lambda kept, _: Composed("甲", (Taken(kept[0], 1, True),)), NOW, push=False
    )
    again = await passive.decide(CHAT, "m1", lambda *_: Composed("乙"), NOW, push=False)
    assert (said, again) == ("甲", "甲")
    assert await passive.give(CHAT, "m1", "丙", NOW) == "甲"
    [left] = await letters.next_few(CHAT, 9)
    assert (left.place, left.reason) == (2, WINDOW)
    await passive.decide(CHAT, "m2", lambda *_: Composed(""), NOW, push=True)
    [left] = await letters.next_few(CHAT, 9)
    assert left.reason is None
    assert left.due_at is not None
    assert left.due_at > NOW
    await store.close()


def test_a_reply_is_left_to_the_response_for_longer_than_three_tries_take() -> None:
    assert HELD["wechat"] > timedelta(seconds=15)
