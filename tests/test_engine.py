"""One parent in order, parents side by side, every message once, whatever breaks in between."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue import Request
from bot.engine import Desk
from bot.errors import StorageError
from bot.jsonl import DEFAULT_TIME
from bot.model import Act, Message, Outcome, Progress, Status
from bot.storage.store import Store
from handlers import HANDLERS
from tests.desk import ROOT, Talk, audit, check_turn, environment, open_talk, said

UNIFORM = "校服必须买吗，质量和价格谁管？"
LEAVE = "休学和复学怎么办理？"
TWINS = "双胞胎能分到同一学校吗，摇号能捆绑吗？"
PHONE = "能不能带手机、电话手表到学校？"


def message(text: str, message_id: str, user: str = "p1") -> Message:
    return Message("memory", user, message_id, text, DEFAULT_TIME)


def counts(database: Path) -> tuple[int, int, int]:
    """Return how many messages were written down, are unhandled, and have a turn."""
    with closing(sqlite3.connect(database)) as connection:
        return tuple(
            connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]  # noqa: S608
            for what in ("inbox", "inbox WHERE handled = 0", "turns")
        )


# -------------------------------------------------------------------------------- in order, once


async def test_one_parents_messages_are_handled_in_the_order_they_came(tmp_path: Path) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        texts = [UNIFORM, "没帮助", "都不是", LEAVE, "有帮助", "补助", "9", "1", "转人工"]
        turns = await asyncio.gather(
            *(talk.desk.handle(message(text, f"m{n}")) for n, text in enumerate(texts))
        )
        assert [turn.decision for turn in turns] == [
            *("answer", "command", "fallback", "answer", "command"),
            *("suggest", "fallback", "answer", "handoff"),
        ]
        history = await talk.desk.history("memory:p1")
        assert [item.text for item in history if item.who == "parent"] == texts


async def test_different_parents_are_answered_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One parent's message hangs in the store; nobody else's waits for it."""
    hanging, write_down = asyncio.Event(), Store.write_down

    async def slow(self: Store, said: Message) -> Any:
        if said.user_id == "slow":
            await hanging.wait()
        return await write_down(self, said)

    monkeypatch.setattr(Store, "write_down", slow)
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        first = asyncio.create_task(talk.desk.handle(message(UNIFORM, "m1", "slow")))
        second = asyncio.create_task(talk.desk.handle(message(LEAVE, "m2", "slow")))
        async with asyncio.timeout(5):
            for user in ("p1", "p2", "p3"):
                assert (await talk.desk.handle(message(UNIFORM, "m1", user))).entry
        assert not first.done()
        assert not second.done()
        hanging.set()
        assert [(await turn).entry for turn in (first, second)] == [
            "general.uniform",
            "enrollment.suspend_resume",
        ]


async def test_the_same_message_many_times_at_once_is_handled_once(tmp_path: Path) -> None:
    database = tmp_path / "desk.sqlite3"
    async with open_talk(database) as talk:
        turns = await asyncio.gather(
            *(talk.desk.handle(message("转人工", "m1")) for _ in range(20))
        )
        assert len({turn.replies for turn in turns}) == 1
        assert {turn.inquiry.number for turn in turns if turn.inquiry} == {"1001"}
        assert len(await talk.desk.moves("1001")) == 2
        assert len(await talk.desk.history("memory:p1")) == 2
    assert counts(database) == (1, 0, 1)


async def test_a_hundred_parents_at_once(tmp_path: Path) -> None:
    database = tmp_path / "desk.sqlite3"
    async with open_talk(database) as talk:
        turns = await asyncio.gather(
            *(talk.desk.handle(message("转人工", "m1", f"p{n}")) for n in range(100))
        )
        assert len({turn.inquiry.number for turn in turns if turn.inquiry}) == 100
        await audit(talk.desk)
    assert counts(database) == (100, 0, 100)


async def test_four_thousand_characters(tmp_path: Path) -> None:
    filler = "我们一家人在杨家坪住了好多年，平时上班忙，娃儿都是婆婆在带，" * 160
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        long = await talk.say(filler[:4000])
        check_turn(long)
        asked = await talk.say(filler[: 4000 - len(UNIFORM) - 1] + "。" + UNIFORM)
        check_turn(asked)
        danger = await talk.say(f"{filler[:1990]}。我真的不想活了。{filler[:1990]}")
        assert danger["decision"] == "crisis"
        await talk.say("x" * 50_000)
        history = await talk.desk.history("memory:p1")
        assert [len(item.text) for item in history if item.who == "parent"][-1] == 50_000


async def test_danger_is_heard_however_long_the_message_is() -> None:
    filler = "我们一家人在杨家坪住了好多年，平时上班忙，娃儿都是婆婆在带，" * 160
    async with open_talk() as talk:
        line = await talk.say(f"{filler[:4000]}。我真的不想活了。{filler[:4000]}")
        assert line["decision"] == "crisis"


