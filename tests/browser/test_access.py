"""Who sees little, has a small screen or only a keyboard can use every page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.parent import (
    BARE,
    DANGER,
    ask,
    come,
    from_staff,
    offered,
    question,
    tap,
    theirs,
    write,
)
from tests.browser.running_desk import RunningDesk, Staff

LONG = "W" * 300 + "https://example.org/" + "a/" * 100 + "\n" + "长" * 300


def findings(page: Page, axe: str) -> list[Any]:
    """Return what axe-core finds wrong, of any weight."""
    page.evaluate(axe)
    result = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        (found["id"], found["impact"], [node["html"][:200] for node in found["nodes"]])
        for found in result["violations"]
    ]


def fits(page: Page, *parts: str) -> None:
    """Check that nothing has to be scrolled sideways."""
    for part in ("document.documentElement", *parts):
        assert page.evaluate(f"{part}.scrollWidth <= {part}.clientWidth"), part


def magnify(page: Page, percent: int) -> None:
    """Enlarge the text alone, as browsers on phones do."""
    page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")


def lively(page: Page, teacher: Staff) -> None:
    """Bring about everything that a conversation may show."""
    number = ask(page, "转人工")["inquiry"]["number"]
    assert ask(page, DANGER)["decision"] == "crisis"
    ask(page, question("enrollment.age_requirement"))
    ask(page, BARE)
    tap(page, "都不是")
    teacher.reply(number, "已联系学校，电话 023-68781234。\n" + LONG)
    expect(from_staff(page)).to_have_count(1)
    ask(page, "谢谢老师，我晓得了")
    expect(page.locator(".mark.staff")).to_have_count(1)


# ---- the parents' page


@pytest.mark.parametrize("large", [False, True])
def test_axe_finds_nothing_on_the_chat(chat: Page, teacher: Staff, axe: str, large: bool) -> None:
    if large:
        chat.get_by_role("button", name="大字").click()
    assert findings(chat, axe) == []  # the first screen
    ask(chat, BARE)
    assert findings(chat, axe) == []  # choices
    ask(chat, DANGER)
    assert findings(chat, axe) == []
    lively(chat, teacher)
    assert findings(chat, axe) == []


@pytest.mark.network_errors
def test_axe_finds_nothing_offline(chat: Page, axe: str) -> None:
    chat.evaluate(axe)
    chat.context.set_offline(True)
    write(chat, "断网了")
    expect(chat.get_by_role("button", name="没发出去")).to_have_count(1)
    assert findings(chat, axe) == []


@pytest.mark.parametrize(
    ("width", "text"), [(320, ""), (360, ""), (360, "large"), (360, "200%"), (1280, "large")]
)
def test_nothing_sticks_out_of_the_chat(chat: Page, teacher: Staff, width: int, text: str) -> None:
    chat.set_viewport_size({"width": width, "height": 640})
    if text == "large":
        chat.get_by_role("button", name="大字").click()
    if text == "200%":
        magnify(chat, 212)
    fits(chat, "document.getElementById('scroll')")
    lively(chat, teacher)
    fits(chat, "document.getElementById('scroll')")
    for name in ("发送", "大字"):
        box = chat.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 640
    room = chat.locator("#scroll").bounding_box()
    assert room
    assert room["height"] > 200


def test_the_chat_by_keyboard_alone(page: Page, desk: RunningDesk) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    come(page, desk.url)
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(BARE)
    page.keyboard.press("Enter")
    expect(theirs(page)).to_have_count(2)
    first = offered(page).first
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if first.evaluate("node => node === document.activeElement"):
            break
    assert first.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(theirs(page)).to_have_count(3)
    assert page.evaluate("document.activeElement.id") == "scroll"


def test_on_a_desktop_the_chat_is_a_centred_column(chat: Page) -> None:
    chat.set_viewport_size({"width": 1280, "height": 800})
    box = chat.locator(".column").bounding_box()
    assert box
    assert box["width"] <= 800
    assert abs(box["x"] + box["width"] / 2 - 640) < 2


# ---- the staff pages


def sign_in(office: Page, desk: RunningDesk, name: str) -> None:
    office.goto(desk.staff_link(name))
    expect(office.get_by_role("heading", name="收件箱")).to_be_visible()


@pytest.mark.network_errors  # 403 and 404 are among the pages
def test_the_staff_pages_are_fit_for_everybody(
    chat: Page, office: Page, desk: RunningDesk, teacher: Staff, axe: str
) -> None:
    """Axe on every page; at 360 px and with text of 200 % nothing is scrolled sideways."""
    lively(chat, teacher)
    number = ask(chat, "转人工")["inquiry"]["number"]

    def check(address: str, *opened: str) -> None:
        office.goto(desk.url + address)
        for each in opened:
            office.get_by_text(each, exact=True).click()
        assert findings(office, axe) == [], address
        for width, percent in ((1280, 200), (360, 200), (360, 100)):
            office.set_viewport_size({"width": width, "height": 800})
            magnify(office, percent)
            fits(office)
        assert findings(office, axe) == [], address
        office.set_viewport_size({"width": 1280, "height": 800})

    check("/staff/sign-in")
    office.get_by_label("或者用登录链接").fill("used")
    office.get_by_role("button", name="用链接登录").click()
    expect(office.get_by_role("alert")).to_be_visible()
    assert findings(office, axe) == []
    sign_in(office, desk, "李老师")
    check("/staff/?show=all")
    check("/staff/?show=parent")
    check(f"/staff/inquiries/{number}")
    check("/staff/inquiries/9")
    sign_in(office, desk, "王老师")  # whose inquiry it is
    office.goto(f"{desk.url}/staff/inquiries/{number}")
    parts = ("从常见问题里取一段答复", "转给同事，或退回队列", "了结这件咨询")
    check(f"/staff/inquiries/{number}", *parts)
    check("/staff/me")


def test_the_staff_pages_by_keyboard_alone(chat: Page, office: Page, desk: RunningDesk) -> None:
    number = ask(chat, "转人工")["inquiry"]["number"]
    link = desk.staff_link("赵老师")
    office.goto(f"{desk.url}/staff/sign-in")
    walk_to(office, "token")
    office.keyboard.type(link)
    office.keyboard.press("Enter")
    office.wait_for_url("**/staff/")
    walk_to(office, f"q-{number}")
    office.keyboard.press("Enter")
    office.wait_for_url(f"**/inquiries/{number}")
    walk_to(office, "take")
    office.keyboard.press("Enter")
    expect(office.locator("#head")).to_contain_text("处理中")
    walk_to(office, "reply")
    office.keyboard.type("收到，马上办。")
    office.keyboard.press("Tab")
    office.keyboard.press("Enter")
    expect(office.locator("#transcript")).to_contain_text("收到，马上办。")
    expect(from_staff(chat)).to_contain_text("收到，马上办。")


def walk_to(page: Page, element_id: str) -> None:
    """Press Tab until that element has the focus, and it shows."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == element_id:
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) == "solid"
            return
    raise AssertionError(f"{element_id} cannot be reached")
