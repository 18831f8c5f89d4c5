"""What staff do beside the conversation: transfer, notes, answers of the FAQ, the switches."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from console_office import Office, alert, open_office, typed_text

from bot.model import Message, Status
from bot.storage.accounts import Role
from tests.desk import unsent


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as office:
        await office.sign_in("李老师")
        await office.sign_in("王老师")
        yield office


async def write(office: Office, text: str, user: str = "p9", **more: int) -> str:
    """Have a parent write; return all that is answered."""
    office.clock.pass_by(seconds=1)
    message_id = str(office.clock())
    message = Message("web", user, message_id, text, office.clock(), **more)
    return "\n".join(reply.text for reply in (await office.desk.handle(message)).replies)


async def test_two_takers_at_the_same_instant(office: Office) -> None:
    number = await office.parent_asks("要真人")
    other = office.another_browser()
    await office.sign_in("李老师", other)
    pages = [await office.see(number), (await other.get(f"/staff/inquiries/{number}")).text]
    answers = await asyncio.gather(
        office.press(number, "take", page=pages[0]),
        office.press(number, "take", page=pages[1], browser=other),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    winner = ("王老师", "李老师")[answers[1].status_code == 303]
    assert (await office.inquiry(number)).owner == winner
    [refused] = [answer for answer in answers if answer.status_code == 409]
    assert winner in alert(refused.text)
    said = [item.text for item in await office.store.transcript(number) if "接手" in item.text]
    assert len(said) == 1
    assert winner in said[0]


async def test_handing_it_to_a_colleague(office: Office) -> None:
    number = await office.parent_asks("要真人")
    await office.press(number, "take")
    moved = await office.press(number, "transfer", to_whom="李老师")
    assert moved.status_code == 303
    inquiry = await office.inquiry(number)
    assert (inquiry.status, inquiry.owner) == (Status.WITH_STAFF, "李老师")
    page = await office.see(number)
    assert "转给 李老师" in page
    assert "由 李老师 负责" in page
    assert any("李老师" in item.text for item in await office.store.transcript(number))
    assert (await office.audit.page(about=number))[1].detail == "李老师"


@pytest.mark.parametrize("to_whom", ["", "王老师", "不存在的人", "停用的人"])
async def test_only_to_a_colleague_who_is_there(office: Office, to_whom: str) -> None:
    await office.accounts.add("停用的人")
    await office.accounts.disable("停用的人")
    number = await office.parent_asks("要真人")
    await office.press(number, "take")
    refused = await office.press(number, "transfer", to_whom=to_whom)
    assert (refused.status_code, "请选要转给哪位同事" in alert(refused.text)) == (422, True)
    assert (await office.inquiry(number)).owner == "王老师"


async def test_a_question_to_the_parent_goes_along(office: Office) -> None:
    number = await office.parent_asks("要真人")
    await office.press(number, "ask_parent", "几年级？")
    await office.press(number, "transfer", to_whom="李老师")
    inquiry = await office.inquiry(number)
    assert (inquiry.status, inquiry.owner) == (Status.WAITING_PARENT, "李老师")


async def test_a_note_never_leaves(office: Office) -> None:
    number = await office.parent_asks("要真人")
    page = await office.see(number)
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    kept = await office.browser.post(
        f"/staff/inquiries/{number}/notes",
        data={**form, "text": "妈妈脾气急，电话 13812345678"},
    )
    assert kept.status_code == 303
    page = await office.see(number)
    assert "妈妈脾气急，电话 〔电话已隐去〕" in page
    key = (await office.inquiry(number)).session_key
    assert not [i for i in await office.store.history(key) if "脾气" in i.text]
    assert await office.words(number) == []
    assert (await office.inquiry(number)).status is Status.WAITING_STAFF
    async with office.store.transaction() as work:
        await work.erase(key, office.clock())
    assert "脾气" not in await office.see(number)


async def test_what_the_bot_understood_is_in_view(office: Office) -> None:
    await write(office, "校服必须买吗，质量和价格谁管？")
    page = await office.see("1001")
    assert "机器人的理解：直接回答" in page
    assert re.search(r"<strong>校服要不要买</strong>\s*<span class=\"hint\">把握 \d+%", page)
    assert re.search(r"〔规则：.+起直接答", page)


async def test_an_answer_of_the_faq_goes_into_the_reply(office: Office) -> None:
    await write(office, "校服必须买吗，质量和价格谁管？")
    page = await office.see("1001")
    link = re.search(r'href="(/staff/inquiries/1001\?insert=general\.uniform)#reply"', page)
    assert link is not None
    filled = typed_text((await office.browser.get(link[1])).text)
    assert filled.startswith(office.desk.mind.faq.entries["general.uniform"].answer[:10])
    assert "依据" in filled
    found = (await office.browser.get("/staff/inquiries/1001", params={"find": "转学"})).text
    assert "insert=enrollment.transfer_school&amp;find=" in found or (
        "insert=enrollment.transfer_school" in found
    )
    odd = await office.browser.get("/staff/inquiries/1001", params={"find": "🙄" * 200})
    assert odd.status_code == 200


async def test_the_line_shows_the_matter_not_the_cry_for_a_person(office: Office) -> None:
    await write(office, "校服必须买吗，质量和价格谁管？")
    await write(office, "转人工")
    await write(office, "谢谢")
    page = (await office.browser.get("/staff/")).text
    assert "校服必须买吗" in page
    await write(office, "转人工", "p10")
    assert ">转人工<" in (await office.browser.get("/staff/")).text


async def test_whether_a_reply_has_arrived_is_shown(office: Office) -> None:
    number = await office.parent_asks("要真人")
    await office.press(number, "reply", "满六周岁。")
    assert "再送到" in await office.see(number)
    await office.desk.mark_sent([each.id for each in await unsent(office.store)])
    assert "已送达" in await office.see(number)


# ------------------------------------------------------------------------ switches


@pytest.fixture
async def admin(office: Office) -> Office:
    await office.sign_in("管理员", role=Role.ADMIN)
    return office


async def test_a_notice_stands_before_all_answers(admin: Office) -> None:
    await admin.send("/staff/settings/", do="notice", text="今天停电，电话打不进。")
    for text in ("校服必须买吗，质量和价格谁管？", "您好", "🙄🙄🙄", "转人工"):
        assert (await write(admin, text)).startswith("【通知】今天停电，电话打不进。\n\n")
    assert not (await write(admin, "我不想活了")).startswith("【通知】")
    await admin.send("/staff/settings/", do="no_notice")
    assert "【通知】" not in await write(admin, "您好")
    assert [entry.what for entry in await admin.audit.page(who="管理员")][:2] == [
        "switch.notice",
        "switch.notice",
    ]


async def test_the_bot_is_off_and_people_still_receive(admin: Office) -> None:
    await write(admin, "校服必须买吗，质量和价格谁管？", "p1")
    await admin.send("/staff/settings/", do="off")
    for text in ("校服必须买吗，质量和价格谁管？", "🙄🙄🙄", "您好"):
        said = await write(admin, text, "p1")
        assert "工作人员" in said
        assert "依据" not in said
    assert (await admin.inquiry("1001")).status is Status.WAITING_STAFF
    await admin.press("1001", "reply", "我来答。")
    assert await write(admin, "转学需要什么材料？", "p1") == ""
    assert (await admin.store.transcript("1001"))[-1].text == "转学需要什么材料？"
    assert "110" in await write(admin, "我不想活了", "p2")
    await admin.press("1001", "resolve")
    assert "办结" in await write(admin, "", "p1", pick=1)
    assert (await admin.store.casework.ratings("1001"))[0].helped
    await admin.send("/staff/settings/", do="on")
    assert "依据" in await write(admin, "校服必须买吗，质量和价格谁管？", "p3")


async def test_a_resolution_is_rated_once(office: Office) -> None:
    await write(office, "校服必须买吗，质量和价格谁管？")
    await office.press("1001", "resolve", "就这样。")
    await write(office, "有帮助")
    await write(office, "有帮助")
    await write(office, "没帮助")
    assert [each.helped for each in await office.store.casework.ratings("1001")] == [True]
    assert "评价：有帮助" in await office.see("1001")
    await office.press("1001", "resolve")
    await write(office, "没帮助")
    ratings = await office.store.casework.ratings("1001")
    assert [each.helped for each in ratings] == [True, False]


async def test_the_audit_is_read_a_page_at_a_time(admin: Office) -> None:
    number = await admin.parent_asks("要真人")
    for _ in range(120):
        await admin.audit.add("王老师", "look", number, admin.clock())
    page = (await admin.browser.get("/staff/audit/", params={"about": number})).text
    assert page.count("<td>查看</td>") == 100
    older = re.search(r'href="([^"]*before=\d+)"', page)
    assert older is not None
    rest = (await admin.browser.get(older[1].replace("&amp;", "&"))).text
    assert rest.count("<td>查看</td>") == 20


# ------------------------------------------------------------------------ targets and filters


async def listed(office: Office, **asked: str) -> list[str]:
    page = (await office.browser.get("/staff/", params=asked)).text
    return re.findall(r'id="q-(\d+)"', page)


async def test_targets_are_in_view(office: Office) -> None:
    number = await office.parent_asks("要真人")
    assert "第一次回复：14:00 前" not in (page := await office.see(number))
    assert "第一次回复：12:00 前" in page
    office.clock.pass_by(minutes=95)
    assert 'class="due soon">第一次回复：12:00 前' in (await office.browser.get("/staff/")).text
    office.clock.pass_by(minutes=25)
    assert 'class="due late">第一次回复超时（12:00 到期）' in await office.see(number)
    await office.press(number, "reply", "满六周岁。")
    assert "第一次回复" not in await office.see(number)


async def test_what_a_silent_owner_lost_is_first(office: Office) -> None:
    lost = await office.parent_asks("第一件", to=Status.WITH_STAFF, owner="李老师")
    office.clock.pass_by(minutes=5)
    older = await office.parent_asks("等了很久")
    office.clock.pass_by(days=1, hours=1)
    await office.sign_in()
    await office.desk.tick(office.clock())
    assert await listed(office) == [lost, older]
    urgent = await office.parent_asks("孩子不见了", urgent=True)
    assert await listed(office) == [urgent, lost, older]
    page = (await office.browser.get("/staff/")).text
    assert page.count("负责人没动静，退回") == 1
    await office.press(lost, "take")
    assert "负责人没动静，退回" not in (await office.browser.get("/staff/?show=all")).text


async def test_the_list_is_narrowed_down(office: Office) -> None:
    old = await office.parent_asks("很久以前的", topic="aid")
    office.clock.pass_by(days=1)
    await office.sign_in()
    urgent = await office.parent_asks("孩子不见了", topic="safety", urgent=True)
    vague = await office.parent_asks("？？", topic=None, entry=None)
    mine = await office.parent_asks("我的", to=Status.WITH_STAFF, owner="王老师")
    assert await listed(office, topic="aid") == [old]
    assert await listed(office, topic="none") == [vague]
    assert await listed(office, urgent="on") == [urgent]
    assert await listed(office, late="on") == [old]
    assert await listed(office, show="all", owner="王老师") == [mine]
    assert await listed(office, show="all", owner="none") == [urgent, old, vague]
    page = (await office.browser.get("/staff/", params={"topic": "aid", "show": "all"})).text
    assert "没有符合筛选的咨询" not in page
    assert re.search(r'href="/staff/\?topic=aid&amp;show=mine"', page)
    assert "没有符合筛选的咨询" in (await office.browser.get("/staff/?topic=nonsense")).text


async def test_what_a_disabled_account_held_goes_back(office: Office) -> None:
    await office.accounts.add("陈老师")
    held = await office.parent_asks("有人管", to=Status.WITH_STAFF, owner="陈老师")
    asked = await office.parent_asks("问了", to=Status.WAITING_PARENT, owner="陈老师")
    mine = await office.parent_asks("我的", to=Status.WITH_STAFF, owner="王老师")
    await office.accounts.disable("陈老师")
    await office.desk.tick(office.clock())
    for number in (held, asked):
        inquiry = await office.inquiry(number)
        assert (inquiry.status, inquiry.owner) == (Status.WAITING_STAFF, None)
    assert (await office.inquiry(mine)).owner == "王老师"
