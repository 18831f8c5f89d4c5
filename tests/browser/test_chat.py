"""The chat as a parent uses it."""

from __future__ import annotations

from itertools import count

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import PHONE, SHOTS, Server, free_port, serving

_numbers = count(1)


def ask(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="发送").click()


def unique(text: str) -> str:
    """Return a text that no other test writes."""
    return f"{text}（{next(_numbers)}）"


def mine(page: Page) -> Locator:
    return page.locator(".row.mine .bubble")


def theirs(page: Page) -> Locator:
    return page.locator(".row:not(.mine) .bubble")


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_ask_and_read_the_answer(chat: Page) -> None:
    ask(chat, "娃儿几岁读小学")
    expect(mine(chat)).to_contain_text("娃儿几岁读小学")
    expect(theirs(chat).last).to_contain_text("6周岁")
    expect(chat.get_by_role("textbox")).to_have_value("")
    expect(chat.locator("#typing")).to_be_hidden()
    shoot(chat, "answer-390")


def test_the_first_screen_offers_topics(chat: Page) -> None:
    expect(chat.locator(".choices button")).to_have_count(5)
    shoot(chat, "welcome-390")
    chat.get_by_role("button", name="校园安全").click()
    expect(mine(chat)).to_contain_text("校园安全")
    expect(chat.locator(".choices button:enabled")).to_have_count(0)
    expect(theirs(chat)).to_have_count(2)


def test_choose_by_button(chat: Page) -> None:
    ask(chat, "补助")
    button = chat.get_by_role("button", name="2. 非寄宿生生活补助")
    shoot(chat, "choices-390")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    button.click()
    expect(theirs(chat).last).to_contain_text("非寄宿生生活补助：")
    expect(mine(chat).last).to_contain_text("非寄宿生生活补助")
    expect(chat.locator(".choices button:enabled")).to_have_count(0)
    expect(chat.locator(".picked")).to_have_count(1)


def test_choose_by_a_typed_number(chat: Page) -> None:
    ask(chat, "补助")
    expect(chat.locator(".choices button:enabled")).to_have_count(4)
    ask(chat, "3")
    expect(theirs(chat).last).to_contain_text("营养午餐补助：")


def test_a_reload_keeps_the_conversation_and_its_choices(chat: Page) -> None:
    ask(chat, "娃儿几岁读小学")
    ask(chat, "补助")
    expect(chat.locator(".choices button:enabled")).to_have_count(4)
    before = chat.locator("#log .bubble").count() - 1  # the welcome is not kept
    chat.reload()
    expect(chat.locator("#log .bubble")).to_have_count(before)
    chat.get_by_role("button", name="1. 寄宿生生活补助").click()
    expect(theirs(chat).last).to_contain_text("寄宿生生活补助：")


def test_three_messages_at_once_keep_their_order(chat: Page) -> None:
    for text in ("复读一", "复读二", "复读三"):
        ask(chat, text)
    expect(theirs(chat)).to_have_count(4)
    said = [text[-3:] for text in mine(chat).all_inner_texts()]
    answers = [text[-3:] for text in theirs(chat).all_inner_texts()[1:]]
    assert said == answers == ["复读一", "复读二", "复读三"]


@pytest.mark.network_errors
def test_what_was_written_offline_is_sent_once_online(chat: Page, server: Server) -> None:
    one, two = unique("断网时写的"), unique("断网又写的")
    chat.context.set_offline(True)
    ask(chat, one)
    ask(chat, two)
    expect(chat.get_by_role("button", name="没发出去")).to_have_count(2)
    expect(chat.locator("#notice")).to_contain_text("网络不通")
    shoot(chat, "offline-390")
    assert server.count(one) == 0
    chat.context.set_offline(False)
    expect(theirs(chat)).to_have_count(3)
    expect(chat.get_by_role("button", name="没发出去")).to_have_count(0)
    expect(chat.locator("#notice")).to_be_hidden()
    assert (server.count(one), server.count(two)) == (1, 1)
    assert [one in mine(chat).nth(0).inner_text(), two in mine(chat).nth(1).inner_text()] == [
        True,
        True,
    ]


@pytest.mark.network_errors
def test_a_lost_answer_is_fetched_without_asking_twice(chat: Page, server: Server) -> None:
    text = unique("回执丢了")
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort("connectionreset")

    chat.route("**/chat/api/messages", lose)
    ask(chat, text)
    expect(theirs(chat)).to_have_count(2)
    assert lost == [200]
    expect(mine(chat)).to_have_count(1)
    assert server.count(text) == 1


