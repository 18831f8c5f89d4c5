"""Staff at their pages: on a desktop and on a phone, with and without JavaScript, two at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LOCALE, PHONE, TIMEZONE
from tests.browser.parent import ask, come, from_staff, question, theirs
from tests.browser.running_desk import RunningDesk, Staff
from tests.browser.test_access import findings, fits

WIDTHS = (1280, 390)
PASSWORD = "杨家坪的黄葛树开花了"


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A browser whose JavaScript is switched off."""
    context = browser.new_context(
        locale=LOCALE, timezone_id=TIMEZONE, viewport=PHONE, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def enter(office: Page, desk: RunningDesk) -> None:
    """Come in as the first admin."""
    office.goto(desk.sign_in_link)
    expect(office.get_by_role("heading", name="收件箱")).to_be_visible()


def handed_over(page: Page, desk: RunningDesk) -> str:
    come(page, desk.url)
    ask(page, question("general.uniform"))
    number: str = ask(page, "转人工")["inquiry"]["number"]
    return number


def test_every_place_fits_everybody_at_both_widths(
    page: Page, office: Page, own_desk: RunningDesk, axe: str
) -> None:
    number = handed_over(page, own_desk)
    with closing(Staff(own_desk, "李老师")):
        pass
    enter(office, own_desk)
    office.goto(f"{own_desk.url}/staff/inquiries/{number}")
    office.get_by_role("button", name="接手").click()
    places = [
        link.get_attribute("href") or "" for link in office.locator(".places a").element_handles()
    ]
    assert {"/staff/", "/staff/accounts/", "/staff/settings/", "/staff/audit/"} <= set(places)
    for place in [*places, "/staff/me", f"/staff/inquiries/{number}", "/staff/?late=on&topic=aid"]:
        office.goto(own_desk.url + place)
        for summary in office.locator("details:not([open]) > summary").all():
            if summary.is_visible():
                summary.click()
        for width in WIDTHS:
            office.set_viewport_size({"width": width, "height": 800})
            serious = [f for f in findings(office, axe) if f[1] in ("serious", "critical")]
            assert serious == [], (place, width)
            fits(office)


def test_all_of_it_works_without_javascript(page: Page, plain: Page, own_desk: RunningDesk) -> None:
    number = handed_over(page, own_desk)
    with closing(Staff(own_desk, "李老师")):
        pass
    plain.goto(f"{own_desk.url}/staff/sign-in")
    plain.get_by_label("或者用登录链接").fill(own_desk.sign_in_link)
    plain.get_by_role("button", name="用链接登录").click()
    plain.get_by_label("主题").select_option("aid")
    plain.get_by_role("button", name="筛选").click()
    expect(plain.get_by_text("没有符合筛选的咨询")).to_be_visible()
    plain.get_by_role("link", name="清除筛选").click()
    plain.get_by_role("link", name=number).click()
    plain.get_by_role("button", name="接手").click()
    plain.get_by_text("从常见问题里取一段答复").click()
    plain.get_by_role("link", name="放进回复：校服要不要买").click()
    expect(plain.get_by_label("写给家长")).to_have_value(re.compile("依据"))
    plain.get_by_role("button", name="回复家长").click()
    expect(from_staff(page)).to_contain_text("依据")
    plain.get_by_label("写备注").fill("外婆在带")
    plain.get_by_role("button", name="记下").click()
    expect(plain.locator("#notes")).to_contain_text("外婆在带")
    plain.get_by_text("转给同事，或退回队列").click()
    plain.get_by_label("转给").select_option("李老师")
    plain.get_by_role("button", name="转交").click()
    expect(plain.locator("#facts")).to_contain_text("李老师")
    expect(theirs(page).last).to_contain_text("李老师")
    expect(page.locator("body")).not_to_contain_text("外婆在带")


def test_filters_answers_and_notes_without_a_reload(
    page: Page, office: Page, own_desk: RunningDesk
) -> None:
    number = handed_over(page, own_desk)
    enter(office, own_desk)
    office.evaluate("window.same = true")
    office.get_by_label("主题").select_option("aid")
    expect(office.get_by_text("没有符合筛选的咨询")).to_be_visible()
    expect(office).to_have_url(re.compile("topic=aid"))
    office.get_by_label("主题").select_option("general")
    expect(office.locator(".queue li")).to_have_count(1)
    assert office.evaluate("window.same")
    ask(page, "还有一件事")  # what comes by itself stays narrowed down
    expect(office.locator(".queue li")).to_have_count(1)

    office.get_by_role("link", name=number).click()
    office.get_by_role("button", name="接手").click()
    expect(office.locator("#head .status")).to_have_text("处理中")
    office.evaluate("window.same = true")
    office.get_by_label("写给家长").fill("您好！")
    office.get_by_text("从常见问题里取一段答复").click()
    office.get_by_placeholder("找别的").fill("转学")
    office.get_by_role("link", name=re.compile("放进回复：.*转学")).first.click()
    expect(office.get_by_label("写给家长")).to_have_value(re.compile(r"^您好！\n[^$]*依据"))
    office.get_by_label("写备注").fill("记一笔")
    office.get_by_role("button", name="记下").click()
    expect(office.locator("#notes")).to_contain_text("记一笔")
    expect(office.get_by_label("写备注")).to_have_value("")
    expect(office.get_by_label("写给家长")).to_have_value(re.compile("^您好！"))
    office.get_by_label("写备注").fill("再记一笔")
    office.get_by_role("button", name="记下").click()
    expect(office.locator("#notes li")).to_have_count(2)
    assert office.evaluate("window.same")


@pytest.mark.network_errors  # signed out, a form gets 401
def test_a_note_typed_after_the_session_ended_is_not_lost(
    page: Page, office: Page, own_desk: RunningDesk
) -> None:
    number = handed_over(page, own_desk)
    enter(office, own_desk)
    office.goto(f"{own_desk.url}/staff/inquiries/{number}")
    office.get_by_label("写备注").fill("外婆在带")
    office.context.clear_cookies()
    office.get_by_role("button", name="记下").click()
    expect(office.get_by_role("alert")).to_contain_text("登录已过期")
    expect(office.get_by_label("写备注")).to_have_value("外婆在带")
    expect(office.locator("#notes")).to_have_count(1)


@pytest.mark.network_errors  # the second taker gets 409
def test_two_takers_at_once_and_one_wins(
    page: Page, office: Page, browser: Browser, own_desk: RunningDesk
) -> None:
    number = handed_over(page, own_desk)
    other = browser.new_context(locale=LOCALE, timezone_id=TIMEZONE, viewport=PHONE)
    colleague = other.new_page()
    colleague.goto(own_desk.staff_link("李老师"))
    expect(colleague.get_by_role("heading", name="收件箱")).to_be_visible()
    enter(office, own_desk)
    for each in (office, colleague):
        each.goto(f"{own_desk.url}/staff/inquiries/{number}")
        # pressed in the next moment, on both pages, whatever the other one has done by then
        each.evaluate(
            "() => { const take = document.getElementById('take').form.cloneNode(true);"
            " take.id = 'race'; document.body.append(take); }"
        )
    for each in (office, colleague):
        each.evaluate("() => { setTimeout(() => document.querySelector('#race button').click()); }")
    for each in (office, colleague):
        expect(each.locator("#head .status")).to_have_text("处理中")
    owner = office.locator("#facts").inner_text()
    assert ("管理员" in owner) != ("李老师" in owner)
    expect(colleague.locator("#facts")).to_contain_text("管理员" if "管理员" in owner else "李老师")
    said = [text for text in theirs(page).all_inner_texts() if "接手了您的" in text]
    assert len(said) == 1
    other.close()


def test_a_password_and_the_switches(page: Page, office: Page, own_desk: RunningDesk) -> None:
    enter(office, own_desk)
    office.get_by_role("link", name="管理员").click()
    office.get_by_label("新密码").fill(PASSWORD)
    office.get_by_label("再写一遍").fill(PASSWORD)
    office.get_by_role("button", name="保存密码").click()
    expect(office.get_by_text("密码已更改")).to_be_visible()
    office.get_by_role("button", name="退出", exact=True).click()
    office.get_by_label("称呼").fill("管理员")
    office.get_by_label("密码").fill(PASSWORD)
    office.get_by_role("button", name="登录", exact=True).click()
    expect(office.get_by_role("heading", name="收件箱")).to_be_visible()

    office.get_by_role("link", name="设置").click()
    office.get_by_label("通知的话").fill("今天停课。")
    office.get_by_role("button", name="挂出通知").click()
    expect(office.get_by_text("正在通知")).to_be_visible()
    come(page, own_desk.url)
    assert ask(page, question("general.uniform"))["replies"][0]["text"].startswith(
        "【通知】今天停课。"
    )
    office.get_by_role("button", name="停用机器人").click()
    expect(office.get_by_text("机器人已停用", exact=True)).to_be_visible()
    answer = ask(page, question("general.uniform"))
    assert (answer["decision"], answer["inquiry"]["status"]) == ("handoff", "waiting_staff")
    office.get_by_role("link", name="收件箱").click()
    expect(office.locator(".queue li")).to_have_count(1)
    office.get_by_role("link", name="记录").click()
    expect(office.locator("tbody")).to_contain_text("机器人总开关")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_notice_stands_on_the_first_screen_until_it_is_taken_down(
    page: Page, office: Page, own_desk: RunningDesk, axe: str, width: int
) -> None:
    enter(office, own_desk)
    page.set_viewport_size({"width": width, "height": 844})
    come(page, own_desk.url)  # open before anything is announced, nothing said yet
    banner = page.locator("#banner")
    expect(banner).to_be_hidden()
    office.goto(f"{own_desk.url}/staff/settings/")
    office.get_by_label("通知的话").fill("今天停课，详情打 12345。" + "雨还要下一阵。" * 38)
    office.get_by_role("button", name="挂出通知").click()
    expect(banner).to_contain_text("【通知】今天停课")
    expect(banner.get_by_role("link", name="12345")).to_have_attribute("href", "tel:12345")
    expect(page.get_by_role("textbox")).to_be_in_viewport(ratio=1)
    assert findings(page, axe) == []
    fits(page)
    page.reload()
    expect(banner).to_be_in_viewport()
    expect(page.locator("#log .bubble").first).to_be_in_viewport()
    office.get_by_role("button", name="撤下通知").click()
    expect(banner).to_be_hidden()
    page.reload()
    expect(page.locator("#log .bubble").first).to_be_visible()
    expect(banner).to_be_hidden()
