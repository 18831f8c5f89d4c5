"""Asking how it was: once, inside the account's window, whoever resolved the matter."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from wechat_desk import AGE, Act, Running, running, until, wechat_api

ASKED = "对您有帮助吗"


async def handed_over(desk: Running, user: str = "o1") -> str:
    await desk.say(user, "转人工")
    return await desk.number(user)


async def ratings(desk: Running) -> list[int]:
    """Return what was said, oldest first: 1 for 有帮助, 0 for 没帮助."""
    return [helped for (helped,) in await desk.rows("SELECT helped FROM ratings ORDER BY at")]


async def kept(desk: Running, count: int = 1) -> None:
    """Wait until so many messages are kept for the parent's next word, the rest being sent."""
    for _ in range(500):
        rows = await desk.rows("SELECT coalesce(reason, '') FROM outbox WHERE sent_at IS NULL")
        if [reason for (reason,) in rows] == ["window"] * count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(rows)


async def status(desk: Running, number: str) -> str:
    inquiry = await desk.desk.inquiry(number)
    assert inquiry is not None
    return inquiry.status.value


async def test_resolved_by_staff_inside_the_window_it_is_asked_once_and_counted_once() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "", Act.RESOLVE)
        await until(lambda: api.to("o1"))
        assert "".join(api.to("o1")).count(ASKED) == 1
        assert "办结" in await desk.say("o1", "有帮助")
        assert await ratings(desk) == [1]
        await desk.say("o1", "有帮助")
        await desk.say("o1", "没帮助")
        assert await ratings(desk) == [1], "the first word on one resolution counts"


async def test_resolved_by_staff_after_the_window_it_is_asked_at_the_next_contact_only() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "办好了。")
        await until(lambda: api.to("o1"))
        desk.clock.ahead = timedelta(hours=48, minutes=1)
        tried = api.tried
        await desk.staff(number, "", Act.RESOLVE)
        await kept(desk)
        assert api.tried == tried, "nothing is asked of the platform that it would refuse"
        assert ASKED in await desk.say("o1", "您好")
        assert ASKED not in await desk.say("o1", "您好")
        assert api.tried == tried
        await desk.say("o1", "没帮助")
        assert await ratings(desk) == [0]
        assert await status(desk, number) == "with_staff"


async def test_what_the_parent_resolved_is_rated_by_that_and_not_asked_again() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        assert "有帮助" in await desk.say("o1", AGE)
        number = await desk.number("o1")
        await desk.say("o1", "有帮助")
        assert (await ratings(desk), await status(desk, number)) == ([1], "resolved")
        desk.clock.ahead = timedelta(days=4)
        await desk.desk.tick()
        assert ASKED not in await desk.say("o1", "您好")
        assert api.tried == 0


async def test_what_the_clock_resolved_is_asked_at_the_next_contact_only() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "孩子几年级？", Act.ASK_PARENT)
        await until(lambda: api.to("o1"))
        tried = api.tried
        desk.clock.ahead = timedelta(days=7, minutes=1)
        await desk.desk.tick()
        assert await status(desk, number) == "resolved"
        await kept(desk)
        await desk.desk.tick()
        assert api.tried == tried
        answer = await desk.say("o1", "您好")
        assert answer.count(ASKED) == 1
        assert f"{number}号咨询先办结了" in answer
        assert ASKED not in await desk.say("o1", "您好")
        await desk.say("o1", "有帮助")
        await desk.say("o1", "有帮助")
        assert await ratings(desk) == [1]
        assert (api.tried, await status(desk, number)) == (tried, "resolved")


async def test_nobody_is_asked_about_a_matter_that_has_come_back() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "孩子几年级？", Act.ASK_PARENT)
        await until(lambda: api.to("o1"))
        desk.clock.ahead = timedelta(days=7, minutes=1)
        await desk.desk.tick()
        await kept(desk)
        assert ASKED not in await desk.say("o1", "三年级，谢家湾小学")
        assert await status(desk, number) == "with_staff"
        await desk.staff(number, "知道了。", Act.RESOLVE)
        await until(lambda: any(ASKED in text for text in api.to("o1")))
        await desk.say("o1", "有帮助")
        assert await ratings(desk) == [1]


async def test_staffs_own_words_are_never_taken_back_with_the_question() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        number = await handed_over(desk)
        await desk.staff(number, "我看看。")
        await until(lambda: api.to("o1"))
        desk.clock.ahead = timedelta(hours=48, minutes=1)
        await desk.staff(number, "请把户口本带来。", Act.RESOLVE)
        await kept(desk, 2)
        answer = await desk.say("o1", "好的，我明天带户口本来")
        assert "请把户口本带来" in answer
        assert ASKED not in answer
        assert await status(desk, number) == "with_staff"


async def test_an_answer_that_ran_out_is_not_followed_by_a_question() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        await desk.say("o1", AGE)
        number = await desk.number("o1")
        desk.clock.ahead = timedelta(days=3, minutes=1)
        await desk.desk.tick()
        assert await status(desk, number) == "resolved"
        assert ASKED not in await desk.say("o1", "您好")
        assert api.tried == 0
        await desk.say("o1", "有帮助")
        assert await ratings(desk) == [1], "the buttons under the answer still count"
