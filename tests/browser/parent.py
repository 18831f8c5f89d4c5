"""What a parent does on the chat page, and what they see there."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Locator, Page

from bot.faq import load
from bot.faq.value import Faq
from tests.desk import faq_folder

BARE = "补助"
"""A bare word: never answered alone, it offers choices."""
DANGER = "孩子站在楼顶要往下跳"
BABBLE = "麻烦用电脑帮我写一段冒泡排序的代码"
"""Nobody's business here, so not understood."""
_SETTLED = """() => document.getElementById('typing').hidden
    && !Object.keys(localStorage).some((key) => key.startsWith('desk.unsent.'))"""


@cache
def faq() -> Faq:
    """Return the FAQ that the desk under test serves."""
    return load(faq_folder())


def question(entry: str) -> str:
    """Return words that the desk surely knows: the entry's own question."""
    return faq().entries[entry].question


def write(page: Page, text: str) -> None:
    """Write and press the button; whether it arrives is another matter."""
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="发送").click()


def ask(page: Page, text: str) -> dict[str, Any]:
    """Write, wait until the answer is on the page, and return it as the server gave it."""
    with page.expect_response(_answered) as answer:
        write(page, text)
    page.wait_for_function(_SETTLED)
    return _json(answer.value.json())


def tap(page: Page, label: str) -> dict[str, Any]:
    """Tap the last button of that name that still works; return the answer to it."""
    with page.expect_response(_answered) as answer:
        page.get_by_role("button", name=label).and_(page.locator(":enabled")).last.click()
    page.wait_for_function(_SETTLED)
    return _json(answer.value.json())


def mine(page: Page) -> Locator:
    return page.locator(".row.mine .bubble")


def theirs(page: Page) -> Locator:
    """The desk's bubbles: ours, and what staff wrote."""
    return page.locator(".row:not(.mine) .bubble")


def from_staff(page: Page) -> Locator:
    return page.locator(".row.staff")


def offered(page: Page) -> Locator:
    """The choices that can be taken now."""
    return page.locator(".choices button:enabled")


def history(page: Page) -> list[dict[str, Any]]:
    """Return the conversation as the server holds it."""
    address = page.evaluate("location.origin + '/chat/api/history'")
    items: list[dict[str, Any]] = page.context.request.get(address).json()["items"]
    return items


def times_kept(page: Page, text: str) -> int:
    """Return how often the server wrote these words of the parent down."""
    return sum(item["who"] == "parent" and text in item["text"] for item in history(page))


def come(page: Page, url: str) -> None:
    """Open the chat and wait until it shows what was said, or the welcome."""
    page.goto(url)
    page.locator("#log .bubble").first.wait_for()


def come_as_new(page: Page, url: str) -> None:
    """Come as somebody who was never here."""
    page.context.clear_cookies()
    come(page, url)


def _answered(response: Any) -> bool:
    return bool(response.url.endswith("/chat/api/messages") and response.status == 200)


def _json(answer: Any) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer
