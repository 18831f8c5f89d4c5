"""No update lost or handled twice, no reply lost: everything that goes wrong on the way."""

from __future__ import annotations

import asyncio
import io
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from telegram_desk import AGE, TOKEN, BotApi, Refused, bot_api, key_of, quiet, running, told, until

from bot import outbox
from bot.channels.telegram import api as api_module
from bot.channels.telegram import polling
from bot.channels.telegram.api import Api
from bot.channels.telegram.refusals import TokenRefused
from bot.channels.telegram.secrecy import BLOT, hide, scrub
from bot.errors import StorageError
from bot.model import Act


async def number_of(desk: object) -> str:
    return (await desk.desk.queue())[0].inquiry.number  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    _shorten(monkeypatch)


def _shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "TAKEN_WAIT_S", (0.3, 0.5))
    monkeypatch.setattr(polling, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(outbox, "FIRST_WAIT_S", 0.1)


# ---------------------------------------------------------------------------- coming in


async def test_the_same_update_again_is_answered_once() -> None:
    async with bot_api() as api, running(api.url) as desk:
        update = api.say(7, AGE)
        api.give(update)
        await told(api, 7)
        api.give(update)
        api.say(7, "谢谢")
        await quiet(api, 7, 2)
        assert len(await desk.rows("SELECT * FROM inbox")) == 2


async def test_updates_out_of_order_are_all_answered() -> None:
    async with bot_api() as api, running(api.url):
        late = api.update(message=api.message(7, AGE))
        early = api.update(message=api.message(8, AGE))
        api.give(early)
        await told(api, 8)
        # a lower id than one that was seen: only a set of ids, no high-water mark, takes it
        api.give({**late, "update_id": early["update_id"] + 5})
        api.give({**late, "update_id": early["update_id"] + 3, "message": api.message(9, AGE)})
        await told(api, 7)
        await told(api, 9)


async def test_ids_are_forgotten_when_they_cannot_come_again() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, AGE)
        await told(api, 7)
        desk.clock.ahead = timedelta(hours=49)
        api.say(7, "谢谢")
        await told(api, 7, 2)
        assert len(await desk.rows("SELECT * FROM updates")) == 1


async def test_words_do_not_stay_among_the_updates() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, AGE)
        await told(api, 7)
        await until(lambda: not desk.channel.busy)
        assert await desk.rows("SELECT incoming, handled FROM updates") == [(None, 1)]


async def test_nothing_is_confirmed_before_it_is_written_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with bot_api() as api, running(api.url) as desk:
        await until(lambda: desk.channel.state == "polling")
        write_down = desk.channel._memory.write_down
        failing = True

        async def full(*given):  # type: ignore[no-untyped-def]
            if failing:
                raise StorageError("磁盘已满")
            return await write_down(*given)

        monkeypatch.setattr(desk.channel._memory, "write_down", full)
        update = api.say(7, AGE)
        await until(lambda: desk.channel.state == "error")
        assert api.unconfirmed() == [update["update_id"]]
        failing = False
        await told(api, 7)
        await until(lambda: not api.unconfirmed())