@pytest.mark.network_errors
def test_closing_the_page_loses_nothing(chat: Page, server: Server) -> None:
    text = unique("关了页面也要发")
    chat.route("**/chat/api/messages", lambda route: route.abort())
    ask(chat, text)
    expect(chat.get_by_role("button", name="没发出去")).to_have_count(1)
    context = chat.context
    chat.close()
    again = context.new_page()
    again.goto(server.url)
    expect(mine(again)).to_contain_text(text)
    expect(theirs(again).last).to_contain_text("6周岁")
    expect(mine(again)).to_have_count(1)
    assert server.count(text) == 1
    again.reload()
    expect(mine(again)).to_have_count(1)
    assert server.count(text) == 1


@pytest.mark.network_errors
def test_closed_after_it_arrived_it_shows_once(chat: Page, server: Server) -> None:
    text = unique("到了但没回音")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    chat.route("**/chat/api/messages", lose)
    ask(chat, text)
    expect(chat.get_by_role("button", name="没发出去")).to_have_count(1)
    context = chat.context
    chat.close()
    again = context.new_page()
    again.goto(server.url)
    expect(theirs(again)).to_have_count(1)
    expect(mine(again)).to_have_count(1)
    assert server.count(text) == 1


@pytest.mark.network_errors
def test_a_tap_sends_again(chat: Page, server: Server) -> None:
    text = unique("点一下重发")
    chat.route("**/chat/api/messages", lambda route: route.abort())
    ask(chat, text)
    button = chat.get_by_role("button", name="没发出去，点这里重发")
    expect(button).to_be_visible()
    chat.unroute("**/chat/api/messages")
    button.click()
    expect(theirs(chat).last).to_contain_text("6周岁")
    assert server.count(text) == 1


@pytest.mark.network_errors
def test_too_fast_waits_and_sends_by_itself(chat: Page, server: Server) -> None:
    text = unique("太快了")
    refused: list[int] = []

    def slow_down(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(1)
            route.fulfill(status=429, json={"error": "x"}, headers={"Retry-After": "1"})

    chat.route("**/chat/api/messages", slow_down)
    ask(chat, text)
    expect(chat.locator(".mark")).to_contain_text("稍等")
    expect(theirs(chat).last).to_contain_text("6周岁")
    assert server.count(text) == 1


@pytest.mark.network_errors
def test_a_wifi_login_page_is_no_answer(chat: Page, server: Server) -> None:
    text = unique("商场无线网")
    shown: list[int] = []

    def portal(route: Route) -> None:
        if shown:
            route.continue_()
        else:
            shown.append(1)
            route.fulfill(status=200, content_type="text/html", body="<h1>login</h1>")

    chat.route("**/chat/api/messages", portal)
    ask(chat, text)
    expect(theirs(chat).last).to_contain_text("6周岁")
    assert server.count(text) == 1


def test_staff_words_come_by_themselves_and_stay(chat: Page, server: Server) -> None:
    text = unique("我要人工")
    ask(chat, text)
    expect(theirs(chat)).to_have_count(2)
    server.staff(text, "王老师", "您好，我是王老师，已联系学校。", ("有帮助", "没帮助"))
    expect(chat.locator(".row.staff")).to_contain_text("已联系学校")
    expect(chat.locator(".row.staff .name")).to_have_text("王老师")
    ask(chat, "好的，谢谢老师")
    expect(chat.locator(".mark.staff")).to_contain_text("已送达工作人员")
    shoot(chat, "staff-390")
    for _ in range(2):
        chat.reload()
        expect(chat.locator(".mark.staff")).to_have_count(1)
        expect(chat.locator(".row.staff")).to_have_count(1)
    server.staff(text, "王老师", "不客气。")
    expect(chat.locator(".row.staff")).to_have_count(2)


def test_staff_words_missed_while_away_come_on_return(chat: Page, server: Server) -> None:
    text = unique("我要人工")
    ask(chat, text)
    expect(theirs(chat)).to_have_count(2)
    chat.goto("about:blank")
    server.staff(text, "李老师", "请带户口簿来。")
    chat.goto(server.url)
    expect(chat.locator(".row.staff")).to_have_count(1)


def test_without_event_source_the_page_asks(page: Page, server: Server) -> None:
    page.add_init_script("delete window.EventSource")
    page.goto(server.url)
    text = unique("我要人工")
    ask(page, text)
    expect(theirs(page)).to_have_count(2)
    server.staff(text, "王老师", "没有推送也收得到。")
    expect(page.locator(".row.staff")).to_contain_text("没有推送也收得到", timeout=15_000)


def test_without_local_storage_it_still_works(page: Page, server: Server) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
    )
    page.goto(server.url)
    ask(page, "娃儿几岁读小学")
    expect(theirs(page).last).to_contain_text("6周岁")
    page.get_by_role("button", name="大字").click()
    expect(page.locator("html")).to_have_class("large")