async def test_danger_is_heard_beside_a_photo() -> None:
    async with open_talk() as talk:
        line = await talk.line(session="p1", media="photo", text="我儿子现在正在被一群人打")
        assert line["decision"] == "crisis"


# -------------------------------------------------------------------------- when something breaks


def breaking(request: Request) -> Outcome | None:
    """A handler with a fault: it changes things, then fails."""
    if request.text.startswith("坏"):
        ledger = request.ledger()
        ledger.open("half done")
        raise ZeroDivisionError("紫薇")
    return None


async def test_a_fault_is_answered_with_the_apology_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_talk(tmp_path / "desk.sqlite3", (breaking, *HANDLERS)) as talk:
        await talk.say(UNIFORM)
        line = await talk.say("坏掉的紫薇", message_id="m-1")
        assert line["decision"] == "fallback"
        assert "12345" in said(line)
        assert "ZeroDivision" not in str(line)
        again = await talk.say("坏掉的紫薇", message_id="m-1")
        assert again["replies"] == line["replies"]
        history = await talk.desk.history("memory:p1")
        assert [item.text for item in history if item.who == "parent"] == [UNIFORM, "坏掉的紫薇"]
        assert (await talk.say("有帮助"))["inquiry"]["status"] == "resolved"
        await audit(talk.desk)
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 1
    assert "坏掉" not in caplog.text


async def test_a_fault_while_staff_own_the_matter_changes_nothing_there() -> None:
    async with open_talk(None, (breaking, *HANDLERS)) as talk:
        await talk.say(LEAVE)
        await talk.act("王老师", "take")
        assert "12345" in said(await talk.say("坏掉的"))
        assert (await talk.say("老师在吗"))["decision"] == "staff"
        await audit(talk.desk)


async def test_a_store_that_fails_is_said_and_the_message_can_be_sent_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database, broken = tmp_path / "desk.sqlite3", True
    transaction = Store.transaction

    def failing(self: Store) -> Any:
        if broken:
            raise StorageError("磁盘已满")
        return transaction(self)

    monkeypatch.setattr(Store, "transaction", failing)
    async with open_talk(database) as talk:
        with pytest.raises(StorageError):
            await talk.desk.handle(message(UNIFORM, "m1"))
        assert counts(database) == (1, 1, 0), "written down, and still owed an answer"
        broken = False
        assert (await talk.desk.handle(message(UNIFORM, "m1"))).entry == "general.uniform"
    assert counts(database) == (1, 0, 1)


async def test_what_was_left_over_is_answered_once_and_in_order(tmp_path: Path) -> None:
    database = tmp_path / "desk.sqlite3"
    async with open_talk(database) as talk:
        for place, text in enumerate(["补助", "2", "转人工"]):
            await talk.desk.store.write_down(message(text, f"m{place}"))
        await talk.desk.store.write_down(message(LEAVE, "m0", "p2"))
        assert await talk.desk.recover() == 4
        assert await talk.desk.recover() == 0
        history = await talk.desk.history("memory:p1")
        assert [item.who for item in history] == ["parent"] * 3 + ["bot"] * 3
        mine = await talk.desk.store.latest_inquiry("memory:p1")
        assert mine is not None
        assert mine.status == "waiting_staff"
    assert counts(database) == (4, 0, 4)


# ------------------------------------------------------------------------------------- kill -9


@contextmanager
def chatting(database: Path, *start: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *(start or ("run_bot.py", "chat", "--jsonl", "--db", str(database)))]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(database.parent),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


DIES = """
import os, signal, sys
sys.path.insert(0, {root!r})
from bot.storage.transaction import Transaction

finish = Transaction.finish

async def dying(self, turn, session, moves):
    if "最后一句" in turn.message.text:
        os.kill(os.getpid(), signal.SIGKILL)
    await finish(self, turn, session, moves)

Transaction.finish = dying
from bot.cli import run
from handlers import HANDLERS
sys.exit(run(HANDLERS))
"""


