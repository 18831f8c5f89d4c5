"""Who reads in Telegram what a parent said stands in the audit, as on the pages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from telegram_desk import BotApi, Clock, Running, bot_api, key_of, running, told, until
from telegram_office import GROUP, LI, PARENT, SECRET, WANG, bound, handed_over, says

from bot.model import Act
from bot.storage.audit import LOOK, Audit


async def looks(desk: Running) -> list[tuple[str, str, str]]:
    """Return who looked at what and where, the oldest first."""
    entries = await Audit(desk.desk.store.database).page()
    return [(e.who, e.about, e.detail) for e in reversed(entries) if e.what == LOOK]


async def looked(desk: Running, count: int) -> list[tuple[str, str, str]]:
    """Return the looks when there are so many."""
    for _ in range(500):
        if len(found := await looks(desk)) >= count:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(found)


async def transcript(api: BotApi, user: int, number: str) -> dict[str, object]:
    """Have that member of staff take the inquiry; return what they are shown."""
    api.say(user, f"/take {number}")
    await until(lambda: says(api, user, SECRET))
    [shown] = [m for m in api.to(user) if SECRET in m["text"]]
    return dict(shown)


async def test_notices_and_the_list_are_no_look_the_transcript_is_one() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        await bound(desk, api, LI, "李老师")
        number = await handed_over(api, desk)
        await until(lambda: says(api, GROUP, "要人接手"))
        api.say(LI, "/queue")
        await until(lambda: says(api, LI, "待接手：1件"))
        assert await looks(desk) == []
        notice = next(m for m in api.to(GROUP) if "要人接手" in m["text"])
        api.tap(WANG, {**notice, "chat": {"id": GROUP, "type": "group"}}, key_of(notice, "接手"))
        await until(lambda: says(api, WANG, SECRET))
        assert await looked(desk, 1) == [("王老师", number, "telegram")]
        # a refused take shows nothing, so it is no look
        api.say(LI, f"/take {number}")
        await until(lambda: says(api, LI, "已由王老师接手"))
        assert len(await looks(desk)) == 1


async def test_the_parents_further_words_are_one_look_for_a_while() -> None:
    clock = Clock()
    async with bot_api() as api, running(api.url, clock=clock) as desk:
        await bound(desk, api, WANG, "王老师")
        number = await handed_over(api, desk)
        await transcript(api, WANG, number)
        for place, words in enumerate(("在教室门口", "就是昨天", "三年级")):
            api.say(PARENT, words)
            await until(lambda words=words: says(api, WANG, words))
            clock.ahead = timedelta(minutes=place + 1)
        mine = ("王老师", number, "telegram")
        assert await looks(desk) == [mine]
        clock.ahead = timedelta(minutes=20)
        api.say(PARENT, "还在吗")
        await until(lambda: says(api, WANG, "还在吗"))
        assert await looked(desk, 2) == [mine, mine]


async def test_whoever_is_given_it_looks_too() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师")
        await bound(desk, api, LI, "李老师")
        number = await handed_over(api, desk)
        await transcript(api, WANG, number)
        api.say(WANG, f"/transfer {number} 李老师")
        await until(lambda: says(api, LI, SECRET))
        assert ("李老师", number, "telegram") in await looked(desk, 2)


async def test_an_owner_who_got_the_words_is_not_told_of_them_but_the_group_is_of_others() -> None:
    clock = Clock()
    async with bot_api() as api, running(api.url, clock=clock) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        number = await handed_over(api, desk)
        await transcript(api, WANG, number)
        clock.ahead = timedelta(minutes=30)
        api.say(PARENT, "三年级")
        await until(lambda: says(api, WANG, "三年级"))
        await desk.desk.tick()
        api.say(8, "转人工")
        await until(lambda: says(api, GROUP, f"{int(number) + 1}号"))
        assert not says(api, GROUP, "又来话")
        # whoever is not bound here has no other way to hear of it
        await desk.desk.act("李老师", str(int(number) + 1), Act.TAKE)
        clock.ahead = timedelta(minutes=60)
        api.say(8, "在吗")
        await told(api, 8, 2)
        await asyncio.sleep(0.2)
        await desk.desk.tick()
        [notice] = await until(lambda: says(api, GROUP, "又来话"))
        assert "李老师" in notice
        assert "在吗" not in notice


async def test_a_transcript_shown_in_a_group_says_so() -> None:
    async with bot_api() as api, running(api.url) as desk:
        api.say(WANG, f"/bind {await desk.code('王老师')}", chat=GROUP)
        await until(lambda: says(api, GROUP, "您是“王老师”"))
        number = await handed_over(api, desk)
        api.say(WANG, f"/take {number}", chat=GROUP)
        await until(lambda: says(api, GROUP, SECRET))
        assert await looked(desk, 1) == [("王老师", number, "telegram 群")]


async def test_binding_and_unbinding_stand_in_the_audit() -> None:
    async with bot_api() as api, running(api.url) as desk:
        await bound(desk, api, WANG, "王老师", group=True)
        api.say(WANG, "/unbind_group", chat=GROUP)
        await until(lambda: says(api, GROUP, "不再收到提醒"))
        api.say(WANG, "/unbind")
        await until(lambda: says(api, WANG, "已解除绑定"))
        entries = await Audit(desk.desk.store.database).page(who="王老师")
        done = [e.what for e in reversed(entries)]
        assert done == ["account.bind", "group.bind", "group.unbind", "account.unbind"]
        api.say(8, "/unbind")
        await until(lambda: says(api, 8, "已解除绑定"))
        assert await Audit(desk.desk.store.database).page(who="王老师") == entries
