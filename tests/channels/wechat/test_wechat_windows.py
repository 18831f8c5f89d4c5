"""What we may send by ourselves, and when: counted, kept, merged, said to staff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from wechat_desk import (
    AGE,
    Act,
    Clock,
    Running,
    event,
    message,
    running,
    until,
    wechat_api,
)

from bot.console.words import UNDELIVERED
from bot.serve import app
from bot.storage.accounts import Accounts
from bot.storage.outbox import QUOTA, WINDOW
from tests.serving import serving


async def handed_over(desk: Running, user: str = "o1") -> str:
    """Have the parent ask for a person and 王老师 take it; return the number."""
    await desk.say(user, "转人工")
    return await desk.number(user)


async def sees(desk: Running, what: Callable[[list[str]], bool]) -> list[str]:
    """Return why things are kept, when that is so."""
    for _ in range(500):
        rows = await desk.rows("SELECT coalesce(reason, '') FROM outbox WHERE sent_at IS NULL")
        reasons = [reason for (reason,) in rows]
        if what(reasons):
            return reasons
        await asyncio.sleep(0.01)
    raise AssertionError(reasons)


async def test_a_staff_reply_goes_by_customer_service_take_and_words_as_one() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "请把户口本带来。")
        await until(lambda: api.to("o1"))
        [text] = api.to("o1")
        assert f"王老师接手了您的{number}号咨询" in text
        assert "王老师：请把户口本带来。" in text
        assert api.fetched == ["stable"]


async def test_the_choices_of_what_was_sent_can_be_typed() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "办好了。", Act.RESOLVE)
        await until(lambda: api.to("o1"))
        assert "msgmenucontent=有帮助" in api.to("o1")[0]
        assert "办结" in await desk.say("o1", "1")


async def test_after_48_hours_a_reply_is_kept_staff_see_it_and_it_leads_the_next_contact() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        desk.clock.ahead = timedelta(hours=48, minutes=1)
        await desk.staff(number, "请把户口本带来。")
        await desk.staff(number, "还要一张照片。")
        await sees(desk, lambda reasons: reasons == [WINDOW] * 3)
        assert api.tried == 0, "nothing is asked of the platform that it would refuse"
        item = next(i for i in await desk.desk.transcript(number) if "户口本" in i.text)
        assert item.undelivered == WINDOW
        assert UNDELIVERED[WINDOW].startswith("窗口已过")
        [listed] = await desk.desk.queue()
        assert listed.undelivered
        answer = await desk.say("o1", "中考什么时候报名")
        parts = ["先补上", "接手了", "请把户口本带来。", "还要一张照片。"]
        places = [answer.index(part) for part in parts]
        assert places == sorted(places)
        assert await desk.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]
        assert await desk.rows("SELECT count(*) FROM deliveries WHERE sent_at IS NULL") == [(0,)]
        item = next(i for i in await desk.desk.transcript(number) if "户口本" in i.text)
        assert item.undelivered is None


async def test_the_staff_page_says_what_did_not_arrive_and_why() -> None:
    async with running() as desk:
        number = await handed_over(desk)
        accounts = Accounts(desk.desk.store)
        await accounts.add("王老师")
        token = await accounts.create_link("王老师", desk.clock(), timedelta(hours=1))
        await desk.staff(number, "请把户口本带来。")
        await sees(desk, lambda reasons: WINDOW in reasons)
        pages = app(desk.desk, accounts, "key", asyncio.Event())
        async with (
            serving(pages) as url,
            httpx.AsyncClient(base_url=url, headers={"Origin": url}) as browser,
        ):
            signed_in = await browser.post("/staff/sign-in", data={"token": token})
            assert signed_in.status_code == 303
            page = await browser.get(f"/staff/inquiries/{number}")
            assert '<strong class="mark">未送达</strong>：窗口已过' in page.text
            await desk.say("o1", "您好")
            page = await browser.get(f"/staff/inquiries/{number}")
            assert "未送达" not in page.text


async def test_what_was_kept_leads_the_answer_to_a_question() -> None:
    async with running() as desk:
        number = await handed_over(desk)
        await desk.staff(number, "请把户口本带来。", Act.RESOLVE)
        await sees(desk, lambda reasons: WINDOW in reasons)
        answer = await desk.say("o1", AGE)
        now = answer.index("您刚才说的")
        assert answer.index("请把户口本带来") < now < answer.index("依据")
        assert answer.count("回复数字") == 1


async def test_five_messages_then_the_rest_waits_and_counters_survive_a_restart(
    tmp_path: Path,
) -> None:
    file = tmp_path / "desk.sqlite3"
    async with wechat_api() as api:
        async with running(api.url, file) as desk:
            number = await handed_over(desk)
            for n in range(1, 4):
                await desk.staff(number, f"第{n}句。")
                await until(lambda n=n: len(api.sent) == n)
        async with running(api.url, file) as desk:
            for n in range(4, 8):
                await desk.staff(number, f"第{n}句。")
                if n < 6:
                    await until(lambda n=n: len(api.sent) == n)
            await sees(desk, lambda reasons: reasons == [WINDOW] * 2)
            assert api.tried == 5
            api.wrote("o1")
            answer = await desk.say("o1", "收到")
            assert answer.index("第6句") < answer.index("第7句")
            assert len(api.sent) == 5


@pytest.mark.parametrize("code", [45015, 45047])
async def test_the_platform_says_the_window_is_over_before_we_know(code: int) -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        if code == 45015:
            api.closed.add("o1")
        else:
            api.used["o1"] = 5
        await desk.staff(number, "请把户口本带来。")
        await sees(desk, lambda reasons: reasons == [WINDOW] * 2)
        await desk.staff(number, "还要一张照片。")
        await sees(desk, lambda reasons: reasons == [WINDOW] * 3)
        assert api.tried == 1, "refused once, it is not asked again"
        api.wrote("o1")
        answer = await desk.say("o1", "好的收到")
        assert "请把户口本带来" in answer
        assert "还要一张照片" in answer
        await desk.staff(number, "谢谢。")
        await until(lambda: api.to("o1") == ["王老师：谢谢。"])


async def test_the_day_limit_is_waited_out() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        api.faults.append(45009)
        await desk.staff(number, "请把户口本带来。")
        await sees(desk, lambda reasons: QUOTA in reasons)
        await desk.say("o2", "转人工")
        await desk.staff(await desk.number("o2"), "已联系学校。")
        await sees(desk, lambda reasons: reasons == [QUOTA] * 4)
        assert api.tried == 1
        desk.clock.ahead = timedelta(days=1, minutes=10)
        await desk.channel._remember(desk.clock())
        await until(lambda: len(api.sent) == 2)
        assert "户口本" in api.to("o1")[0]


async def test_what_the_platform_is_too_busy_for_arrives_once() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        api.faults.extend([-1, 45011])
        await desk.staff(number, "请把户口本带来。")
        await until(lambda: api.sent)
        await asyncio.sleep(0.3)
        assert api.tried == 3
        assert len(api.to("o1")) == 1


async def test_a_wrong_ip_list_is_said_with_its_remedy_and_waited_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with wechat_api() as api, running(api.url) as desk:
        await until(lambda: desk.channel.state == "on")
        number = await handed_over(desk)
        api.faults.append(40164)
        await desk.staff(number, "请把户口本带来。")
        await until(lambda: desk.channel.state == "error")
        assert "IP白名单" in caplog.text
        assert "满6周岁" in await desk.say("o2", AGE)
        desk.clock.ahead = timedelta(seconds=61)
        desk.outbox.wake()
        await until(lambda: api.sent and desk.channel.state == "on")


async def test_an_account_that_may_not_send_is_found_out_and_answers_go_on(
    tmp_path: Path,
) -> None:
    file = tmp_path / "desk.sqlite3"
    async with wechat_api() as api:
        async with running(api.url, file) as desk:
            number = await handed_over(desk)
            api.faults.append(48001)
            await desk.staff(number, "请把户口本带来。")
            await sees(desk, lambda reasons: WINDOW in reasons)
            assert desk.channel.state == "passive"
        async with running(api.url, file) as desk:
            await until(lambda: desk.channel.state == "passive")
            answer = await desk.say("o1", "还要什么")
            assert "户口本" in answer
            assert "weixin://" not in await desk.say("o2", AGE)
            assert api.tried == 1


async def test_a_parent_who_left_is_not_written_to_and_finds_it_when_they_come_back() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        assert await desk.tell(event("o1", "unsubscribe")) == ""
        await desk.staff(number, "请把户口本带来。")
        await sees(desk, lambda reasons: WINDOW in reasons)
        assert api.tried == 0
        back = await desk.tell(event("o1", "subscribe"))
        assert back.index("请把户口本带来") < back.index("九龙坡家长咨询台")


async def test_after_an_event_three_messages_within_a_minute() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        await desk.tell(event("o1", "CLICK", "command.handoff"))
        number = await desk.number("o1")
        await desk.staff(number, "一。")
        await until(lambda: len(api.sent) == 1)
        desk.clock.ahead = timedelta(seconds=61)
        await desk.staff(number, "二。")
        await sees(desk, lambda reasons: reasons == [WINDOW])


async def test_a_long_answer_goes_on_by_customer_service() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        long = "。".join(f"第{n}条要带的材料是户口本和出生证明" for n in range(120)) + "。"
        desk.clock.ahead = timedelta(hours=49)
        await desk.staff(number, long)
        await sees(desk, lambda reasons: WINDOW in reasons)
        first = await desk.say("o1", "收到")
        await until(lambda: len(api.sent) >= 3)
        await asyncio.sleep(0.3)
        rest = api.to("o1")
        whole = "".join([first, *rest])
        assert "还没说完" not in whole
        for n in range(120):
            assert whole.count(f"第{n}条要带") == 1
        assert rest[-1].startswith(f"（{len(rest) + 1}/{len(rest) + 1}）") or "（" in rest[-1]


async def test_without_customer_service_a_long_answer_waits_for_any_word() -> None:
    async with running() as desk:
        number = await handed_over(desk)
        long = "。".join(f"第{n}条要带的材料是户口本和出生证明" for n in range(120)) + "。"
        await desk.staff(number, long)
        await sees(desk, lambda reasons: WINDOW in reasons)
        heard = [await desk.say("o1", "老师您好，我到了")]
        while "还没说完" in heard[-1]:
            assert heard[-1].endswith(desk.desk.mind.faq.say("wx_more"))
            heard.append(await desk.say("o1", "继续"))
        whole = "".join(heard)
        assert len(heard) >= 3
        for n in range(120):
            assert whole.count(f"第{n}条要带") == 1
        texts = [item.text for item in await desk.desk.transcript(number)]
        assert "继续" not in texts


async def test_a_question_in_place_of_go_on_is_answered_after_the_rest() -> None:
    async with running() as desk:
        number = await handed_over(desk)
        await desk.staff(number, "材料。" * 700, Act.RESOLVE)
        await sees(desk, lambda reasons: WINDOW in reasons)
        assert "还没说完" in await desk.say("o1", "您好")
        whole = await desk.say("o1", AGE)
        while "还没说完" in whole:
            whole = await desk.say("o1", "继续")
        assert "依据：" in whole


async def test_sent_by_us_after_the_response_not_before_it() -> None:
    """The rest of a long reply is sent a moment later than the response that begins it."""
    async with wechat_api() as api, running(api.url, clock=Clock()) as desk:
        number = await handed_over(desk)
        desk.clock.ahead = timedelta(hours=49)
        await desk.staff(number, "材料。" * 700)
        await sees(desk, lambda reasons: WINDOW in reasons)
        await desk.say("o1", "收到")
        assert api.sent == []
        await until(lambda: api.sent)


async def test_kept_words_of_a_parent_who_asked_to_be_forgotten_are_never_said() -> None:
    async with running() as desk:
        number = await handed_over(desk)
        await desk.staff(number, "请把户口本带来。")
        await sees(desk, lambda reasons: WINDOW in reasons)
        await desk.tell(message("o1", Content="删除我的数据"))
        await desk.say("o1", "确认删除")
        assert "户口本" not in await desk.say("o1", "您好")