def test_killed_between_writing_down_and_answering(tmp_path: Path) -> None:
    """kill -9 at the worst moment; started again, the message is answered, once."""
    database = tmp_path / "desk.sqlite3"
    script = tmp_path / "dies.py"
    script.write_text(DIES.format(root=str(ROOT)), encoding="utf-8")
    lines = [
        {"session": "p1", "text": UNIFORM, "message_id": "m1"},
        {"session": "p1", "text": f"这是最后一句。{LEAVE}", "message_id": "m2"},
    ]
    given = "".join(json.dumps(line) + "\n" for line in lines)
    with chatting(database, str(script), "chat", "--jsonl", "--db", str(database)) as process:
        out, _ = process.communicate(given, timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert [json.loads(line)["message_id"] for line in out.splitlines()] == ["m1"]
    assert counts(database) == (2, 1, 1)

    with chatting(database) as process:
        out, _ = process.communicate("", timeout=60)
    assert counts(database) == (2, 0, 2), "what was written down was never answered"
    with chatting(database) as process:
        out, _ = process.communicate(given, timeout=60)
    first, second = [json.loads(line) for line in out.splitlines()]
    assert (first["entry"], second["entry"]) == ("general.uniform", "enrollment.suspend_resume")
    assert counts(database) == (2, 0, 2)


def test_killed_at_any_moment_of_a_conversation(tmp_path: Path) -> None:
    """kill -9 while lines pour in; sent again with their ids, each is answered exactly once."""
    database = tmp_path / "desk.sqlite3"
    texts = [UNIFORM, "补助", "转人工", LEAVE, "我的咨询", "🙄", TWINS, PHONE]
    lines = [
        {"session": f"p{n % 3}", "text": texts[n % len(texts)], "message_id": f"m{n}"}
        for n in range(24)
    ]
    seen: list[dict[str, Any]] = []
    with chatting(database) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        process.stdin.flush()
        for _ in range(11):
            seen.append(json.loads(process.stdout.readline()))
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    with chatting(database) as process:
        again, _ = process.communicate(
            "".join(json.dumps(line) + "\n" for line in lines), timeout=60
        )
    answered = [json.loads(line) for line in again.splitlines()]
    assert [line["message_id"] for line in answered] == [line["message_id"] for line in lines]
    for earlier, later in zip(seen, answered, strict=False):
        assert (earlier["decision"], earlier["replies"]) == (later["decision"], later["replies"])
    assert counts(database) == (24, 0, 24)


# ---------------------------------------------------------------------- parents and staff at once


async def _one_round(talk: Talk, seed: int) -> None:
    """Let 20 messages and 20 acts of three members of staff fall as they may."""
    chance = random.Random(seed)  # noqa: S311
    await talk.say(LEAVE)
    number = "1001"
    texts = ["老师在吗", LEAVE, "转人工", "有帮助", "没帮助", "我不想活了", "三年级", "🙄"]

    async def write(place: int) -> None:
        await asyncio.sleep(chance.random() / 50)
        await talk.desk.handle(message(chance.choice(texts), f"m{place}"))

    async def act(_: int) -> None:
        await asyncio.sleep(chance.random() / 50)
        who, what = chance.choice(["王老师", "李老师", "陈老师"]), chance.choice(list(Act))
        result = await talk.desk.act(who, number, what, "好的", now=DEFAULT_TIME)
        if result.error is None and what in (Act.TAKE, Act.REPLY, Act.ASK_PARENT):
            assert result.inquiry is not None
            assert result.inquiry.owner == who

    await asyncio.gather(*(write(n) for n in range(20)), *(act(n) for n in range(20)))
    await audit(talk.desk)
    await _one_owner_at_a_time(talk.desk, number)


async def _one_owner_at_a_time(desk: Desk, number: str) -> None:
    """Retell who owned it from the moves alone, and check every move against that."""
    owner = None
    for move in await desk.moves(number):
        if move.before in ("with_staff", "waiting_parent") and move.who != "parent":
            assert move.who == owner, f"{move.who} moved what {owner} owned"
        if move.after == "with_staff" and move.before != "waiting_parent" and owner is None:
            owner = move.who
        elif move.after in ("waiting_staff", "open"):
            owner = None
    inquiry = await desk.inquiry(number)
    assert inquiry is not None
    assert inquiry.owner == owner


@pytest.mark.parametrize("seed", range(20))
async def test_never_two_owners_never_an_unrecorded_move(seed: int, tmp_path: Path) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk:
        await _one_round(talk, seed)
    assert counts(tmp_path / "desk.sqlite3")[1:] == (0, 21)


async def test_an_owner_who_acts_as_the_clock_comes_round_keeps_the_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock looks first and takes then: what an owner did in between counts."""
    late = "2026-05-25T10:00:00+08:00"
    async with open_talk() as talk:
        await talk.say("转人工", at="2026-05-20T10:00:00+08:00")
        await talk.act("王老师", "take", at="2026-05-20T10:05:00+08:00")
        looked = talk.desk.store.progress

        async def look_and_reply(number: str | None = None) -> list[Progress]:
            found = await looked(number)
            done = await talk.act("王老师", "reply", "周一给您回电话。", at=late)
            assert done["error"] is None
            return found

        with monkeypatch.context() as patch:
            patch.setattr(talk.desk.store, "progress", look_and_reply)
            passed = await talk.tick(late)
        assert passed["deliveries"] == []
        [item] = await talk.desk.queue()
        assert (item.inquiry.status, item.inquiry.owner) == (Status.WITH_STAFF, "王老师")
