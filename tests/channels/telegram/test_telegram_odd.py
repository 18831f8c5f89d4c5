"""What hardly anybody does, and what goes wrong around the bot rather than in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from telegram_desk import (
    AGE,
    TOKEN,
    BotApi,
    Running,
    bot_api,
    key_of,
    quiet,
    running,
    told,
    until,
)

from bot.channels.telegram import channel, news, polling
from bot.channels.telegram import staff_words as words
from bot.channels.telegram.access import checked
from bot.errors import ConfigError, StorageError
from bot.model import Act
from tests.serving import serving

PARENT, WANG, LI, GROUP = 7, 70, 71, -100


def says(api: BotApi, chat: int, words_: str) -> list[str]:
    return [m["text"] for m in api.to(chat) if words_ in m["text"]]


async def bound(desk: Running, api: BotApi, user: int, name: str) -> None:
    api.say(user, f"/bind {await desk.code(name)}")
    await until(lambda: says(api, user, f"您是“{name}”"))


async def handed_over(api: BotApi, desk: Running, user: int = PARENT) -> str:
    api.say(user, "转人工")
    await told(api, user)
    inquiry = await desk.desk.store.latest_inquiry(f"telegram:{user}")
    assert inquiry is not None
    return inquiry.number


def put_out(api: BotApi, status: str = "kicked") -> None:
    """Have somebody put the bot out of the group, or let it in."""
    change = {
        "chat": {"id": GROUP, "type": "supergroup"},
        "from": {"id": WANG, "is_bot": False},
        "new_chat_member": {"status": status},
    }
    api.give(api.update(my_chat_member=change))


# ---------------------------------------------------------------------------- parents


async def test_buttons_from_before_the_deletion_do_nothing() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(PARENT, "补助")
        api.say(PARENT, "删除我的数据")
        await told(api, PARENT, 2)
        offer, confirm = api.to(PARENT)
        api.tap(PARENT, confirm, key_of(confirm, "确认删除"))
        await told(api, PARENT, 3)
        api.tap(PARENT, offer, key_of(offer, "1. "))
        api.tap(PARENT, confirm, key_of(confirm, "先不删"))
        await until(lambda: len(api.called("answerCallbackQuery")) == 3)
        await told(api, PARENT, 5)
        stale = desk.desk.mind.faq.say("tg_stale")
        assert [tap.get("text") for tap in api.called("answerCallbackQuery")[1:]] == [stale, stale]
        decisions = await desk.rows("SELECT decision FROM turns ORDER BY id DESC LIMIT 2")
        assert decisions == [("fallback",), ("fallback",)]
        [(status,)] = await desk.rows("SELECT status FROM inquiries WHERE number = 1001")
        assert status == "resolved"


async def test_an_edit_while_a_person_owns_the_matter_reaches_that_person() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}")
        await told(api, PARENT, 2)
        message = api.message(PARENT, "三年级二班")
        api.give(api.update(message=message))
        await until(lambda: says(api, WANG, "三年级二班"))
        edit = {**message, "text": "三年级三班", "edit_date": 1_780_000_100}
        api.give(api.update(edited_message=edit))
        await until(lambda: says(api, WANG, "三年级三班"))
        await quiet(api, PARENT, 2)


async def test_two_presses_in_the_same_moment_count_once() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(PARENT, "/menu")
        await told(api, PARENT)
        menu = api.to(PARENT)[0]
        presses = [api.pressed(PARENT, menu, key_of(menu, f"{n}. ")) for n in (1, 1, 2, 2)]
        for press in presses:
            api.give(press)
        await until(lambda: len(api.called("answerCallbackQuery")) == 4)
        # the second choice is stale by then: what may be picked now comes again
        await quiet(api, PARENT, 3)
        assert len(await desk.rows("SELECT id FROM turns")) == 3


async def test_markup_and_emoji_without_end_reach_staff_whole() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        text = "<b>&amp;</b>👨‍👩‍👧" * 190
        api.say(PARENT, text)
        await told(api, PARENT)
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}")
        await until(lambda: says(api, WANG, "就是回复家长"))
        whole = "".join(m["text"].partition("\n")[2] for m in api.to(WANG) if "&amp;" in m["text"])
        assert whole.count("<b>&amp;</b>👨‍👩‍👧") >= 185  # but for those that a cut falls into
        assert all("parse_mode" in sent for sent in api.called("sendMessage"))


# ---------------------------------------------------------------------------- staff


async def test_put_out_of_the_staff_group_notices_go_to_everybody_bound() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        await bound(desk, api, LI, "李老师")
        api.say(WANG, "/bind_group", chat=GROUP)
        await until(lambda: says(api, GROUP, "提醒"))
        put_out(api)
        await until(lambda: says(api, WANG, words.GROUP_LOST) and says(api, LI, words.GROUP_LOST))
        number = await handed_over(api, desk)
        await until(lambda: says(api, WANG, f"{number}号") and says(api, LI, f"{number}号"))
        # let in again it is an ordinary group until somebody of the staff binds it
        put_out(api, "member")
        await handed_over(api, desk, 8)
        await until(lambda: len(says(api, WANG, "要人接手")) == 2)
        assert not says(api, GROUP, "要人接手")


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 403, "description": "Forbidden: bot was kicked from the supergroup chat"},
        {"status": 400, "description": "Bad Request: not enough rights to send text messages"},
    ],
    ids=["kicked", "muted"],
)
async def test_a_group_that_takes_no_notice_is_noticed_by_sending(
    refusal: dict[str, object],
) -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        api.say(WANG, "/bind_group", chat=GROUP)
        await until(lambda: says(api, GROUP, "提醒"))
        api.fail("sendMessage", chat=GROUP, **refusal)
        number = await handed_over(api, desk)
        await until(lambda: says(api, WANG, words.GROUP_LOST) and says(api, WANG, f"{number}号"))


async def test_a_group_that_becomes_one_that_is_bound_already() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        for group in (GROUP, -200):
            api.say(WANG, "/bind_group", chat=group)
            await until(lambda group=group: says(api, group, "提醒"))
        api.say(WANG, chat=GROUP, migrate_to_chat_id=-200)
        await until(lambda: not api.unconfirmed() and not desk.channel.busy)
        await handed_over(api, desk)
        await until(lambda: says(api, -200, "要人接手"))
        assert await desk.rows("SELECT session_key FROM staff_groups") == [("telegram:-200",)]


async def test_words_said_right_after_the_first_binding_are_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(news, "_NOT_OFTENER_S", 1.0)
    async with bot_api() as api, running(api.url) as desk:
        number = await handed_over(api, desk)
        await bound(desk, api, WANG, "王老师")
        result = await desk.desk.act("王老师", number, Act.TAKE)
        assert result.error is None
        api.say(PARENT, "孩子摔伤了")
        await until(lambda: says(api, WANG, "孩子摔伤了"))


@pytest.mark.parametrize("where", ["telegram", "the pages"])
async def test_a_matter_passed_on_is_shown_to_the_colleague(where: str) -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        await bound(desk, api, LI, "李老师")
        api.say(PARENT, AGE)
        await told(api, PARENT)
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}")
        await until(lambda: says(api, WANG, AGE))
        if where == "telegram":
            api.say(WANG, f"/transfer {number} 刘老师")
            await until(lambda: says(api, WANG, "没有叫“刘老师”的同事"))
            api.say(WANG, f"/transfer {number}")
            await until(lambda: says(api, WANG, words.WHOM))
            api.say(WANG, f"/transfer {number} 李老师")
            await until(lambda: says(api, WANG, "已转交"))
        else:
            result = await desk.desk.act("王老师", number, Act.TRANSFER, to_whom="李老师")
            assert result.error is None
        await until(lambda: says(api, LI, "王老师把这件转给了您"))
        [shown] = [m for m in api.to(LI) if "王老师把这件转给了您" in m["text"]]
        assert AGE in shown["text"]
        api.say(LI, "我来办", reply_to_message=shown)
        await until(lambda: says(api, PARENT, "李老师：我来办"))
        assert len(says(api, LI, "王老师把这件转给了您")) == 1


async def test_binding_stands_in_the_audit() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        found = await desk.rows("SELECT who, detail FROM audit WHERE what = 'account.bind'")
        assert found == [("王老师", "telegram")]


# ---------------------------------------------------------------------------- around us


async def test_another_bot_on_the_same_data_is_heard_and_introduced(tmp_path: Path) -> None:
    for bot in ("123456", "654321"):
        token = f"{bot}:peer-Secret_Token"
        async with bot_api(token) as api, running(api.url, tmp_path / "d", token=token) as desk:
            api.say(PARENT, "/start")  # the same update and message id as with the first bot
            await quiet(api, PARENT, 2)
            await until(lambda: not desk.channel.busy)
            assert len(api.called("setMyCommands")) == 1


async def test_what_nobody_thought_of_is_reported_and_got_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(channel, "_START_AGAIN_S", 0.05)
    async with bot_api() as api, running(api.url) as desk:
        await until(lambda: desk.channel.state == "polling")
        updates = desk.channel._api.updates
        failing = [RuntimeError("no idea")]

        async def stumble(*given):  # type: ignore[no-untyped-def]
            if failing:
                raise failing.pop()
            return await updates(*given)

        monkeypatch.setattr(desk.channel._api, "updates", stumble)
        api.say(PARENT, AGE)  # ends the poll under way
        await told(api, PARENT)
        await until(lambda: "no idea" in caplog.text)
        api.say(PARENT, "谢谢")
        await quiet(api, PARENT, 2)
        assert desk.channel.state == "polling"


async def test_a_store_that_fails_at_the_start_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(polling, "FIRST_WAIT_S", 0.05)
    async with bot_api() as api, running(api.url, at_work=False) as desk:
        unhandled = desk.channel._memory.unhandled
        failing = [StorageError("磁盘已满")]

        async def full():  # type: ignore[no-untyped-def]
            if failing:
                raise failing.pop()
            return await unhandled()

        monkeypatch.setattr(desk.channel._memory, "unhandled", full)
        desk.tasks = [asyncio.create_task(desk.channel.run())]
        await until(lambda: desk.channel.state == "polling")
        assert "数据库这会儿写不进去" in caplog.text


async def test_a_webhook_taken_or_out_of_reach_shows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(channel, "_CHECK_WEBHOOK_S", 0.02)

    async def nobody(scope, receive, send):  # type: ignore[no-untyped-def]
        del scope, receive, send

    async with bot_api() as api, serving(nobody) as url, running(api.url, webhook=url) as desk:
        await until(lambda: desk.channel.state == "webhook")
        ours, api.webhook_url = api.webhook_url, "https://another.test/hook"
        await until(lambda: desk.channel.state == "conflict")
        assert "改成了别处" in caplog.text
        assert len(api.called("setWebhook")) == 1, "it is not fought over"
        api.webhook_url, api.webhook_trouble = ours, "Connection refused"
        api.say(PARENT, AGE)
        await until(lambda: desk.channel.state == "error")
        assert "Connection refused" in caplog.text
        api.webhook_trouble = ""
        await until(lambda: desk.channel.state == "webhook")


async def test_a_webhook_that_telegram_does_not_take_is_explained(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bot_api() as api:
        bad = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
        api.fail("setWebhook", status=400, description=bad)
        async with running(api.url, webhook="http://127.0.0.1:9") as desk:
            await until(lambda: desk.channel.state == "error")
            assert "BOT_TELEGRAM_WEBHOOK_URL" in caplog.text


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (("12 34:secretpart", "", "", ""), "BOT_TELEGRAM_TOKEN"),
        (("123/../secretpart", "", "", ""), "BOT_TELEGRAM_TOKEN"),
        ((TOKEN, "localhost:8081", "", ""), "BOT_TELEGRAM_API_URL"),
        ((TOKEN, "http://", "", ""), "BOT_TELEGRAM_API_URL"),
        ((TOKEN, "", "http://example.test/telegram", ""), "BOT_TELEGRAM_WEBHOOK_URL"),
        ((TOKEN, "", "example.test", ""), "BOT_TELEGRAM_WEBHOOK_URL"),
        ((TOKEN, "", "https://a:port/", ""), "BOT_TELEGRAM_WEBHOOK_URL"),
        ((TOKEN, "", "", "secretpart?"), "BOT_TELEGRAM_WEBHOOK_SECRET"),
    ],
)
def test_unusable_settings_are_named_and_no_secret_is(
    settings: tuple[str, str, str, str], named: str
) -> None:
    with pytest.raises(ConfigError, match=named) as refused:
        checked(*settings, "key")
    assert "secretpart" not in str(refused.value)


def test_usable_settings() -> None:
    for url in ("http://127.0.0.1:8081", "http://127.0.0.1:8081/", "http://127.0.0.1:8081/bot"):
        assert checked(TOKEN, url, "", "", "key").api_url == "http://127.0.0.1:8081"
    access = checked(TOKEN, "", "https://example.test", "", "key")
    assert access.webhook_url == "https://example.test/telegram"
    assert access.webhook_secret == checked(TOKEN, "", "", "", "key").webhook_secret
    assert access.webhook_secret != checked(TOKEN, "", "", "", "another").webhook_secret
    assert TOKEN not in repr(access)
    assert access.webhook_secret not in repr(access)
