"""删除我的数据: no word is left, in no table and in no byte of the files."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from storage_desk import NOW, OFFERED, WEEK, delivery, handle, message, raise_inquiry

from bot.model import Candidate, Choice, ChoiceKind, Decision, Media, Reply, Status, Turn
from bot.storage.store import Store
from tests.desk import unsent

SECRET = "绝密词语"


async def live(store: Store, user: str, word: str) -> Turn:
    """Let a parent and staff say that word in every place where words are kept."""
    inquiry = await raise_inquiry(store, Status.WITH_STAFF, user=user, words=f"{word}一")
    offered = (Choice(f"{word}二", ChoiceKind.ENTRY, f"{word}三"),)
    await handle(store, message(f"{word}四", "m2", user=user), Reply(f"{word}五", offered))
    turn = await handle(store, message("", "m3", user=user, pick=1), Reply(f"{word}六"))
    await store.write_down(message(f"{word}七", "m4", user=user, media=Media.FILE))
    async with store.transaction() as transaction:
        session = await transaction.session(inquiry.session_key, NOW - WEEK)
        await transaction.save_session(
            replace(
                session,
                choices=offered,
                last_entry=f"{word}八",
                unanswered=f"{word}丙",
                unanswered_at=NOW,
            )
        )
        await transaction.save_inquiry(replace(inquiry, slots={f"{word}九": f"{word}十"}), [])
        await transaction.save_words(inquiry.number, "王老师", f"{word}甲", NOW)
        await transaction.queue_delivery(delivery(inquiry, f"回复：{word}甲", offered))
        await transaction.queue_delivery(delivery(inquiry, f"{word}乙"))
    return turn


async def erase(store: Store, key: str) -> None:
    async with store.transaction() as transaction:
        await transaction.erase(key, NOW)


async def test_erased_words_are_gone_and_numbers_stay(store: Store) -> None:
    turn = await live(store, "p1", SECRET)
    other = await live(store, "p2", "别人的话")
    await erase(store, "memory:p1")

    assert await store.history("memory:p1") == []
    assert await store.transcript("1001") == []
    assert await store.deliveries_after("memory:p1", 0) == []
    pending = await unsent(store)
    assert {each.session_key for each in pending} == {"memory:p2"}
    assert [each.text for each in await store.unhandled()] == ["别人的话七"]
    repeat = await store.write_down(turn.message)
    assert repeat is not None
    assert (repeat.replies, repeat.message.text, repeat.message.pick) == ((), "", None)
    inquiry = await store.inquiry("1001")
    assert inquiry is not None
    assert (inquiry.status, inquiry.owner, inquiry.slots) == (Status.WITH_STAFF, "王老师", {})
    assert len(await store.moves("1001")) == 2
    [mine] = [item for item in await store.queue() if item.inquiry == inquiry]
    assert mine.words == ""
    async with store.transaction() as transaction:
        session = await transaction.session("memory:p1", NOW - WEEK)
    assert (session.choices, session.last_entry) == ((), None)
    assert (session.unanswered, session.unanswered_at) == ("", None)

    assert len(await store.history("memory:p2")) == 9
    assert await store.write_down(other.message) == other


@pytest.mark.parametrize("erased_first", [True, False])
async def test_erasing_and_finishing_go_together(store: Store, erased_first: bool) -> None:
    await live(store, "p1", SECRET)
    said = message("确认删除", "m9", at=NOW + timedelta(minutes=1))
    await store.write_down(said)
    async with store.transaction() as transaction:
        session = await transaction.session("memory:p1", NOW - WEEK)
        turn = Turn(said, Decision.COMMAND, (Reply("已删除", OFFERED),), (), 0.0, (), None)
        if erased_first:
            await transaction.erase("memory:p1", NOW)
        await transaction.finish(turn, session, [])
        if not erased_first:
            await transaction.erase("memory:p1", NOW)
    repeat = await store.write_down(said)
    assert repeat is not None
    assert repeat.replies == (turn.replies if erased_first else ())
    assert [item.text for item in await store.history("memory:p1")] == (
        ["已删除"] if erased_first else []
    )
    inquiry = await store.inquiry("1001")
    assert inquiry is not None
    assert inquiry.slots == {}


def occurrences(path: Path, word: str) -> int:
    """Return how often a piece of the word stands in the store's files."""
    return sum(
        file.read_bytes().count(word[1:3].encode(code))
        for file in path.parent.iterdir()
        for code in ("utf-8", "utf-16-le")
    )


