"""The queue, one inquiry, and every act a member of staff may do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from console_office import Office, alert, hidden_fields, offered, open_office, typed_text

from bot.model import Act, Choice, ChoiceKind, Media, Status


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as office:
        yield office


@pytest.fixture(autouse=True)
async def signed_in(office: Office) -> None:
    await office.sign_in()


async def listed(office: Office, show: str = "waiting") -> list[str]:
    """Return the numbers in that list, top first."""
    page = (await office.browser.get("/staff/", params={"show": show})).text
    return re.findall(r'href="/staff/inquiries/(\d+)"', page)


async def standing(office: Office, number: str) -> tuple[Status, str | None]:
    inquiry = await office.desk.inquiry(number)
    assert inquiry is not None
    return inquiry.status, inquiry.owner


async def test_an_empty_queue_says_so_kindly(office: Office) -> None:
    for show in ("waiting", "mine", "parent", "all", "resolved", "nonsense"):
        page = (await office.browser.get("/staff/", params={"show": show})).text
        assert 'class="empty"' in page
    assert "<title>收件箱" in page


async def test_urgent_first_then_the_longest_waiting(office: Office) -> None:
    early = await office.parent_asks("第一个等的")
    office.clock.pass_by(minutes=10)
    held = await office.parent_asks("有人管", to=Status.WITH_STAFF, owner="李老师")
    late = await office.parent_asks("后来等的")
    office.clock.pass_by(minutes=10)
    urgent = await office.parent_asks("孩子不见了", topic="safety", entry=None, urgent=True)
    answered = await office.parent_asks("机器人答过的", to=Status.ANSWERED)
    closed = await office.parent_asks("了结的", to=Status.RESOLVED, urgent=True)
    assert await listed(office) == [urgent, early, late]
    assert await listed(office, "all") == [urgent, early, late, held, answered, closed]


async def test_each_filter_shows_its_own(office: Office) -> None:
    waiting = await office.parent_asks("等人")
    mine = await office.parent_asks("我的", to=Status.WITH_STAFF, owner="王老师")
    asked = await office.parent_asks("问了家长", to=Status.WAITING_PARENT, owner="王老师")
    others = await office.parent_asks("别人问了家长", to=Status.WAITING_PARENT, owner="李老师")
    closed = await office.parent_asks("了结的", to=Status.RESOLVED)
    still_open = await office.parent_asks("还没弄清", to=Status.OPEN)
    alarm = await office.parent_asks("又出事了", to=Status.OPEN, urgent=True)
    assert await listed(office) == [alarm, waiting]
    assert await listed(office, "mine") == [mine, asked]
    assert await listed(office, "parent") == [asked, others]
    assert await listed(office, "resolved") == [closed]
    assert set(await listed(office, "all")) >= {still_open, closed, waiting}


async def test_a_line_says_what_staff_need(office: Office) -> None:
    await office.parent_asks("娃儿好大能上小学")
    office.clock.pass_by(hours=1, minutes=5)
    await office.parent_asks("孩子不见了", topic="safety", entry=None, urgent=True)
    page = (await office.browser.get("/staff/")).text
    assert "(2) 收件箱" in page
    for words in ("1001 · 几岁能上小学", "娃儿好大能上小学", "入学", "待接手", "无人负责"):
        assert words in page
    assert "已等 1 小时 5 分钟" in page
    assert "1002 · 安全" in page
    assert page.count(">紧急<") == 1
    mine = (await office.browser.get("/staff/", params={"show": "mine"})).text
    assert "有 1 件紧急咨询在等人接手" in mine


async def test_parents_words_are_only_words(office: Office) -> None:
    nasty = "<script>alert(1)</script>\"'<img src=x onerror=alert(2)></textarea>{{ 7*7 }}"
    number = await office.parent_asks(nasty, topic="<b>x</b>", entry="<i>y</i>")
    choice = Choice("<u>选</u>", ChoiceKind.ENTRY, "x")
    await office.parent_adds(number, nasty, offered("<em>您</em>", choice))
    for path in ("/staff/", f"/staff/inquiries/{number}"):
        page = (await office.browser.get(path)).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert not re.search(r"<script>|<img|<b>x|<i>y|<u>|<em>", page)
        assert "{{ 7*7 }}" in page
    refused = await office.press(number, "reply", nasty + "长" * 2000)
    assert "<script>alert" not in refused.text
    assert typed_text(refused.text).startswith(nasty)


async def test_an_inquiry_shows_its_conversation_and_history(office: Office) -> None:
    number = await office.parent_asks("补助")
    choice = Choice("住校生补助", ChoiceKind.ENTRY, "aid.boarder_subsidy")
    await office.parent_adds(number, "补助呢", offered("您问的是哪一项？", choice))
    await office.parent_adds(number, media=Media.PHOTO)
    await office.staff_said(number, "李老师", "我来看看")
    page = await office.see(number)
    for words in ("家长", "补助", "机器人", "1. 住校生补助", "〔图片〕", "李老师", "10:00"):
        assert words in page
    assert "几岁能上小学" in page
    assert "enrollment.age_requirement" in page
    assert "机器人在问 → 待接手" in page
    assert "家长要找人工" in page


async def test_taking_it(office: Office) -> None:
    number = await office.parent_asks("要真人")
    answer = await office.press(number, "take")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/staff/inquiries/{number}?done=take"
    assert await standing(office, number) == (Status.WITH_STAFF, "王老师")
    page = (await office.browser.get(answer.headers["location"])).text
    assert 'role="status">已由您接手' in page
    assert 'value="take"' not in page


async def test_replying_takes_what_nobody_owns(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    answer = await office.press(number, "reply", "  满六周岁。\r\n当年八月三十一日前。\n")
    assert answer.status_code == 303
    assert await standing(office, number) == (Status.WITH_STAFF, "王老师")
    assert await office.words(number) == ["满六周岁。\n当年八月三十一日前。"]


async def test_asking_the_parent(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.press(number, "ask_parent", "孩子哪天出生？")
    assert await standing(office, number) == (Status.WAITING_PARENT, "王老师")
    assert await listed(office, "parent") == [number]


async def test_releasing_it(office: Office) -> None:
    number = await office.parent_asks("要真人")
    await office.press(number, "take")
    await office.press(number, "release")
    assert await standing(office, number) == (Status.WAITING_STAFF, None)


@pytest.mark.parametrize("words", [None, "", "祝孩子入学顺利。"])
async def test_resolving_with_or_without_words(office: Office, words: str | None) -> None:
    number = await office.parent_asks("要真人")
    assert (await office.press(number, "resolve", words)).status_code == 303
    assert (await standing(office, number))[0] is Status.RESOLVED
    assert await office.words(number) == ([words] if words else [])
    page = await office.see(number)
    assert 'id="reply"' not in page
    assert "已经了结" in page


async def test_a_refused_act_says_why_and_keeps_what_was_typed(office: Office) -> None:
    number = await office.parent_asks("要真人")
    page = await office.see(number)
    await office.desk.act("李老师", number, Act.TAKE)
    for act in ("reply", "ask_parent", "resolve"):
        refused = await office.press(number, act, "写了好久的回复", page=page)
        assert refused.status_code == 409
        assert "由李老师负责" in alert(refused.text)
        assert typed_text(refused.text, "kept") == "写了好久的回复"
    assert await standing(office, number) == (Status.WITH_STAFF, "李老师")
    assert await office.words(number) == []


async def test_an_empty_reply_is_refused_kindly(office: Office) -> None:
    number = await office.parent_asks("要真人")
    for act in ("reply", "ask_parent"):
        for text in (None, "", " \n　"):
            refused = await office.press(number, act, text)
            assert refused.status_code == 422
            assert "请先写下要发给家长的话" in alert(refused.text)
    assert await standing(office, number) == (Status.WAITING_STAFF, None)


async def test_a_reply_too_long_stays_in_its_box(office: Office) -> None:
    number = await office.parent_asks("要真人")
    refused = await office.press(number, "reply", "长" * 2001)
    assert refused.status_code == 422
    assert "2000" in alert(refused.text)
    assert typed_text(refused.text) == "长" * 2001
    closing = await office.press(number, "resolve", "长" * 2001)
    assert typed_text(closing.text, "closing-words") == "长" * 2001
    assert typed_text(closing.text) == ""


async def test_a_store_that_fails_loses_no_words(office: Office) -> None:
    number = await office.parent_asks("要真人")
    page = await office.see(number)
    async with office.store.database.transaction() as work:
        await work.rows("ALTER TABLE staff_words RENAME TO lost")
    failed = await office.press(number, "reply", "满六周岁。", page=page)
    assert failed.status_code == 503
    assert typed_text(failed.text, "kept") == "满六周岁。"
    async with office.store.database.transaction() as work:
        await work.rows("ALTER TABLE lost RENAME TO staff_words")
    assert (await office.press(number, "reply", "满六周岁。", page=page)).status_code == 303
    assert await office.words(number) == ["满六周岁。"]


async def test_pressing_twice_sends_once(office: Office) -> None:
    number = await office.parent_asks("要真人")
    page = await office.see(number)
    answers = await asyncio.gather(
        *(office.press(number, "reply", "满六周岁。", page=page) for _ in range(3))
    )
    assert {answer.status_code for answer in answers} == {303}
    assert await office.words(number) == ["满六周岁。"]
    await office.press(number, "reply", "满六周岁。")
    assert await office.words(number) == ["满六周岁。"] * 2


async def test_the_owner_sees_other_buttons_than_the_others(office: Office) -> None:
    number = await office.parent_asks("有人管", to=Status.WITH_STAFF, owner="李老师")
    page = await office.see(number)
    assert 'name="act"' not in page
    assert "由 李老师 负责" in page
    mine = await office.parent_asks("我的", to=Status.WAITING_PARENT, owner="王老师")
    offered = set(re.findall(r'name="act" value="(\w+)"', await office.see(mine)))
    assert offered == {"reply", "ask_parent", "release", "resolve"}


@pytest.mark.parametrize("number", ["9999", "abc", "１００１", "-1", "1001%27", "1e3"])
async def test_an_unknown_number_is_a_page_of_its_own(office: Office, number: str) -> None:
    await office.parent_asks("要真人")
    answer = await office.browser.get(f"/staff/inquiries/{number}")
    assert answer.status_code == 404
    assert "没有这件咨询" in answer.text


async def test_acts_on_what_is_gone_or_unheard_of(office: Office) -> None:
    number = await office.parent_asks("要真人")
    page = await office.see(number)
    odd = await office.press(number, "delete", "写好的话", page=page)
    assert odd.status_code == 400
    gone = await office.browser.post(
        "/staff/inquiries/9999", data={**hidden_fields(page), "act": "reply", "text": "写好的话"}
    )
    assert gone.status_code == 404
    assert typed_text(gone.text, "kept") == typed_text(odd.text, "kept") == "写好的话"
    nowhere = await office.browser.get("/staff/nowhere")
    assert (nowhere.status_code, "没有这个页面" in nowhere.text) == (404, True)
