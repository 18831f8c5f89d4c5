"""The whole round with two browsers: asked, handed over, answered by a person, settled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.parent import (
    BABBLE,
    BARE,
    DANGER,
    ask,
    come,
    from_staff,
    mine,
    offered,
    question,
    tap,
    theirs,
)
from tests.browser.running_desk import RunningDesk, Staff

TEN = (
    "enrollment.age_requirement",
    "enrollment.school_zone_lookup",
    "enrollment.transfer_school",
    "safety.bullying_report",
    "safety.phone_policy",
    "aid.how_to_apply",
    "aid.boarder_subsidy",
    "special_education.placement_options",
    "general.after_class_service",
    "general.uniform",
)


@pytest.mark.network_errors  # a used link is refused with 403
def test_the_whole_round(page: Page, office: Page, own_desk: RunningDesk) -> None:
    # ten questions, each answered in its own inquiry
    come(page, own_desk.url)
    numbers = set()
    for entry in TEN:
        answer = ask(page, question(entry))
        assert (answer["decision"], answer["entry"]) == ("answer", entry)
        assert answer["inquiry"]["status"] == "answered"
        numbers.add(answer["inquiry"]["number"])
    assert len(numbers) == len(TEN)
    # a bare word, a choice by button; again, but none of them; not understood; a person
    picked = [ask(page, BARE), tap(page, "1. ")]
    assert [answer["decision"] for answer in picked] == ["suggest", "answer"]
    ask(page, BARE)
    assert tap(page, "都不是")["decision"] == "fallback"
    assert ask(page, BABBLE)["decision"] == "fallback"
    handed = tap(page, "转人工")
    number = handed["inquiry"]["number"]
    assert (handed["decision"], handed["inquiry"]["status"]) == ("handoff", "waiting_staff")
    expect(theirs(page).last).to_contain_text(number)

    # staff come in by the printed link, which is good for once
    office.goto(own_desk.sign_in_link)
    office.wait_for_url("**/staff/")
    waiting = office.locator(".queue li")
    expect(waiting).to_have_count(1)
    waiting.get_by_role("link", name=number).click()
    office.get_by_role("button", name="接手").click()
    expect(office.locator("#head .status")).to_have_text("处理中")
    expect(theirs(page).last).to_contain_text("管理员")  # pushed, nobody reloaded
    expect(theirs(page).last).to_contain_text(number)

    # a reply, a question, its answer
    before = theirs(page).count()
    office.get_by_label("写给家长").fill("您好，\n材料先放学校门卫室。")
    office.get_by_role("button", name="回复家长").click()
    expect(from_staff(page)).to_have_count(1)
    assert "管理员：您好，\n材料先放学校门卫室。" in from_staff(page).inner_text()
    assert from_staff(page).inner_text().count("管理员") == 1
    expect(theirs(page)).to_have_count(before + 1)
    office.get_by_label("写给家长").fill("孩子读几年级？")
    office.get_by_role("button", name="向家长提问").click()
    expect(from_staff(page).nth(1)).to_contain_text("孩子读几年级？")
    expect(office.locator("#head .status")).to_have_text("等家长")
    told = ask(page, "三年级二班")
    assert (told["decision"], told["replies"]) == ("staff", [])
    expect(page.locator(".row.mine").last.locator(".mark.staff")).to_contain_text("已送达")
    expect(office.locator("#head .status")).to_have_text("处理中")  # pushed here too
    expect(office.locator("#transcript li").last).to_contain_text("三年级二班")

    # settled, and rated
    office.get_by_text("了结这件咨询").click()
    office.get_by_label("结束语").fill("已经办好了。")
    office.get_by_role("button", name="了结", exact=True).click()
    expect(office.locator("#head .status")).to_have_text("已了结")
    expect(from_staff(page).nth(2)).to_contain_text("已经办好了。")
    expect(offered(page)).to_have_count(2)
    rated = tap(page, "有帮助")
    assert rated["decision"] == "command"
    assert (rated["inquiry"]["number"], rated["inquiry"]["status"]) == (number, "resolved")
    moves = office.locator("#moves")
    assert not re.search(r"[A-Za-z]{3}", moves.inner_text())  # every reason said in Chinese

    # a reload changes nothing
    shown = page.locator("#log .bubble").all_inner_texts()[1:]  # all but the welcome
    page.reload()
    expect(page.locator("#log .bubble")).to_have_count(len(shown))
    assert page.locator("#log .bubble").all_inner_texts() == shown
    expect(page.locator(".mark.staff")).to_have_count(1)

    # the link again, from another browser
    office.context.clear_cookies()
    office.goto(own_desk.sign_in_link)
    expect(office.get_by_role("alert")).to_contain_text("只能用一次")
    office.goto(own_desk.url + "/staff/")
    expect(office).to_have_url(re.compile("/staff/sign-in$"))


def test_danger_stands_first_in_the_inbox(
    page: Page, office: Page, browser: Browser, own_desk: RunningDesk
) -> None:
    come(page, own_desk.url)
    calm = ask(page, "转人工")["inquiry"]["number"]
    office.goto(own_desk.sign_in_link)
    waiting = office.locator(".queue li")
    expect(waiting).to_have_count(1)
    expect(waiting.first).not_to_have_class(re.compile("urgent"))
    other = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    elsewhere = other.new_page()
    come(elsewhere, own_desk.url)
    urgent = ask(elsewhere, DANGER)["inquiry"]["number"]
    expect(waiting).to_have_count(2)  # it comes by itself
    expect(waiting.nth(0)).to_contain_text(urgent)
    expect(waiting.nth(0)).to_contain_text("紧急")
    expect(waiting.nth(0)).to_contain_text(DANGER)
    expect(waiting.nth(0)).to_have_class(re.compile("urgent"))
    expect(waiting.nth(1)).to_contain_text(calm)
    expect(office).to_have_title(re.compile(r"^\(2\)"))
    waiting.nth(0).get_by_role("link").click()
    expect(office.locator("#head")).to_contain_text("紧急")
    other.close()


def test_one_parent_sees_nothing_of_another(
    page: Page, browser: Browser, desk: RunningDesk, teacher: Staff
) -> None:
    come(page, desk.url)
    number = ask(page, "转人工")["inquiry"]["number"]
    teacher.reply(number, "只说给您听。")
    expect(from_staff(page)).to_have_count(1)
    other = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    stranger = other.new_page()
    come(stranger, desk.url)
    looked_up = ask(stranger, f"我的咨询{number}")
    unknown = ask(stranger, "我的咨询999999")
    assert looked_up["inquiry"] is None
    assert [
        answer["replies"][0]["text"].replace(wanted, "").partition("\n")[0]
        for answer, wanted in ((looked_up, number), (unknown, "999999"))
    ].count(unknown["replies"][0]["text"].replace("999999", "")) == 2
    expect(from_staff(stranger)).to_have_count(0)
    other.close()


@pytest.mark.parametrize("by_button", [False, True])
def test_removed_words_leave_the_staff_page_too(
    page: Page, office: Page, own_desk: RunningDesk, by_button: bool
) -> None:
    come(page, own_desk.url)
    number = ask(page, "转人工")["inquiry"]["number"]
    ask(page, "我家在某某街某某号")
    office.goto(own_desk.sign_in_link)
    office.get_by_role("link", name=number).click()
    office.get_by_role("button", name="接手").click()
    expect(theirs(page).last).to_contain_text("管理员")
    expect(office.locator("#transcript")).to_contain_text("某某街")
    assert ask(page, "删除我的数据")["decision"] == "command"
    deleted = tap(page, "确认删除") if by_button else ask(page, "确认删除")
    assert deleted["decision"] == "command"
    expect(office.locator("#head .status")).to_have_text("已了结")
    expect(office.locator("#transcript")).not_to_contain_text("某某街")
    expect(mine(page)).to_have_count(0)