async def test_no_byte_of_the_files_keeps_the_words(path: Path) -> None:
    store = await Store.open(path)
    await live(store, "p1", SECRET)
    await live(store, "p2", "别人的话")
    assert occurrences(path, SECRET) > 0
    await erase(store, "memory:p1")
    assert occurrences(path, SECRET) == 0
    assert occurrences(path, "别人的话") > 0
    await store.close()
    assert occurrences(path, SECRET) == 0


async def test_a_crash_before_the_purge_is_made_good_at_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(connection: object) -> bool:
        return False

    store = await Store.open(path)
    await live(store, "p1", SECRET)
    with monkeypatch.context() as patch:
        patch.setattr("bot.storage.connection.purge", die)
        await erase(store, "memory:p1")
        shutil.copytree(path.parent, path.parent.with_name("crashed"))
    await store.close()
    crashed = path.parent.with_name("crashed") / path.name
    assert occurrences(crashed, SECRET) > 0
    store = await Store.open(crashed)
    assert occurrences(crashed, SECRET) == 0
    await store.close()


async def test_while_a_backup_reads_the_purge_waits_and_nobody_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.sqlite.PURGE_AGAIN_S", 0.0)
    store = await Store.open(path)
    await live(store, "p1", SECRET)
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM inbox").fetchall()
        await erase(store, "memory:p1")
        assert await store.history("memory:p1") == []
        assert occurrences(path, SECRET) > 0
        backup.execute("COMMIT")
    await store.write_down(message("下一条", "m99"))
    assert occurrences(path, SECRET) == 0
    await store.close()


@pytest.mark.parametrize("seed", [1, 20])
async def test_nor_do_rows_that_moved_while_others_wrote(path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    store = await Store.open(path)
    users = [f"p{place}" for place in range(12)]
    numbers = {user: await raise_inquiry(store, Status.WITH_STAFF, user=user) for user in users}
    for place in range(400):
        user = dice.choice(users)
        words = (SECRET if user == "p3" else "平常的话") * dice.choice([1, 3, 40, 300, 900])
        said = message(words, f"x{place}", user=user)
        await store.write_down(said)
        async with store.transaction() as transaction:
            session = await transaction.session(said.session_key, NOW - WEEK)
            choices = (Choice(words[: dice.randrange(9, 200)], ChoiceKind.ENTRY, "a.b"),)
            inquiries = tuple(
                replace(each, slots={"x": words[: dice.randrange(9, 400)]})
                for each in session.inquiries
            )
            turn = Turn(
                said,
                Decision.ANSWER,
                (Reply(words, choices),),
                (),
                0.5,
                (Candidate("a.b", 0.5),),
                numbers[user],
            )
            session = replace(session, choices=choices, inquiries=inquiries)
            await transaction.finish(turn, session, [])
            await transaction.save_words(numbers[user].number, "王老师", words, NOW)
            await transaction.queue_delivery(delivery(numbers[user], words, choices))
        if dice.random() < 0.3:
            pending = [each.id for each in await unsent(store)]
            await store.mark_sent(dice.sample(pending, len(pending) // 2), NOW)
    await erase(store, "memory:p3")
    left = occurrences(path, SECRET)
    await store.close()
    assert (left, occurrences(path, SECRET)) == (0, 0)