def test_danger_stands_out_and_can_be_called(chat: Page) -> None:
    ask(chat, "孩子要跳楼")
    crisis = chat.locator(".row.crisis")
    expect(crisis).to_contain_text("紧急")
    assert crisis.locator("a").evaluate_all("links => links.map(a => a.getAttribute('href'))") == [
        "tel:110",
        "tel:120",
        "tel:12356",
    ]
    shoot(chat, "crisis-390")
    chat.reload()
    expect(chat.locator(".row.crisis")).to_have_count(1)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("打12345、023-12345或023-68781234。", ["tel:12345", "tel:02312345", "tel:02368781234"]),
        ("电话68781234，手机13912345678。", ["tel:68781234", "tel:13912345678"]),
        ("400-810-1234转2，96110", ["tel:4008101234", "tel:96110"]),
        ("不便出声发短信到12110", ["sms:12110"]),
        ("共120元、110分、12000人、12345个、2025年、第110条", []),
        ("2024-06-07到2025.12.31，编号12345", []),
        ("看https://a.cn/x?y=1。或 http://b.cn/）", ["https://a.cn/x?y=1", "http://b.cn/"]),
        ("<img src=x onerror=alert(1)>", []),
    ],
)
def test_numbers_can_be_tapped(chat: Page, text: str, links: list[str]) -> None:
    ask(chat, f"复读{text}")
    reply = theirs(chat).last
    expect(reply).to_contain_text(text)
    assert reply.locator("a").evaluate_all("l => l.map(a => a.getAttribute('href'))") == links


def test_large_text_is_kept(chat: Page) -> None:
    button = chat.get_by_role("button", name="大字")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    ask(chat, "补助")
    expect(chat.locator(".choices button:enabled")).to_have_count(4)
    size = theirs(chat).last.evaluate("node => getComputedStyle(node).fontSize")
    assert size == "22px"
    shoot(chat, "large-390")
    chat.reload()
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_sticks_out(chat: Page, width: int, large: bool) -> None:
    chat.set_viewport_size({"width": width, "height": 640})
    if large:
        chat.get_by_role("button", name="大字").click()
    ask(chat, "复读" + "W" * 300 + "https://example.org/" + "a/" * 100 + "\n" + "长" * 300)
    expect(theirs(chat)).to_have_count(2)
    ask(chat, "补助")
    expect(chat.locator(".choices button:enabled")).to_have_count(4)
    for name in ("document.documentElement", "document.getElementById('scroll')"):
        assert chat.evaluate(f"{name}.scrollWidth <= {name}.clientWidth"), name
    send = chat.get_by_role("button", name="发送").bounding_box()
    assert send
    assert send["x"] + send["width"] <= width
    assert send["y"] + send["height"] <= 640
    shoot(chat, f"narrow-{width}{'-large' if large else ''}")


def test_line_breaks_are_kept(chat: Page) -> None:
    box = chat.get_by_role("textbox")
    box.press_sequentially("复读第一行")
    box.press("Shift+Enter")
    box.press_sequentially("第二行")
    box.press("Enter")
    expect(theirs(chat)).to_have_count(2)
    assert "第一行\n第二行" in mine(chat).last.inner_text()
    assert "第一行\n第二行" in theirs(chat).last.inner_text()


def test_nothing_is_sent_when_nothing_is_written(chat: Page) -> None:
    box = chat.get_by_role("textbox")
    box.press("Enter")
    box.fill("  \n ")
    chat.get_by_role("button", name="发送").click()
    expect(mine(chat)).to_have_count(0)


def test_the_enter_that_ends_a_pinyin_word_sends_nothing(chat: Page) -> None:
    box = chat.get_by_role("textbox")
    box.fill("补助")
    for how in ("{isComposing: true}", "{keyCode: 229}"):
        box.evaluate(
            f"n => n.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', ...{how}}}))"
        )
    expect(mine(chat)).to_have_count(0)


