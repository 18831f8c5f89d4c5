"""What a parent meets in Telegram."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from telegram_desk import AGE, BotApi, Clock, bot_api, key_of, labels, quiet, running, told, until

from bot.channels.telegram import pace, parents
from bot.model import Act


async def test_a_newcomer_is_welcomed_and_answered() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "/start")
        welcome, menu = await told(api, 7, 2)
        assert welcome == desk.desk.mind.faq.say("welcome")
        assert "删除我的数据" in menu
        topics = [topic.title for topic in desk.desk.mind.faq.topics]
        assert [label.partition(". ")[2] for label in labels(api.to(7)[1])][:5] == topics
        api.say(7, AGE)
        answer = (await told(api, 7, 3))[2]
        assert "依据：" in answer
        assert labels(api.to(7)[2]) == ["有帮助", "没帮助", "转人工"]
        shown = api.called("sendMessage")[-1]
        assert "<i>依据：" in shown["text"]
        assert shown["parse_mode"] == "HTML"


async def test_it_introduces_itself_once(tmp_path: Path) -> None:
    async with bot_api() as api:
        for _ in range(2):
            async with running(api.url, tmp_path / "desk.sqlite3") as desk:
                await until(lambda: desk.channel.state == "polling")
        commands = api.called("setMyCommands")
        assert len(commands) == 1
        for name in ("menu", "mine", "person", "help", "delete"):
            assert f'"{name}"' in commands[0]["commands"]
        assert len(api.called("setMyDescription")) == len(api.called("setMyShortDescription")) == 1
        assert len(api.called("setChatMenuButton")) == 1
        assert 1 <= len(api.called("setMyShortDescription")[0]["short_description"]) <= 120


@pytest.mark.parametrize(
    ("command", "decision"),
    [
        ("/menu", "command"),
        ("/mine", "command"),
        ("/person", "handoff"),
        ("/delete", "command"),
        ("/menu@desk_peer_bot", "command"),
    ],
)
async def test_commands(command: str, decision: str) -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, command)
        await told(api, 7)
        assert await desk.rows("SELECT decision FROM turns") == [(decision,)]


async def test_help_says_how() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "/help")
        assert await told(api, 7) == [desk.desk.mind.faq.say("tg_help")]


@pytest.mark.parametrize(
    ("link", "title", "source"),
    [
        ("aid", "aid", None),
        ("s_xjw", None, "xjw"),
        ("s_xjw-safety", "safety", "xjw"),
        ("s_xjw-nonsense", None, "xjw"),
        ("xjw2026", None, "xjw2026"),
        ("g_", None, None),
        ("-_-", None, None),
    ],
)
async def test_links_and_posters(link: str, title: str | None, source: str | None) -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, f"/start {link}")
        text = (await told(api, 7, 2))[1]
        titles = {t.topic: t.title for t in desk.desk.mind.faq.topics}
        assert (titles[title] in text) if title else (labels(api.to(7)[1])[0].startswith("1. "))
        api.say(7, "转人工")
        await told(api, 7, 3)
        [inquiry] = [item.inquiry for item in await desk.desk.queue()]
        await until(lambda: not desk.channel.busy)
        inquiry = await desk.desk.inquiry(inquiry.number)  # type: ignore[assignment]
        assert inquiry.slots == ({"source": source} if source else {})


async def test_buttons_numbers_and_double_taps() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "/menu")
        await told(api, 7)
        menu = api.to(7)[0]
        first = key_of(menu, "1. ")
        api.tap(7, menu, first)
        api.tap(7, menu, first)
        await quiet(api, 7, 2)
        pressed = api.called("answerCallbackQuery")
        assert len(pressed) == 2, "every press is acknowledged"
        assert pressed[1]["text"] == desk.desk.mind.faq.say("tg_pressed")
        # a typed number picks from what was offered last
        api.say(7, "1")
        await told(api, 7, 3)
        assert [d for (d,) in await desk.rows("SELECT decision FROM turns ORDER BY id")] == [
            "command",
            "command",
            "answer",
        ]
        # an old button: what may be picked now is offered again
        api.tap(7, menu, key_of(menu, "2. "))
        await told(api, 7, 4)
        assert labels(api.to(7)[3]) == labels(api.to(7)[2])
        assert api.called("answerCallbackQuery")[2]["text"] == desk.desk.mind.faq.say("tg_stale")


async def test_somebody_elses_and_forged_keys_do_nothing() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "转人工")
        api.say(7, AGE)
        await told(api, 7, 2)
        answer = api.to(7)[1]
        number = (await desk.rows("SELECT number FROM inquiries ORDER BY number"))[0][0]
        for data in (key_of(answer, "有帮助"), "c1.1", "c99999.1", "x", f"t{number}"):
            api.tap(8, answer, data)
        await until(lambda: len(api.called("answerCallbackQuery")) == 5)
        await asyncio.sleep(0.3)
        statuses = await desk.rows(
            "SELECT DISTINCT status FROM inquiries WHERE session_key LIKE '%:7'"
        )
        assert ("resolved",) not in statuses
        assert ("with_staff",) not in statuses


async def test_text_is_escaped_and_falls_back_to_plain() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "转人工")
        await told(api, 7)
        words = "<b>你好 & 再见</b> 1<2 </i>"
        api.fail("sendMessage", status=400, description="Bad Request: can't parse entities: x")
        number = (await desk.desk.queue())[0].inquiry.number
        await desk.desk.act("王老师", number, Act.REPLY, words)
        said = await told(api, 7, 3)
        assert words in said[2]
        plain = [c for c in api.called("sendMessage") if "parse_mode" not in c]
        assert len(plain) == 1


async def test_long_texts_are_split_and_numbered() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "转人工")
        await told(api, 7)
        number = (await desk.desk.queue())[0].inquiry.number
        words = "".join(f"第{n}句话，请看<这里>。" for n in range(700))
        await desk.desk.act("王老师", number, Act.RESOLVE, words)
        await until(lambda: len(api.to(7)) >= 5)
        parts = [m["text"] for m in api.to(7)[1:-1]]
        assert len(parts) >= 2
        for place, part in enumerate(parts, start=1):
            assert part.startswith(f"（{place}/{len(parts)}）\n")
            assert part.endswith("。")
        joined = "".join(part.partition("\n")[2] for part in parts)
        assert joined == f"王老师：{words}"


@pytest.mark.parametrize(
    ("what", "media"),
    [
        ({"photo": [{"file_id": "x"}]}, "photo"),
        ({"voice": {"file_id": "x"}}, "voice"),
        ({"location": {"latitude": 29.5, "longitude": 106.5}}, "location"),
        ({"document": {"file_id": "x"}}, "file"),
        ({"sticker": {"file_id": "x"}}, "photo"),
        ({"video": {"file_id": "x"}}, "file"),
    ],
)
async def test_media_is_acknowledged(what: dict[str, object], media: str) -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, **what)  # type: ignore[arg-type]
        [said] = await told(api, 7)
        assert said.startswith(desk.desk.mind.faq.say(f"media_{media}"))


async def test_an_album_is_acknowledged_once_and_its_caption_answered() -> None:
    async with bot_api() as api, running(api.url) as desk:
        for n in range(4):
            caption = {"caption": AGE} if n == 1 else {}
            api.say(7, photo=[{"file_id": "x"}], media_group_id="g1", **caption)
        await quiet(api, 7, 2)
        assert sorted(await desk.rows("SELECT decision FROM turns")) == [("answer",), ("fallback",)]


async def test_an_edit_counts_as_what_is_meant() -> None:
    async with bot_api() as api, running(api.url) as desk:
        first = api.message(7, "jisui")
        api.give(api.update(message=first))
        await told(api, 7)
        edited = {**first, "text": AGE, "edit_date": 1_780_000_100}
        api.give(api.update(edited_message=edited))
        api.give(api.update(edited_message={**edited, "edit_date": 1_780_000_200}))
        await quiet(api, 7, 2)
        decisions = await desk.rows("SELECT decision FROM turns ORDER BY id")
        assert decisions[-1] == ("answer",)


async def test_what_is_deleted_is_confirmed_and_gone(tmp_path: Path) -> None:
    async with bot_api() as api, running(api.url, tmp_path / "d.sqlite3") as desk:
        api.say(7, "我是李家幺嬢，想问几岁能上小学")
        await told(api, 7)
        api.say(7, "/delete")
        await told(api, 7, 2)
        api.tap(7, api.to(7)[1], key_of(api.to(7)[1], "确认删除"))
        said = await told(api, 7, 3)
        assert said[2] == desk.desk.mind.faq.say("deleted")
    assert "李家幺嬢".encode() not in (tmp_path / "d.sqlite3").read_bytes()


async def test_typing_is_shown_when_it_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "_TYPING_AFTER_S", 0.02)
    async with bot_api() as api, running(api.url) as desk:
        handle = desk.desk.handle

        async def slow(message):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.3)
            return await handle(message)

        monkeypatch.setattr(desk.desk, "handle", slow)
        api.say(7, AGE)
        await told(api, 7)
        assert api.called("sendChatAction")[0]["action"] == "typing"


async def test_a_flood_is_told_once_and_nothing_of_it_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "BURST", 20.0)
    monkeypatch.setattr(pace, "PER_SECOND", 1000.0)
    async with bot_api() as api, running(api.url) as desk:
        monkeypatch.setattr(desk.channel._parents._pace, "_clock", lambda: 0.0)
        for n in range(60):
            api.say(7, f"你好{n}")
        api.say(7, "孩子说不想活了，写了遗书")
        api.say(8, AGE)
        await told(api, 8)
        slow = desk.desk.mind.faq.say("tg_too_fast")
        said = await told(api, 7, 62)
        assert said.count(slow) == 1
        assert (await desk.rows("SELECT count(*) FROM inbox WHERE user_id = '7'")) == [(61,)]
        order = [d for (d,) in await desk.rows("SELECT decision FROM turns ORDER BY id")]
        assert "crisis" in order[:-20], "danger waits behind nothing that came before it"


async def test_danger_is_taken_out_of_the_queue_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bot_api() as api, running(api.url) as desk:
        handle, begun = desk.desk.handle, asyncio.Event()
        monkeypatch.setattr(desk.channel._outbox, "wake", lambda: None)

        async def slow(message):  # type: ignore[no-untyped-def]
            await begun.wait()
            return await handle(message)

        monkeypatch.setattr(desk.desk, "handle", slow)
        for text in ("你好", AGE, "转人工", "孩子说不想活了，写了遗书"):
            api.say(7, text)
        await until(lambda: not api.unconfirmed())
        begun.set()
        await until(lambda: not desk.channel.busy)
        decisions = await desk.rows("SELECT decision FROM turns ORDER BY id")
        assert decisions == [("small_talk",), ("crisis",), ("answer",), ("handoff",)]


# ---------------------------------------------------------------------------- groups


async def in_group(api: BotApi, text: str, **more: object) -> list[str]:
    before, others = len(api.to(-100)), len(api.to(9))
    api.say(7, text, chat=-100, **more)
    api.say(9, "结束", chat=0)
    await told(api, 9, others + 1)
    await asyncio.sleep(0.3)
    return [m["text"] for m in api.to(-100)[before:]]


async def test_in_a_group_it_speaks_only_when_spoken_to() -> None:
    async with bot_api() as api, running(api.url):
        assert await in_group(api, AGE) == []
        assert len(await in_group(api, f"@desk_peer_bot {AGE}")) == 1


async def test_in_a_group_questions_are_answered_and_nothing_personal_is() -> None:
    async with bot_api() as api, running(api.url) as desk:
        say = desk.desk.mind.faq.say
        reply = {"reply_to_message": {"message_id": 1, "from": {"id": 123456, "is_bot": True}}}
        [answer] = await in_group(api, AGE, **reply)
        assert "依据：" in answer
        for text in ("@desk_peer_bot 我的咨询", "@desk_peer_bot 转人工", "/mine", "/person"):
            assert await in_group(api, text) == [say("tg_group_private")]
        assert await in_group(api, "/mine@another_bot") == []
        buttons = api.to(-100)[-1]["reply_markup"]["inline_keyboard"]
        assert buttons[0][0]["url"].startswith("https://t.me/desk_peer_bot")
        # no inquiry comes of what is said in a group
        assert await desk.rows("SELECT * FROM inquiries WHERE session_key LIKE '%:7'") == []


async def test_danger_in_a_group_is_answered_there_and_reaches_staff() -> None:
    async with bot_api() as api, running(api.url) as desk:
        [said] = await in_group(api, "@desk_peer_bot 我孩子说不想活了，写了遗书")
        assert "110" in said or "120" in said or "12356" in said
        assert "编号" not in said
        [inquiry] = [i.inquiry for i in await desk.desk.queue() if i.inquiry.urgent]
        assert inquiry.session_key == "telegram:7"


async def test_the_clock_is_the_desks() -> None:
    clock = Clock()
    async with bot_api() as api, running(api.url, clock=clock) as desk:
        api.say(7, AGE)
        await told(api, 7)
        [item] = await desk.desk.queue()
        assert abs((item.inquiry.opened_at - clock()).total_seconds()) < 10
