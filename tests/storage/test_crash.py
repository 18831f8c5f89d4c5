"""What survives kill -9, a full disk, and another process on the same file."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from storage_desk import NOW, WEEK, handle, message, raise_inquiry, run_here

from bot.errors import StorageError
from bot.model import Reply, Status
from bot.storage.store import Store

DIE = """
import asyncio, sys
from pathlib import Path
from storage_desk import *

async def main():
    store = await Store.open(Path(sys.argv[1]))
    await handle(store, message("已经答过的", "m1"), Reply("答过了"), new=True)
    await store.write_down(message("写下来就不能丢", "m2"))
    async with store.transaction() as transaction:
        session = await transaction.session("memory:p1", NOW - WEEK)
        said = message("写下来就不能丢", "m2")
        turn = Turn(said, Decision.ANSWER, (Reply("半截"),), (), 0, (), None)
        await transaction.finish(turn, session, [])
        await transaction.save_words("1001", "王老师", "半截", NOW)
        print("ready", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""

COUNT = """
import asyncio, sys
from pathlib import Path
from storage_desk import *

async def main():
    store = await Store.open(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    for place in range(300):
        async with store.transaction() as transaction:
            session = await transaction.session("memory:p1", NOW - WEEK)
            [inquiry] = session.inquiries
            await transaction.save_session(replace(session, misses=session.misses + 1))
            await transaction.queue_delivery(delivery(inquiry, f"{sys.argv[2]} {place}"))
        if place % 50 == 0:
            assert await store.deliveries_after("memory:p1", 0)
    await store.close()

asyncio.run(main())
"""


async def start(code: str, *arguments: object) -> asyncio.subprocess.Process:
    command, environment = run_here(code, *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
    )
    assert process.stdout is not None
    if (line := await process.stdout.readline()) != b"ready\n":
        _, complaint = await process.communicate()
        pytest.fail(f"{line!r} {complaint.decode()}")
    return process


async def test_killed_before_finishing_the_message_is_still_there(path: Path) -> None:
    process = await start(DIE, path)
    process.kill()
    await process.communicate()
    assert process.returncode == -signal.SIGKILL

    store = await Store.open(path)
    try:
        left = message("写下来就不能丢", "m2")
        assert await store.unhandled() == [left]
        history = await store.history("memory:p1")
        assert [item.text for item in history] == ["已经答过的", "答过了", "写下来就不能丢"]
        assert [item.text for item in await store.transcript("1001")] == ["已经答过的", "答过了"]
        repeat = await store.write_down(message("已经答过的", "m1"))
        assert repeat is not None
        assert repeat.replies == (Reply("答过了"),)
        assert await store.write_down(left) is None
    finally:
        await store.close()


async def test_two_processes_on_one_file_lose_nothing(path: Path) -> None:
    store = await Store.open(path)
    try:
        inquiry = await raise_inquiry(store, Status.WITH_STAFF)
        processes = [await start(COUNT, path, name) for name in ("甲", "乙")]
        ends = await asyncio.gather(*(each.communicate(b"go\n") for each in processes))
        assert [each.returncode for each in processes] == [0, 0], ends
        async with store.transaction() as transaction:
            session = await transaction.session(inquiry.session_key, NOW - WEEK)
        assert session.misses == 600
        pushed = await store.deliveries_after(inquiry.session_key, 0)
        assert {each.text for each in pushed} == {f"{n} {i}" for n in "甲乙" for i in range(300)}
        assert len({each.id for each in pushed}) == len(pushed) == 600
        for name in "甲乙":
            texts = [each.text for each in pushed if each.text.startswith(name)]
            assert texts == [f"{name} {i}" for i in range(300)]
    finally:
        await store.close()


async def set_room(store: Store, pages: int) -> None:
    """Let the file grow no further than this many pages: SQLite's own full disk."""
    async with store.database.transaction() as work:
        await work.rows(f"PRAGMA max_page_count = {pages}")


async def fill(store: Store) -> None:
    for place in range(1, 1000):
        await store.write_down(message("很长的话" * 200, f"m{place}"))


async def test_a_full_disk_is_said_reading_goes_on_and_room_heals(store: Store) -> None:
    await handle(store, message("之前的", "m0"), Reply("好"))
    await set_room(store, 1)
    with pytest.raises(StorageError, match="磁盘已满，写不进去；请清理"):
        await fill(store)
    await store.ping()
    kept = len(await store.unhandled())
    assert [item.text for item in await store.history("memory:p1")][:2] == ["之前的", "好"]
    with pytest.raises(StorageError, match="磁盘已满"):
        await store.write_down(message("很长的话" * 2000, "again"))

    await set_room(store, 1_000_000)
    await handle(store, message("很长的话" * 2000, "again"), Reply("好了"), new=True)
    assert len(await store.unhandled()) == kept
    assert (await store.queue())[0].messages == 1


async def test_a_file_locked_by_another_tool_is_an_error_not_a_hang(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.connection.BUSY_TIMEOUT_MS", 50)
    store, other = await Store.open(path), await Store.open(path)
    try:
        async with other.transaction():
            with pytest.raises(StorageError, match="正被别的程序占用；请"):
                await store.write_down(message("你好"))
        assert await store.write_down(message("你好")) is None
    finally:
        await store.close()
        await other.close()
