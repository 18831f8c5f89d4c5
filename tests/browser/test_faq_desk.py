"""The FAQ in staff's hands, in a real browser: both widths, by keyboard, without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.faq import load
from tests.browser.conftest import LOCALE, TIMEZONE
from tests.browser.parent import BABBLE, BARE, ask, come, tap
from tests.browser.running_desk import RunningDesk, running_desk
from tests.browser.test_access import findings, fits, magnify, sign_in
from tests.desk import faq_folder

ENTRY = "general.uniform"
CHECK_MS = 60_000
TRIAL_MS = 240_000
"""A trial asks the desk some 1,500 questions twice, on whatever machine this is."""


@pytest.fixture(scope="module")
def faq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FAQ of these tests' own: they change it."""
    return Path(shutil.copytree(faq_folder(), tmp_path_factory.mktemp("own") / "faq"))


@pytest.fixture(scope="module")
def clerks_desk(faq: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    with running_desk(tmp_path_factory.mktemp("clerks"), faq) as running:
        yield running


def learn_something(page: Page, desk: RunningDesk) -> None:
    """Have parents ask what is not understood, take a choice, and not be helped."""
    come(page, desk.url)
    ask(page, BABBLE)
    ask(page, BARE)
    tap(page, "都不是")
    ask(page, "校服必须买吗")
    tap(page, "没帮助")


PAGES = (
    "faq/",
    "faq/?q=校服",
    "faq/?mark=unset",
    f"faq/entries/{ENTRY}",
    f"faq/entries/{ENTRY}/edit",
    "faq/new",
    "faq/try?q=校服必须买吗",
    "faq/local",
    "faq/hours",
    "faq/messages",
    "faq/changes",
    "learning/",
    "figures/",
)


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_fit_for_everybody(
    page: Page, office: Page, clerks_desk: RunningDesk, axe: str, width: int
) -> None:
    learn_something(page, clerks_desk)
    sign_in(office, clerks_desk, "李老师")
    office.set_viewport_size({"width": width, "height": 800})
    addresses = [f"{clerks_desk.url}/staff/{path}" for path in PAGES]
    office.goto(f"{clerks_desk.url}/staff/learning/")
    group = office.locator(".subject").first.get_attribute("href")
    for address in [*addresses, f"{clerks_desk.url}{group}"]:
        office.goto(address)
        assert office.locator("h1").count() == 1, address
        fits(office)
        assert findings(office, axe) == [], address
        magnify(office, 200)
        fits(office)


def heard(page: Page, desk: RunningDesk, text: str, words: str) -> str:
    """Say that until the answer has those words, as it has a moment after they were published."""
    come(page, desk.url)
    for _ in range(20):
        answer = "\n".join(each["text"] for each in ask(page, text)["replies"])
        if words in answer:
            break
        page.wait_for_timeout(500)
    return answer


def test_an_answer_is_found_changed_tried_published_and_taken_back(
    page: Page, office: Page, clerks_desk: RunningDesk, faq: Path, axe: str
) -> None:
    before = (faq / "general.yaml").read_text("utf-8")
    sign_in(office, clerks_desk, "王老师")
    office.get_by_role("link", name="常见问题").click()
    office.get_by_role("searchbox", name="找一条").fill("校服要不要买")
    office.keyboard.press("Enter")
    office.get_by_role("link", name="校服要不要买").click()
    office.get_by_role("link", name="修改", exact=True).click()
    answer = office.get_by_label("答复", exact=True)
    answer.fill("校服自愿，老师改过这一行。\n" + answer.input_value().partition("\n")[2])
    office.get_by_role("button", name="看影响").click(timeout=CHECK_MS)
    expect(office.get_by_role("heading", name="发布前看一看")).to_be_visible()
    assert findings(office, axe) == []
    expect(office.locator("#impact")).to_contain_text("没有一句改变去处", timeout=TRIAL_MS)
    assert findings(office, axe) == []
    office.set_viewport_size({"width": 390, "height": 800})
    fits(office)
    for channel in ("网页", "Telegram", "微信"):
        shown = office.get_by_role("region", name=f"{channel}预览")
        expect(shown).to_contain_text("老师改过这一行")
    office.get_by_role("button", name="发布", exact=True).click()
    expect(office.get_by_role("status")).to_contain_text("已发布")
    assert "老师改过这一行" in load(faq).answer(ENTRY)

    assert "老师改过这一行" in heard(
        page, clerks_desk, "校服必须买吗，质量和价格谁管？", "老师改过这一行"
    )

    office.goto(f"{clerks_desk.url}/staff/faq/changes")
    office.locator(".subject").first.click()
    office.get_by_role("button", name="撤销这次修改").click(timeout=CHECK_MS)
    expect(office.locator("#impact")).to_contain_text("没有一句改变去处", timeout=TRIAL_MS)
    office.get_by_role("button", name="发布", exact=True).click()
    expect(office.get_by_role("status")).to_contain_text("已发布")
    assert (faq / "general.yaml").read_text("utf-8") == before


@pytest.mark.network_errors  # what cannot be read is refused with 422
def test_the_hours_are_filled_in_put_right_and_published(
    office: Page, clerks_desk: RunningDesk, faq: Path, axe: str
) -> None:
    before = load(faq).hours
    sign_in(office, clerks_desk, "王老师")
    office.get_by_role("link", name="常见问题").click()
    office.get_by_role("link", name="值守时间").click()
    office.get_by_label("周六").fill("9：00～12：00、14:00-17:30")
    office.get_by_label("放假").fill("春节")
    see = office.get_by_role("button", name="看改了什么")
    see.click(timeout=CHECK_MS)
    expect(office.get_by_role("alert")).to_contain_text("写法不对")
    assert office.get_by_label("周六").input_value() == "9：00～12：00、14:00-17:30"
    assert findings(office, axe) == []
    office.get_by_label("放假").fill("2027年2月5日～2027-2-11")
    see.click(timeout=CHECK_MS)
    expect(office.get_by_role("heading", name="发布前看一看")).to_be_visible()
    expect(office.get_by_role("main")).to_contain_text('周六: ["09:00-12:00", "14:00-17:30"]')
    assert load(faq).hours == before
    assert findings(office, axe) == []
    office.get_by_role("button", name="发布", exact=True).click()
    expect(office.get_by_role("status")).to_contain_text("已发布")
    assert office.get_by_label("周六").input_value() == "09:00-12:00 14:00-17:30"
    hours = load(faq).hours
    assert hours.week == {**before.week, "周六": ("09:00-12:00", "14:00-17:30")}
    assert hours.holidays == ("2027-02-05至2027-02-11",)


@pytest.mark.network_errors
def test_a_sentence_of_the_desks_own_is_found_changed_published_and_heard(
    page: Page, office: Page, clerks_desk: RunningDesk, faq: Path, axe: str
) -> None:
    sign_in(office, clerks_desk, "李老师")
    office.get_by_role("link", name="常见问题").click()
    office.get_by_role("link", name="机器人的话").click()
    office.get_by_role("searchbox", name="找一句").fill("想问哪一类")
    office.keyboard.press("Enter")
    sentence = office.get_by_label("menu", exact=True)
    see = office.get_by_role("button", name="看改了什么")
    sentence.fill("{number}号，想问哪一类？")
    see.click(timeout=CHECK_MS)
    expect(office.get_by_role("alert")).to_contain_text("number")
    assert sentence.input_value() == "{number}号，想问哪一类？"
    sentence.fill("想问哪一类，您点就是。")
    see.click(timeout=CHECK_MS)
    expect(office.get_by_role("main")).to_contain_text("想问哪一类，您点就是。")
    assert findings(office, axe) == []
    office.get_by_role("button", name="发布", exact=True).click()
    expect(office.get_by_role("status")).to_contain_text("已发布")
    assert load(faq).say("menu") == "想问哪一类，您点就是。"
    assert "您点就是" in heard(page, clerks_desk, "菜单", "您点就是")


@pytest.mark.network_errors
def test_a_group_becomes_another_offices_new_matter(
    page: Page, office: Page, clerks_desk: RunningDesk, faq: Path, axe: str
) -> None:
    come(page, clerks_desk.url)
    ask(page, BABBLE)
    sign_in(office, clerks_desk, "王老师")
    office.get_by_role("link", name="待学习").click()
    office.get_by_role("link", name=BABBLE[:12]).first.click()
    office.get_by_role("link", name="这里没有：新写一件").click()
    for width in (390, 1280):
        office.set_viewport_size({"width": width, "height": 800})
        fits(office)
        assert findings(office, axe) == []
    office.get_by_label("叫什么").fill("写程序")
    office.get_by_label("编号").fill("programming")
    office.get_by_label("去哪里问").select_option(index=1)
    office.get_by_role("button", name="看影响").click(timeout=CHECK_MS)
    expect(office.get_by_role("alert")).to_contain_text("phrases")
    assert office.get_by_label("叫什么").input_value() == "写程序"
    said = [BABBLE, "给我写个贪吃蛇小游戏的源码", "帮我把这段代码的错误改对"]
    office.get_by_label("家长的说法").fill("\n".join(said))
    office.get_by_role("button", name="看影响").click(timeout=CHECK_MS)
    publish = office.get_by_role("button", name="发布", exact=True)
    expect(publish).to_be_visible(timeout=TRIAL_MS)
    publish.click()
    expect(office.get_by_role("status")).to_contain_text("处理完了")
    made = load(faq).matters["programming"]
    assert made.phrases == tuple(said)
    assert made.door == next(iter(load(faq).matters.values())).door


def test_two_editors_open_the_same_entry(
    office: Page, browser: Browser, clerks_desk: RunningDesk, faq: Path
) -> None:
    """Who saves second is told, and keeps what was typed."""
    second = browser.new_context(locale=LOCALE, timezone_id=TIMEZONE).new_page()
    for page, name in ((office, "王老师"), (second, "李老师")):
        sign_in(page, clerks_desk, name)
        page.goto(f"{clerks_desk.url}/staff/faq/entries/aid.eligibility/edit")
        page.get_by_label("依据").fill(f"{name}写的依据")
        page.get_by_role("button", name="看影响").click(timeout=CHECK_MS)
        expect(page.get_by_role("heading", name="发布前看一看")).to_be_visible()
    for page in (office, second):
        publish = page.get_by_role("button", name="发布", exact=True)
        expect(publish).to_be_visible(timeout=TRIAL_MS)
    office.get_by_role("button", name="发布", exact=True).click()
    expect(office.get_by_role("status")).to_contain_text("已发布")
    second.get_by_role("button", name="发布", exact=True).click()
    expect(second.get_by_role("alert")).to_contain_text("又被别人改过了")
    assert load(faq).entries["aid.eligibility"].basis == "王老师写的依据"
    second.context.close()


def test_all_of_it_without_javascript(
    page: Page, browser: Browser, clerks_desk: RunningDesk, faq: Path
) -> None:
    learn_something(page, clerks_desk)
    plain = browser.new_context(locale=LOCALE, timezone_id=TIMEZONE, java_script_enabled=False)
    clerk = plain.new_page()
    clerk.goto(f"{clerks_desk.url}/staff/sign-in")
    clerk.get_by_label("登录链接").fill(clerks_desk.staff_link("赵老师"))
    clerk.get_by_role("button", name="用链接登录").click()
    clerk.get_by_role("link", name="待学习").click()
    clerk.locator(".subject").first.click()
    clerk.get_by_role("button", name="不用学，放到一边").click()
    expect(clerk.get_by_role("status")).to_contain_text("已放到一边")
    clerk.goto(f"{clerks_desk.url}/staff/faq/local")
    clerk.get_by_label("招生咨询电话").fill("023-12345678")
    card = clerk.get_by_role("listitem").filter(has=clerk.get_by_label("招生咨询电话"))
    card.get_by_role("button").click(timeout=CHECK_MS)
    publish = clerk.get_by_role("button", name="发布", exact=True)
    for _ in range(TRIAL_MS // 1000):
        if publish.count():
            break
        clerk.wait_for_timeout(1000)
        clerk.get_by_role("link", name="刷新").click()
    publish.click()
    expect(clerk.get_by_role("status")).to_contain_text("已发布")
    assert load(faq).local["enroll_phone"].value == "023-12345678"
    plain.close()
