"""Staff at work in Telegram: bound, told without a word of the parent, taking, replying."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from telegram_desk import AGE, ROOT, bot_api, key_of, running, told, until
from telegram_office import GROUP, LI, PARENT, SECRET, WANG, bound, handed_over, says

from bot.channels.telegram import staff_words as words
from bot.model import Act


async def test_a_handover_is_announced_without_a_word_of_the_parent() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        number = await handed_over(api, desk)
        await until(lambda: says(api, GROUP, f"{number}号"))
        await asyncio.sleep(0.5)
        notices = says(api, GROUP, "要人接手")
        assert len(notices) == 1
        notice = notices[0].partition("，从")[0].replace(number, "")  # without the time
        for part in ("谢家湾", "李妈妈", "打了", "家长：", str(PARENT)):
            assert part not in notice


async def test_urgent_is_announced_as_urgent_and_again_when_it_becomes_so() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        await handed_over(api, desk)
        await until(lambda: says(api, GROUP, "要人接手"))
        api.say(PARENT, "孩子说不想活了，写了遗书")
        await until(lambda: says(api, GROUP, "紧急"))
        assert len(says(api, GROUP, "要人接手")) == 2


async def test_without_a_group_everybody_bound_is_told() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        await bound(desk, api, LI, "李老师")
        await handed_over(api, desk)
        await until(lambda: says(api, WANG, "要人接手") and says(api, LI, "要人接手"))


async def test_take_by_button_shows_the_transcript_to_the_taker_alone() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        number = await handed_over(api, desk)
        await until(lambda: says(api, GROUP, "要人接手"))
        [notice] = [m for m in api.to(GROUP) if "要人接手" in m["text"]]
        api.tap(WANG, {**notice, "chat": {"id": GROUP, "type": "group"}}, key_of(notice, "接手"))
        await until(lambda: says(api, WANG, SECRET))
        assert not says(api, GROUP, SECRET)
        await until(lambda: says(api, PARENT, "王老师接手了您的"))
        await until(lambda: says(api, GROUP, "已由王老师接手"))
        # the other one comes too late, and is told so
        api.tap(LI, {**notice, "chat": {"id": GROUP, "type": "group"}}, f"t{number}")
        await until(lambda: len(api.called("answerCallbackQuery")) == 2)
        assert api.called("answerCallbackQuery")[1]["text"] == words.NOT_STAFF
        await bound(desk, api, LI, "李老师")
        api.tap(LI, {**notice, "chat": {"id": GROUP, "type": "group"}}, f"t{number}")
        await until(lambda: len(api.called("answerCallbackQuery")) == 3)
        assert "已由王老师接手" in api.called("answerCallbackQuery")[2]["text"]
        inquiry = await desk.desk.inquiry(number)
        assert inquiry is not None
        assert inquiry.owner == "王老师"


async def test_replying_reaches_the_parent_and_their_words_come_back() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}")
        await until(lambda: says(api, WANG, SECRET))
        [transcript] = [m for m in api.to(WANG) if SECRET in m["text"]]
        api.say(WANG, "孩子伤得重吗？", reply_to_message=transcript)
        await until(lambda: says(api, PARENT, "王老师：孩子伤得重吗？"))
        before = len(api.to(PARENT))
        api.say(PARENT, "就在教室门口")
        await until(lambda: says(api, WANG, "就在教室门口"))
        [wrote] = [m for m in api.to(WANG) if "就在教室门口" in m["text"]]
        assert len(api.to(PARENT)) == before, "no word of the bot while a person owns it"
        api.say(WANG, "/ask 是哪个学校？", reply_to_message=wrote)
        await until(lambda: says(api, PARENT, "王老师想问您：是哪个学校？"))
        inquiry = await desk.desk.inquiry(number)
        assert inquiry is not None
        assert inquiry.status == "waiting_parent"
        api.say(WANG, f"/resolve {number} 已经联系学校")
        await until(lambda: says(api, PARENT, "办结"))
        last = api.to(PARENT)[-1]
        api.tap(PARENT, last, key_of(last, "有帮助"))
        await until(lambda: says(api, PARENT, "太好了"))


async def test_replying_to_the_notice_takes_it_first() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        await handed_over(api, desk)
        await until(lambda: says(api, GROUP, "要人接手"))
        notice = api.to(GROUP)[-1]
        api.say(WANG, "我来看看", chat=GROUP, reply_to_message=notice)
        await until(lambda: says(api, PARENT, "王老师：我来看看"))
        assert says(api, PARENT, "王老师接手了")


async def test_the_web_inbox_and_telegram_are_one_desk() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        number = await handed_over(api, desk)
        taken, _ = await asyncio.gather(
            desk.desk.act("李老师", number, Act.TAKE),
            told(api, WANG, 1),
        )
        assert taken.error is None
        for command in ("take", "reply", "ask", "release", "resolve"):
            api.say(WANG, f"/{command} {number} 马上看")
        await until(lambda: len(says(api, WANG, "李老师")) >= 5)
        inquiry = await desk.desk.inquiry(number)
        assert inquiry is not None
        assert inquiry.owner == "李老师"
        assert not says(api, PARENT, "马上看")


async def test_release_queue_and_what_is_missing() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        api.say(WANG, "/queue")
        await until(lambda: says(api, WANG, words.NOTHING_WAITS))
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}号")
        await until(lambda: says(api, WANG, SECRET))
        [transcript] = [m for m in api.to(WANG) if SECRET in m["text"]]
        api.tap(WANG, transcript, key_of(transcript, "放回"))
        await until(lambda: says(api, PARENT, "暂时放回"))
        api.say(WANG, "/queue")
        await until(lambda: says(api, WANG, "待接手：1件"))
        api.say(WANG, "/take")
        await until(lambda: says(api, WANG, "请写上编号"))
        api.say(WANG, "/take 9999")
        await until(lambda: says(api, WANG, "没有9999号"))
        api.say(WANG, f"/reply {number}")
        await until(lambda: says(api, WANG, "还没有写内容"))


async def test_an_update_repeated_after_a_crash_replies_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_api() as api:
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            await bound(desk, api, WANG, "王老师")
            number = await handed_over(api, desk)
            stuck = asyncio.Event()

            async def hang(*_: object) -> None:
                stuck.set()
                await asyncio.sleep(1000)

            await until(lambda: not desk.channel.busy)
            monkeypatch.setattr(desk.channel._memory, "handled", hang)
            api.say(WANG, f"/reply {number} 只说一次")
            await asyncio.wait_for(stuck.wait(), 10)
            await until(lambda: says(api, PARENT, "只说一次"))
        monkeypatch.undo()
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            await until(lambda: desk.channel.state == "polling")
            await until(lambda: not desk.channel.busy)
            await asyncio.sleep(0.3)
            assert len(says(api, PARENT, "只说一次")) == 1
            assert len(says(api, WANG, "已回复")) == 1


async def test_an_edited_command_is_not_done_again() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        number = await handed_over(api, desk)
        message = api.message(WANG, f"/reply {number} 马上联系")
        api.give(api.update(message=message))
        await until(lambda: says(api, PARENT, "马上联系"))
        api.give(api.update(edited_message={**message, "edit_date": 1_780_000_100}))
        await until(lambda: says(api, WANG, words.EDITED))
        assert len(says(api, PARENT, "马上联系")) == 1


async def test_codes_work_once_and_guessing_ends() -> None:
    async with bot_api() as api, running(api.url) as desk:
        code = await desk.code("王老师")
        await bound(desk, api, LI, "李老师")
        api.say(WANG, f"/bind {code}")
        await until(lambda: says(api, WANG, "绑定好了"))
        for _ in range(6):
            api.say(8, f"/bind {code}")
        await until(lambda: says(api, 8, words.TOO_MANY))
        assert len(says(api, 8, words.BAD_CODE)) == 5
        await desk.accounts.disable("王老师")
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}")
        await asyncio.sleep(0.5)
        inquiry = await desk.desk.inquiry(number)
        assert inquiry is not None
        assert inquiry.owner is None


async def test_staff_commands_do_nothing_for_parents() -> None:
    async with bot_api() as api, running(api.url) as desk:
        number = await handed_over(api, desk)
        for command in (f"/take {number}", f"/resolve {number}", "/queue"):
            api.say(8, command)
        await told(api, 8, 3)
        inquiry = await desk.desk.inquiry(number)
        assert inquiry is not None
        assert inquiry.status == "waiting_staff"
        assert not says(api, 8, number)


async def test_a_parent_who_blocked_us_is_shown_to_the_owner() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}")
        await until(lambda: says(api, WANG, SECRET))
        await told(api, PARENT, 3)
        api.blocked.add(PARENT)
        api.say(WANG, f"/reply {number} 在吗")
        await until(lambda: says(api, WANG, "家长停用了机器人"))


async def test_a_group_that_got_another_id_goes_on() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        api.say(WANG, chat=GROUP, migrate_to_chat_id=-200)
        await until(lambda: not api.unconfirmed())
        await asyncio.sleep(0.2)
        await handed_over(api, desk)
        await until(lambda: says(api, -200, "要人接手"))


async def test_strangers_in_the_staff_group_are_not_answered() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        before = len(api.to(GROUP))
        api.say(8, f"@desk_peer_bot {AGE}", chat=GROUP)
        api.say(8, AGE)
        await told(api, 8)
        assert len(api.to(GROUP)) == before


def test_the_command_line_prints_a_code(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOT_")}
    environment |= {"BOT_DATA_DIR": str(tmp_path)}

    def staff(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "run_bot.py"), "staff", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    assert staff("bind", "王老师").returncode == 1
    assert staff("add", "王老师").returncode == 0
    bound_ = staff("bind", "王老师")
    assert "/bind " in bound_.stdout
    assert bound_.returncode == 0
