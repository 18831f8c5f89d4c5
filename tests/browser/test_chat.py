"""The chat as a parent uses it: asking, choosing, coming back, danger, staff."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.parent import (
    BABBLE,
    BARE,
    DANGER,
    ask,
    come,
    come_as_new,
    faq,
    from_staff,
    history,
    mine,
    offered,
    question,
    tap,
    theirs,
    times_kept,
    write,
)
from tests.browser.running_desk import RunningDesk, Staff

AGE = "enrollment.age_requirement"


def handed_over(page: Page) -> str:
    """Ask for a person; return the number of the inquiry."""
    answer = ask(page, "转人工")
    assert answer["decision"] == "handoff"
    number: str = answer["inquiry"]["number"]
    expect(theirs(page).last).to_contain_text(number)
    return number


# ---- the first screen


def test_the_first_screen_can_be_used_at_once(chat: Page, desk: RunningDesk) -> None:
    topics = [topic.title for topic in faq().topics]
    expect(offered(chat)).to_have_text(topics)
    for topic in topics:
        come_as_new(chat, desk.url)
        answer = tap(chat, topic)
        assert answer["decision"] == "command", topic
        assert len(answer["replies"][0]["options"]) >= 3, topic
        expect(mine(chat)).to_contain_text(topic)
        expect(theirs(chat)).to_have_count(2)
        expect(offered(chat)).to_have_count(len(answer["replies"][0]["options"]))
        assert tap(chat, "1. ")["decision"] == "answer", topic


@pytest.mark.parametrize(
    ("label", "decision"), [("转人工", "handoff"), ("我的咨询", "command"), ("返回菜单", "command")]
)
def test_a_newcomer_may_use_the_row_below(chat: Page, label: str, decision: str) -> None:
    answer = tap(chat, label)
    assert answer["decision"] == decision
    expect(theirs(chat)).to_have_count(2)
    expect(mine(chat)).to_contain_text(label)


def test_what_is_kept_is_said_at_first_contact_and_once(chat: Page) -> None:
    first = ask(chat, question(AGE))["replies"][-1]["text"]
    second = ask(chat, question("aid.how_to_apply"))["replies"][-1]["text"]
    assert [faq().say("privacy") in text for text in (first, second)] == [True, False]


# ---- asking and choosing


def test_ask_and_read_the_answer(chat: Page) -> None:
    answer = ask(chat, question(AGE))
    assert (answer["decision"], answer["entry"]) == ("answer", AGE)
    expect(mine(chat)).to_contain_text(question(AGE))
    first_line, second_line = answer["replies"][0]["text"].split("\n")[:2]
    expect(theirs(chat).last.locator(".lead")).to_have_text(first_line)
    assert f"{first_line}\n{second_line}" in theirs(chat).last.inner_text()
    expect(chat.get_by_role("textbox")).to_have_value("")
    expect(chat.locator("#typing")).to_be_hidden()


def test_choose_by_button(chat: Page) -> None:
    answer = ask(chat, BARE)
    assert answer["decision"] == "suggest"
    options = answer["replies"][0]["options"]
    expect(offered(chat)).to_have_text([f"{n}. {o}" for n, o in enumerate(options, start=1)])
    box = offered(chat).nth(1).bounding_box()
    assert box
    assert box["height"] >= 44
    picked = tap(chat, f"2. {options[1]}")
    assert (picked["decision"], picked["confidence"]) == ("answer", 1)
    assert picked["entry"] == answer["candidates"][1]["entry"]
    expect(mine(chat).last).to_contain_text(options[1])
    expect(chat.locator(".picked")).to_have_count(1)
    expect(chat.locator(".choices.retired button:enabled")).to_have_count(0)


def test_choose_by_a_typed_number(chat: Page) -> None:
    candidates = ask(chat, BARE)["candidates"]
    assert ask(chat, "1")["entry"] == candidates[0]["entry"]


def test_none_of_these_then_a_person(chat: Page) -> None:
    ask(chat, BARE)
    assert tap(chat, "都不是")["decision"] == "fallback"
    assert ask(chat, BABBLE)["decision"] == "fallback"
    assert tap(chat, "1. 转人工")["decision"] == "handoff"


def test_a_reload_keeps_the_conversation_and_its_choices(chat: Page) -> None:
    ask(chat, question(AGE))
    suggested = ask(chat, BARE)
    before = chat.locator("#log .bubble").count() - 1  # the welcome is not kept
    chat.reload()
    expect(chat.locator("#log .bubble")).to_have_count(before)
    expect(offered(chat)).to_have_count(len(suggested["replies"][0]["options"]))
    expect(theirs(chat).first.locator(".lead")).to_have_count(1)
    assert tap(chat, "2. ")["entry"] == suggested["candidates"][1]["entry"]
    ask(chat, BARE)
    chat.reload()
    expect(offered(chat).first).to_be_visible()
    assert ask(chat, "1")["decision"] == "answer"


def test_three_messages_at_once_keep_their_order(chat: Page) -> None:
    asked = [AGE, "aid.how_to_apply", "safety.bullying_report"]
    for entry in asked:
        write(chat, question(entry))
    expect(theirs(chat)).to_have_count(4)
    expect(mine(chat)).to_have_count(3)
    said = [item["text"] for item in history(chat) if item["who"] == "parent"]
    assert said == [question(entry) for entry in asked]
    answered = [text.split("\n")[1] for text in theirs(chat).all_inner_texts()[1:]]
    answers = [faq().entries[entry].answer.split("\n")[0] for entry in asked]
    assert answered == answers


# ---- staff


def test_staff_words_come_by_themselves_and_stay(chat: Page, teacher: Staff) -> None:
    number = handed_over(chat)
    teacher.reply(number, "您好，已联系学校。")
    expect(from_staff(chat)).to_contain_text("已联系学校")
    assert from_staff(chat).inner_text().count("王老师") == 1
    expect(theirs(chat).nth(2)).to_contain_text("王老师")  # told who took it
    assert ask(chat, "好的，谢谢老师")["decision"] == "staff"
    expect(chat.locator(".mark.staff")).to_contain_text("已送达工作人员")
    for _ in range(2):
        chat.reload()
        expect(chat.locator(".mark.staff")).to_have_count(1)
        expect(from_staff(chat)).to_have_count(1)
        assert from_staff(chat).inner_text().count("王老师") == 1
    teacher.reply(number, "不客气。")
    expect(from_staff(chat)).to_have_count(2)


def test_staff_words_missed_while_away_come_on_return(
    chat: Page, desk: RunningDesk, teacher: Staff
) -> None:
    number = handed_over(chat)
    chat.goto("about:blank")
    teacher.reply(number, "请带户口簿来。")
    come(chat, desk.url)
    expect(from_staff(chat)).to_have_count(1)


def test_without_event_source_the_page_asks(page: Page, desk: RunningDesk, teacher: Staff) -> None:
    page.add_init_script("delete window.EventSource")
    come(page, desk.url)
    teacher.reply(handed_over(page), "没有推送也收得到。")
    expect(from_staff(page)).to_contain_text("没有推送也收得到", timeout=15_000)


def test_new_words_do_not_pull_the_reader_away(chat: Page, teacher: Staff) -> None:
    for entry in (AGE, "aid.how_to_apply", "safety.bullying_report"):
        ask(chat, question(entry))
    number = handed_over(chat)
    chat.locator("#scroll").evaluate("node => { node.scrollTop = 0; }")
    teacher.reply(number, "我来了。")
    button = chat.get_by_role("button", name="有新消息")
    expect(button).to_be_visible()
    assert chat.locator("#scroll").evaluate("node => node.scrollTop") == 0
    button.click()
    expect(from_staff(chat)).to_be_in_viewport()
    expect(button).to_be_hidden()


NUMBERS = {
    "打12345、023-12345或023-68781234。": ["tel:12345", "tel:02312345", "tel:02368781234"],
    "总机68781234，热线96110。": ["tel:68781234", "tel:96110"],
    "400-810-1234转2": ["tel:4008101234"],
    "不便出声发短信到12110": ["sms:12110"],
    "共120元、110分、12000人、12345个、2025年、第110条": [],
    "2024-06-07到2025.12.31，编号12345": [],
    "看https://a.cn/x?y=1。或 http://b.cn/）": ["https://a.cn/x?y=1", "http://b.cn/"],
    "<img src=x onerror=alert(1)>": [],
}


def test_numbers_can_be_tapped(chat: Page, teacher: Staff) -> None:
    number = handed_over(chat)
    for place, (text, links) in enumerate(NUMBERS.items()):
        teacher.reply(number, text)
        said = from_staff(chat).nth(place)
        expect(said).to_contain_text(text)
        found = said.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        assert found == links, text


# ---- danger


def test_danger_stands_out_and_can_be_called(chat: Page) -> None:
    answer = ask(chat, DANGER)
    assert answer["decision"] == "crisis"
    assert answer["inquiry"]["urgent"]
    for _ in range(2):
        crisis = chat.locator(".row.crisis")
        expect(crisis).to_have_count(1)
        expect(crisis).to_contain_text("紧急")
        expect(crisis).to_contain_text(answer["inquiry"]["number"])
        expect(crisis.locator(".calls a").first).to_be_in_viewport()
        calls = crisis.locator(".calls a").evaluate_all("all => all.map(a => a.href)")
        assert {"tel:110", "tel:120"} <= set(calls)
        box = crisis.locator(".calls a").first.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= 44
        chat.reload()


# ---- removing everything


def test_what_was_removed_leaves_the_page_too(chat: Page) -> None:
    ask(chat, question(AGE))
    assert ask(chat, "删除我的数据")["decision"] == "command"
    assert times_kept(chat, question(AGE)) == 1
    deleted = tap(chat, "1. 确认删除")
    assert deleted["decision"] == "command"
    expect(mine(chat)).to_have_count(0)
    expect(theirs(chat)).to_have_count(1)
    expect(theirs(chat)).to_contain_text(deleted["replies"][0]["text"])
    chat.reload()
    expect(theirs(chat)).to_have_count(1)  # that it was done, and nothing else
    expect(theirs(chat)).to_contain_text(deleted["replies"][0]["text"])
    expect(mine(chat)).to_have_count(0)
    assert times_kept(chat, "") == 0
    assert ask(chat, question(AGE))["entry"] == AGE


# ---- how it looks and feels


def test_large_text_is_kept(chat: Page) -> None:
    button = chat.get_by_role("button", name="大字")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    ask(chat, BARE)
    size = theirs(chat).last.evaluate("node => getComputedStyle(node).fontSize")
    assert size == "22px"
    chat.reload()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_without_local_storage_it_still_works(page: Page, desk: RunningDesk) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
    )
    come(page, desk.url)
    write(page, question(AGE))
    expect(theirs(page)).to_have_count(2)
    page.get_by_role("button", name="大字").click()
    expect(page.locator("html")).to_have_class("large")


def test_line_breaks_are_kept(chat: Page) -> None:
    box = chat.get_by_role("textbox")
    box.press_sequentially("第一行")
    box.press("Shift+Enter")
    box.press_sequentially("第二行")
    box.press("Enter")
    expect(theirs(chat)).to_have_count(2)
    assert "第一行\n第二行" in mine(chat).last.inner_text()
    chat.reload()
    assert "第一行\n第二行" in mine(chat).last.inner_text()


def test_nothing_is_sent_when_nothing_is_written(chat: Page) -> None:
    box = chat.get_by_role("textbox")
    box.press("Enter")
    box.fill("  \n ")
    chat.get_by_role("button", name="发送").click()
    expect(mine(chat)).to_have_count(0)


def test_the_enter_that_ends_a_pinyin_word_sends_nothing(chat: Page) -> None:
    box = chat.get_by_role("textbox")
    box.fill(BARE)
    for how in ("{isComposing: true}", "{keyCode: 229}"):
        box.evaluate(
            f"n => n.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', ...{how}}}))"
        )
    expect(mine(chat)).to_have_count(0)


def test_a_long_answer_is_shown_from_its_beginning(chat: Page) -> None:
    chat.set_viewport_size({"width": 360, "height": 560})
    longest = max(faq().entries.values(), key=lambda entry: len(entry.answer))
    ask(chat, question(longest.id))
    answer, send = theirs(chat).last.bounding_box(), chat.locator("footer").bounding_box()
    assert answer
    assert send
    assert answer["y"] + answer["height"] > send["y"]  # it is longer than the window
    assert 0 <= answer["y"] < PHONE["height"] / 3


def test_the_welcome_is_shown_from_its_beginning(chat: Page) -> None:
    chat.set_viewport_size({"width": 360, "height": 560})
    chat.get_by_role("button", name="大字").click()
    chat.reload()
    welcome, top = theirs(chat).bounding_box(), chat.locator("#scroll").bounding_box()
    assert welcome
    assert top
    assert welcome["y"] >= top["y"]


def test_without_javascript_it_says_what_to_do(browser: Browser, desk: RunningDesk) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(desk.url)
    expect(page.get_by_text("12345")).to_be_visible(timeout=10_000)
    context.close()