@pytest.mark.parametrize("where", ["before the desk", "after the desk", "after it was sent"])
async def test_a_crash_between_update_and_reply(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in between, the parent is answered once after the restart."""
    async with bot_api() as api:
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            await until(lambda: desk.channel.state == "polling")
            stuck = asyncio.Event()

            async def hang(*_: object) -> None:
                stuck.set()
                await asyncio.sleep(1000)

            if where == "before the desk":
                monkeypatch.setattr(desk.desk, "handle", hang)
            elif where == "after the desk":
                monkeypatch.setattr(desk.channel, "send", hang)
            else:
                monkeypatch.setattr(desk.channel._memory, "handled", hang)
            api.say(7, AGE)
            await asyncio.wait_for(stuck.wait(), 10)
            if where == "after it was sent":
                await told(api, 7)
        monkeypatch.undo()
        _shorten(monkeypatch)
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            await quiet(api, 7, 1)
            assert await desk.rows("SELECT handled, incoming FROM updates") == [(1, None)]


async def test_unreadable_updates_do_not_stop_the_others() -> None:
    async with bot_api() as api, running(api.url):
        api.give(api.update(message={"odd": True}))
        api.give(api.update(message=[]))
        api.give(api.update(callback_query={"id": "1"}))
        api.give(api.update(channel_post={"chat": {"id": -5}}))
        api.say(7, AGE)
        await told(api, 7)
        await until(lambda: not api.unconfirmed())


async def test_nothing_that_waited_is_dropped_at_a_start() -> None:
    async with bot_api() as api:
        api.say(7, AGE)
        api.webhook_url = "http://127.0.0.1:1/somewhere"
        async with running(api.url):
            await told(api, 7)
        assert api.called("deleteWebhook")[0].get("drop_pending_updates", "false") == "false"


# ---------------------------------------------------------------------------- connections


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "description": "Internal Server Error"},
        {"status": 502},
        {"cut": "before"},
        {"cut": "after"},
        {"status": 429, "retry_after": 1, "description": "Too Many Requests: retry after 1"},
    ],
    ids=lambda fault: str(fault.get("cut") or fault.get("status")),
)
@pytest.mark.parametrize("method", ["getMe", "getUpdates", "setMyCommands"])
async def test_a_failing_server_is_survived(method: str, fault: dict[str, object]) -> None:
    async with bot_api() as api:
        api.fail(method, **fault)
        async with running(api.url) as desk:
            api.say(7, AGE)
            await quiet(api, 7, 1, 0.2)
            assert desk.channel.state == "polling"
            assert api.faults_left() == 0


async def test_no_network_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    async with running("http://127.0.0.1:9") as desk:
        await until(lambda: desk.channel.state == "error")
        assert "连不上 Telegram" in caplog.text
        assert TOKEN not in caplog.text


async def test_another_poller_is_explained_and_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bot_api() as api:
        conflict = "Conflict: terminated by other getUpdates request"
        api.fail("getUpdates", times=2, status=409, description=conflict)
        async with running(api.url) as desk:
            await until(lambda: desk.channel.state == "conflict")
            assert "正被另一个程序使用" in caplog.text
            asked = len(api.called("getUpdates"))
            await asyncio.sleep(0.15)
            assert len(api.called("getUpdates")) == asked, "it is not fought over"
            await until(lambda: desk.channel.state == "polling")
            api.say(7, AGE)
            await told(api, 7)


async def test_two_pollers_at_one_server() -> None:
    """Two desks with one token: the server gives each update to one of them."""
    async with bot_api() as api, running(api.url) as one, running(api.url) as two:
        await until(lambda: "conflict" in {one.channel.state, two.channel.state})
        api.say(7, AGE)
        await told(api, 7)


async def test_a_wrong_token_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    async with bot_api() as api, running(api.url, token="1:wrong") as desk:
        await until(lambda: desk.channel.state == "error")
        assert "BOT_TELEGRAM_TOKEN" in caplog.text
        assert "1:wrong" not in caplog.text


# ---------------------------------------------------------------------------- going out


@pytest.mark.parametrize(
    ("fault", "most"),
    [
        ({"status": 500}, 1),
        ({"status": 429, "retry_after": 1}, 1),
        ({"cut": "before"}, 1),
        # The answer is lost, not the message: it may come twice, and never not at all.
        ({"cut": "after"}, 2),
    ],
    ids=["500", "429", "cut before", "cut after"],
)
async def test_a_reply_survives(fault: dict[str, object], most: int) -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.fail("sendMessage", **fault)
        api.say(7, AGE)
        await told(api, 7, most)
        await quiet(api, 7, most)
        assert await desk.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "answerCallbackQuery", "sendMessage"])
async def test_a_server_too_slow_to_wait_for(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "_READ_S", 0.3)
    monkeypatch.setattr(polling, "POLL_S", 1)
    async with bot_api() as api:
        if method == "getMe":
            api.fail(method, wait_s=2)
        async with running(api.url) as desk:
            api.say(7, "/menu")
            await told(api, 7)
            if method != "getMe":
                api.fail(method, wait_s=2)
            menu = api.to(7)[0]
            api.tap(7, menu, key_of(menu, "1. "))
            # What Telegram answers too late has happened all the same: it may come twice.
            await told(api, 7, 3 if method == "sendMessage" else 2)
            await quiet(api, 7, 3 if method == "sendMessage" else 2)
            assert api.faults_left() == 0
            assert len(api.called("answerCallbackQuery")) == 1
            assert len(await desk.rows("SELECT id FROM turns")) == 2


async def test_one_chats_limit_keeps_its_order_and_spares_others() -> None:
    async with bot_api() as api, running(api.url):
        api.say(8, "你好")
        await told(api, 8)
        api.fail("sendMessage", status=429, retry_after=2, chat=7)
        api.say(7, AGE)
        api.say(7, "谢谢")
        await until(lambda: api.faults_left() == 0)
        await quiet(api, 7, 2, 0.1)
        assert "依据" in api.to(7)[0]["text"]


async def test_blocked_is_kept_shown_and_leads_when_the_parent_is_back(tmp_path: Path) -> None:
    async with bot_api() as api:
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            api.say(7, "转人工")
            await told(api, 7)
            number = await number_of(desk)
            api.blocked.add(7)
            await desk.desk.act("王老师", number, Act.REPLY, "第一句")
            await desk.desk.act("王老师", number, Act.REPLY, "第二句")
            await asyncio.sleep(0.5)
            assert len(api.to(7)) == 1
            said = await desk.desk.transcript(number)
            assert [i.undelivered for i in said if i.kind == "words"] == ["blocked", "blocked"]
            assert (await desk.desk.queue())[0].undelivered
        tries = len(api.called("sendMessage"))
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            await asyncio.sleep(0.5)
            assert len(api.called("sendMessage")) == tries, "a closed door is not knocked at"
            api.blocked.clear()
            api.say(7, "我的咨询")
            texts = await told(api, 7, 5)
            assert [t.partition("：")[2] for t in texts[2:4]] == ["第一句", "第二句"]
            assert texts[4] == desk.desk.mind.faq.say("mine")
            said = await desk.desk.transcript(number)
            assert {i.undelivered for i in said} == {None}


async def test_unblocking_alone_brings_what_was_kept() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "转人工")
        await told(api, 7)
        api.blocked.add(7)
        await desk.desk.act("王老师", await number_of(desk), Act.REPLY, "还在等您")
        await asyncio.sleep(0.4)
        api.blocked.clear()
        change = {
            "chat": {"id": 7, "type": "private"},
            "from": {"id": 7, "is_bot": False},
            "new_chat_member": {"status": "member"},
        }
        api.give(api.update(my_chat_member=change))
        assert "还在等您" in (await told(api, 7, 3))[2]


async def test_what_telegram_refuses_for_good_stops_nothing() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "转人工")
        await told(api, 7)
        number = await number_of(desk)
        api.fail("sendMessage", status=400, description="Bad Request: something about the text")
        await desk.desk.act("王老师", number, Act.REPLY, "好的")
        await told(api, 7, 2)
        said = await desk.desk.transcript(number)
        assert "refused" in {i.undelivered for i in said}


async def test_an_erased_parents_words_are_not_sent_any_more() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(7, "转人工")
        await told(api, 7)
        api.blocked.add(7)
        await desk.desk.act("王老师", await number_of(desk), Act.RESOLVE, "机密")
        await asyncio.sleep(0.4)
        api.fail("sendMessage", times=1, status=403, description="Forbidden: bot was blocked")
        api.blocked.clear()
        async with desk.desk.store.transaction() as work:
            await work.erase("telegram:7", desk.clock())
        api.say(7, "你好")
        await until(lambda: any("您好" in m["text"] for m in api.to(7)) or api.faults_left() == 0)
        assert not any("机密" in m["text"] for m in api.to(7))


# ---------------------------------------------------------------------------- the token


async def test_the_token_shows_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything at DEBUG, everything going wrong: the token is in no line."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        async with bot_api() as api:
            api.fail("getMe", status=500)
            api.fail("getUpdates", cut="before")
            api.fail("getUpdates", status=409)
            api.fail("sendMessage", status=429, retry_after=1)
            api.fail("sendMessage", cut="before")
            api.fail("setMyCommands", status=400, description=f"Bad Request: {TOKEN}")
            async with running(api.url) as desk:
                api.say(7, AGE)
                await told(api, 7)
                shown = [repr(desk.channel), repr(desk.channel._api), repr(desk.channel._api._bot)]
        async with bot_api() as api:
            stranger = Api("77:another-Secret", api.url)
            with pytest.raises(TokenRefused) as refused:
                await stranger.start()
            await stranger.close()
        shown += [str(refused.value), repr(refused.value), repr(refused.value.__cause__)]
        logging.getLogger("any").error("https://api.telegram.org/bot%s/getMe", TOKEN)
        try:
            raise ValueError(f"for /bot{TOKEN}/x")
        except ValueError:
            logging.getLogger("any").exception("failed")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    out, err = capsys.readouterr()
    for text in (written.getvalue(), out, err, *shown):
        assert TOKEN not in text
        assert TOKEN.partition(":")[2] not in text
        assert "another-Secret" not in text
    assert BLOT in written.getvalue()


def test_short_secrets_are_not_blotted() -> None:
    hide("a")
    assert scrub("a banana") == "a banana"


async def test_a_stale_button_after_a_restart(tmp_path: Path) -> None:
    async with bot_api() as api:
        async with running(api.url, tmp_path / "d.sqlite3"):
            api.say(7, "/menu")
            await told(api, 7)
        async with running(api.url, tmp_path / "d.sqlite3") as desk:
            menu = api.to(7)[0]
            api.tap(7, menu, key_of(menu, "1. "))
            await told(api, 7, 2)
            assert (await desk.rows("SELECT decision FROM turns ORDER BY id"))[1] == ("command",)


def test_the_fake_is_strict() -> None:
    """A server that takes everything proves nothing."""
    api = BotApi()
    for given in (
        {"text": "a<b", "parse_mode": "HTML"},
        {"text": "<b>a", "parse_mode": "HTML"},
        {"text": "x" * 4097},
        {"text": " "},
        {
            "text": "x",
            "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]},
        },
    ):
        with pytest.raises(Refused):
            api._send({"chat_id": 7, **given})
