"""The FAQ's pages with Tab and Enter alone: all is reached, one sees where, nothing traps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.faq import load
from tests.browser.running_desk import RunningDesk, running_desk
from tests.browser.test_access import findings, fits, sign_in
from tests.desk import small_faq

CHECK_MS = 60_000
TRIAL_MS = 240_000
MOST_STOPS = 400
SEEN = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    return {
        outline: style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2,
        shown: box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0
            && box.top < innerHeight && box.left < innerWidth,
        html: at.outerHTML.slice(0, 200),
    };
}"""
"""What is to be seen of the element that has the focus."""
NEW_OR_SAME = """() => {
    const at = document.activeElement, same = at === window.last, fresh = !at.dataset.reached;
    at.dataset.reached = 'yes';
    window.last = at;
    return fresh || same;
}"""
"""Notes what has the focus; the parts of a date are stops of their own."""
UNREACHED = """() => [...document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), textarea, select, summary')]
    .filter((each) => each.checkVisibility() && !each.disabled && !each.dataset.reached)
    .map((each) => each.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def faq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small FAQ, whose phrases are learned in seconds."""
    folder = small_faq(tmp_path_factory.mktemp("small") / "faq")
    (folder / "tests").mkdir()
    return folder


@pytest.fixture(scope="module")
def small_desk(faq: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    with running_desk(tmp_path_factory.mktemp("keyboard"), faq) as running:
        yield running


def tab(page: Page) -> bool:
    """Press Tab; return whether it led to something, which then is to be seen."""
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement === document.body"):
        return False
    seen = page.evaluate(SEEN)
    assert seen["outline"], seen["html"]
    assert seen["shown"], seen["html"]
    return True


def go_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        if tab(page) and target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{target} cannot be reached")


def go_round(page: Page) -> None:
    """Press Tab until it comes round again, past all that can be used."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(MOST_STOPS):
        if tab(page) and not page.evaluate(NEW_OR_SAME):
            break
    assert page.evaluate(UNREACHED) == []


@pytest.mark.parametrize(
    ("width", "phrase"), [(1280, "隔壁那家娃儿咋个又不一样嘛"), (390, "朋友说今年全改了真的假的")]
)
def test_a_phrase_is_added_and_published_with_tab_and_enter(
    office: Page, small_desk: RunningDesk, faq: Path, axe: str, width: int, phrase: str
) -> None:
    entry = next(iter(load(faq).entries.values()))

    def arrived(heading: str) -> None:
        """See that this page is there, and fit for everybody from its first stop to its last."""
        expect(office.get_by_role("heading", level=1)).to_have_text(heading, timeout=CHECK_MS)
        assert findings(office, axe) == []
        fits(office)
        go_round(office)

    sign_in(office, small_desk, f"王老师{width}")
    office.set_viewport_size({"width": width, "height": 800})
    go_to(office, office.get_by_role("link", name="常见问题"))
    office.keyboard.press("Enter")
    arrived("常见问题")
    go_to(office, office.get_by_role("searchbox", name="找一条"))
    office.keyboard.type(entry.title)
    office.keyboard.press("Enter")
    go_to(office, office.get_by_role("link", name=entry.title, exact=True))
    office.keyboard.press("Enter")
    arrived(entry.title)
    go_to(office, office.get_by_role("link", name="跳到正文"))
    office.keyboard.press("Enter")  # past the navigation
    go_to(office, office.get_by_role("link", name="修改", exact=True))
    office.keyboard.press("Enter")
    arrived(f"修改：{entry.title}")
    go_to(office, office.get_by_label("说法", exact=True))
    office.keyboard.press("Control+End")
    office.keyboard.press("Enter")
    office.keyboard.type(phrase)
    go_to(office, office.get_by_role("button", name="看影响"))
    office.keyboard.press("Enter")
    expect(office.get_by_role("heading", name="发布前看一看")).to_be_visible(timeout=CHECK_MS)
    refresh = office.get_by_role("link", name="刷新")
    if refresh.is_visible():
        refresh.focus()  # what had the focus goes away when the impact is known
    publish = office.get_by_role("button", name="发布", exact=True)
    expect(publish).to_be_visible(timeout=TRIAL_MS)
    arrived("发布前看一看")
    go_to(office, publish)
    office.keyboard.press("Enter")
    expect(office.get_by_role("status")).to_contain_text("已发布")
    arrived(entry.title)
    assert phrase in load(faq).entries[entry.id].phrases
