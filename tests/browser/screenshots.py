"""The README's pictures, taken of the running desk: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, LOCALE, TIMEZONE
from tests.browser.parent import DANGER, ask, come, from_staff, tap, theirs
from tests.browser.running_desk import RunningDesk, Staff, running_desk
from tests.desk import ROOT

FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 200 * 1024


def main() -> None:
    """Play a morning at the desk and write the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_desk(Path(folder)) as desk,
        closing(Staff(desk, "王老师")) as teacher,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        number = _grandmother(browser, desk, teacher)
        _father(browser, desk, teacher)
        for other in ("转学到九龙坡，什么时候可以办", "娃儿在学校被同学欺负，要反映给哪个"):
            page = _open(browser, 390, 844)
            come(page, desk.url)
            ask(page, "转人工")
            ask(page, other)
        page = _open(browser, 390, 844)
        come(page, desk.url)
        ask(page, DANGER)
        _staff_pages(browser, desk, number)
        browser.close()


def _grandmother(browser: Browser, desk: RunningDesk, teacher: Staff) -> str:
    page = _open(browser, 390, 844)
    come(page, desk.url)
    ask(page, "您好")
    ask(page, "我屋孙儿八月满六岁，今年读不读得成一年级哦")
    _shoot(page, "chat-390")
    number: str = tap(page, "转人工")["inquiry"]["number"]
    teacher.reply(number, "您好，我帮您看看。")
    expect(from_staff(page)).to_have_count(1)
    ask(page, "他爸妈在外地打工，户口在老家，我带他，不晓得合不合规定")
    teacher.act(number, "ask_parent", "孩子哪天生的？他爸爸妈妈的居住证办了没有？")
    expect(from_staff(page)).to_have_count(2)
    ask(page, "八月初生的，居住证去年办了")
    return number


def _father(browser: Browser, desk: RunningDesk, teacher: Staff) -> None:
    page = _open(browser, 1280, 800)
    come(page, desk.url)
    ask(page, "补助")
    tap(page, "1. ")
    number = tap(page, "转人工")["inquiry"]["number"]
    teacher.reply(number, "您好，请问孩子读几年级，住校吗？")
    expect(from_staff(page)).to_have_count(1)
    ask(page, "初一，住校")
    teacher.reply(number, "好的，请先找班主任领申请表，学校会公示结果。")
    expect(from_staff(page)).to_have_count(2)
    expect(theirs(page).last).to_be_in_viewport()
    _shoot(page, "chat-1280")


def _staff_pages(browser: Browser, desk: RunningDesk, number: str) -> None:
    page = _open(browser, 1280, 800)
    page.goto(desk.staff_link("王老师"))
    expect(page.get_by_role("heading", name="收件箱")).to_be_visible()
    page.goto(f"{desk.url}/staff/?show=all")
    expect(page.locator("#live")).to_have_text("自动更新")
    _shoot(page, "inbox-1280")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{desk.url}/staff/inquiries/{number}#acts")
    expect(page.locator("#live")).to_have_text("自动更新")
    page.locator("#transcript li").last.scroll_into_view_if_needed()
    _shoot(page, "inquiry-390")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{desk.url}/staff/faq/try?q=娃儿差几天满六岁能不能读")
    expect(page.get_by_text("最像的说法").first).to_be_visible()
    _shoot(page, "faq-1280")


def _open(browser: Browser, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=LOCALE, timezone_id=TIMEZONE
    )
    return context.new_page()


def _shoot(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.mouse.move(0, 0)
    page.wait_for_timeout(200)
    page.screenshot(path=path)
    assert path.stat().st_size < LARGEST, path


if __name__ == "__main__":
    main()
