"""Nothing a parent wrote is lost, and nothing is sent twice: cut lines, lost answers, restarts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.parent import (
    ask,
    come,
    from_staff,
    history,
    mine,
    question,
    theirs,
    times_kept,
    write,
)
from tests.browser.running_desk import RunningDesk, Staff

POSTS = "**/chat/api/messages"
ONE, TWO = question("enrollment.age_requirement"), question("aid.how_to_apply")

pytestmark = pytest.mark.network_errors


def unsent(page: Page) -> Locator:
    return page.get_by_role("button", name="没发出去，点这里重发")


def test_what_was_written_offline_is_sent_once_online(chat: Page) -> None:
    chat.context.set_offline(True)
    write(chat, ONE)
    write(chat, TWO)
    expect(unsent(chat)).to_have_count(2)
    expect(chat.locator("#notice")).to_contain_text("网络不通")
    assert times_kept(chat, "") == 0
    chat.context.set_offline(False)
    expect(theirs(chat)).to_have_count(3)
    expect(unsent(chat)).to_have_count(0)
    expect(chat.locator("#notice")).to_be_hidden()
    assert [item["text"] for item in history(chat) if item["who"] == "parent"] == [ONE, TWO]
    for place, text in enumerate((ONE, TWO)):
        expect(mine(chat).nth(place)).to_contain_text(text)


def test_a_lost_answer_is_fetched_without_asking_twice(chat: Page) -> None:
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    chat.route(POSTS, lose, times=1)
    write(chat, ONE)
    expect(theirs(chat)).to_have_count(2)
    assert lost == [200]
    expect(mine(chat)).to_have_count(1)
    assert times_kept(chat, ONE) == 1


def test_closing_the_page_loses_nothing(chat: Page, desk: RunningDesk) -> None:
    chat.route(POSTS, lambda route: route.abort())
    write(chat, ONE)
    expect(unsent(chat)).to_have_count(1)
    context = chat.context
    chat.close()
    again = context.new_page()
    come(again, desk.url)
    expect(theirs(again)).to_have_count(1)
    expect(mine(again)).to_contain_text(ONE)
    assert times_kept(again, ONE) == 1
    again.reload()
    expect(theirs(again)).to_have_count(1)
    expect(mine(again)).to_have_count(1)
    assert times_kept(again, ONE) == 1


def test_closed_after_it_arrived_it_shows_once(chat: Page, desk: RunningDesk) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    chat.route(POSTS, lose)
    write(chat, ONE)
    expect(unsent(chat)).to_have_count(1)
    context = chat.context
    chat.close()
    again = context.new_page()
    come(again, desk.url)
    expect(theirs(again)).to_have_count(1)
    expect(mine(again)).to_have_count(1)
    assert times_kept(again, ONE) == 1


def test_a_tap_sends_again(chat: Page) -> None:
    chat.route(POSTS, lambda route: route.abort())
    write(chat, ONE)
    expect(unsent(chat)).to_be_visible()
    chat.unroute(POSTS)
    unsent(chat).click()
    expect(theirs(chat)).to_have_count(2)
    assert times_kept(chat, ONE) == 1


def test_too_fast_waits_and_sends_by_itself(chat: Page) -> None:
    def slow_down(route: Route) -> None:
        route.fulfill(status=429, json={"error": "x"}, headers={"Retry-After": "1"})

    chat.route(POSTS, slow_down, times=1)
    write(chat, ONE)
    expect(chat.locator(".mark")).to_contain_text("稍等")
    expect(theirs(chat)).to_have_count(2)
    assert times_kept(chat, ONE) == 1


def test_a_wifi_login_page_is_no_answer(chat: Page) -> None:
    def portal(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<h1>login</h1>")

    chat.route(POSTS, portal, times=1)
    write(chat, ONE)
    expect(theirs(chat)).to_have_count(2)
    assert times_kept(chat, ONE) == 1


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_loses_and_doubles_nothing(
    page: Page, own_desk: RunningDesk, how: str, request: pytest.FixtureRequest
) -> None:
    """Stopped in order or killed, with pages open: everything is there, once."""
    come(page, own_desk.url)
    first = ask(page, ONE)
    number = ask(page, "转人工")["inquiry"]["number"]
    teacher = Staff(own_desk, "王老师")
    request.addfinalizer(teacher.close)
    teacher.reply(number, "明天回您。")
    expect(from_staff(page)).to_have_count(1)
    shown = page.locator("#log .bubble").count()
    own_desk.stop() if how == "stop" else own_desk.kill()
    write(page, "那我明天再来")
    expect(unsent(page)).to_have_count(1)
    own_desk.start()
    expect(page.locator(".mark.staff")).to_be_visible(timeout=40_000)
    expect(page.locator("#log .bubble")).to_have_count(shown + 1)
    for _ in range(2):
        assert [item["text"] for item in history(page) if item["who"] == "parent"] == [
            ONE,
            "转人工",
            "那我明天再来",
        ]
        page.reload()
        expect(page.locator("#log .bubble")).to_have_count(shown)  # all but the welcome
        expect(theirs(page).first).to_contain_text(first["replies"][0]["text"].split("\n")[0])
        expect(page.locator(".mark.staff")).to_have_count(1)
    teacher.reply(number, "早上好。")  # still signed in
    expect(from_staff(page)).to_have_count(2)