def test_keyboard_alone_is_enough(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(server.url)
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("补助")
    page.keyboard.press("Enter")
    first = page.get_by_role("button", name="1. 寄宿生生活补助")
    expect(first).to_be_enabled()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if first.evaluate("node => node === document.activeElement"):
            break
    assert first.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(theirs(page).last).to_contain_text("寄宿生生活补助：")
    assert page.evaluate("document.activeElement.id") == "scroll"
    shoot(page, "keyboard-1280")


def test_new_words_do_not_pull_the_reader_away(chat: Page, server: Server) -> None:
    text = unique("我要人工")
    ask(chat, text)
    for _ in range(6):
        ask(chat, "复读" + "长" * 200)
    expect(theirs(chat)).to_have_count(8)
    chat.locator("#scroll").evaluate("node => { node.scrollTop = 0; }")
    server.staff(text, "王老师", "我来了。")
    button = chat.get_by_role("button", name="有新消息")
    expect(button).to_be_visible()
    assert chat.locator("#scroll").evaluate("node => node.scrollTop") == 0
    button.click()
    expect(chat.locator(".row.staff")).to_be_in_viewport()
    expect(button).to_be_hidden()


def test_a_long_answer_is_shown_from_its_beginning(chat: Page) -> None:
    ask(chat, "复读开头" + "长" * 900)
    expect(theirs(chat)).to_have_count(2)
    top = theirs(chat).last.bounding_box()
    assert top
    assert 0 <= top["y"] < PHONE["height"] / 3


@pytest.mark.parametrize("large", [False, True])
def test_axe_finds_nothing_serious(chat: Page, server: Server, axe: str, large: bool) -> None:
    if large:
        chat.get_by_role("button", name="大字").click()
    text = unique("我要人工")
    ask(chat, text)
    expect(theirs(chat)).to_have_count(2)
    ask(chat, "孩子要跳楼")
    ask(chat, "补助")
    chat.get_by_role("button", name="4. 都不是").click()
    ask(chat, "补助")
    expect(theirs(chat)).to_have_count(6)
    server.staff(text, "王老师", "已联系学校，电话 023-68781234。", ("有帮助", "没帮助"))
    expect(chat.locator(".row.staff")).to_have_count(1)
    ask(chat, "谢谢")
    expect(chat.locator(".mark.staff")).to_have_count(1)
    chat.evaluate(axe)
    result = chat.evaluate("axe.run({resultTypes: ['violations']})")
    found = [
        (v["id"], v["impact"], [node["html"] for node in v["nodes"]]) for v in result["violations"]
    ]
    assert [entry for entry in found if entry[1] in ("serious", "critical")] == []
    assert found == []


@pytest.mark.network_errors
def test_axe_finds_nothing_serious_offline(chat: Page, axe: str) -> None:
    chat.evaluate(axe)
    chat.context.set_offline(True)
    ask(chat, "断网了")
    expect(chat.get_by_role("button", name="没发出去")).to_have_count(1)
    result = chat.evaluate("axe.run({resultTypes: ['violations']})")
    assert [v["id"] for v in result["violations"]] == []


def test_on_a_desktop_it_is_a_centred_column(chat: Page, server: Server) -> None:
    chat.set_viewport_size({"width": 1280, "height": 800})
    ask(chat, "娃儿几岁读小学")
    expect(theirs(chat)).to_have_count(2)
    ask(chat, "补助")
    expect(chat.locator(".choices button:enabled")).to_have_count(4)
    box = chat.locator(".column").bounding_box()
    assert box
    assert box["width"] <= 800
    assert abs(box["x"] + box["width"] / 2 - 640) < 2
    shoot(chat, "desktop-1280")


def test_without_javascript_it_says_what_to_do(browser: Browser, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_text("12345")).to_be_visible(timeout=10_000)
    context.close()


def test_a_restart_is_survived_by_an_open_page(page: Page) -> None:
    """An open stream does not hold the server back, and comes back by itself."""
    port = free_port()
    with serving(port) as server:
        page.goto(server.url)
        ask(page, "娃儿几岁读小学")
        expect(theirs(page)).to_have_count(2)
    ask(page, "重启的时候我要人工")
    expect(page.get_by_role("button", name="没发出去")).to_have_count(1)
    with serving(port) as server:
        expect(theirs(page)).to_have_count(3, timeout=30_000)
        server.staff("重启的时候我要人工", "王老师", "我们回来了。")
        expect(page.locator(".row.staff")).to_contain_text("我们回来了", timeout=30_000)
        assert server.count("重启的时候我要人工") == 1
