"""The FAQ on the staff pages: looked through, tried, edited, published, taken back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from faq_office import FaqOffice, form_fields, open_faq_office, words

from bot.faq import load
from bot.faq.value import Labelled

ENTRY = "general.uniform"
PAGE = f"/staff/faq/entries/{ENTRY}"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FaqOffice]:
    async with open_faq_office(tmp_path) as lent:
        yield lent


def an_entry(office: FaqOffice) -> str:
    return next(iter(office.desk.mind.faq.entries))


async def test_nobody_sees_them_without_signing_in(office: FaqOffice) -> None:
    stranger = office.another_browser()
    for path in ("", "try", "new", "local", "changes", f"entries/{an_entry(office)}/edit"):
        answer = await stranger.get(f"/staff/faq/{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in")


async def test_the_list_is_searched_by_words_and_by_meaning(office: FaqOffice) -> None:
    entry = office.desk.mind.faq.entries[an_entry(office)]
    page = (await office.browser.get("/staff/faq/", params={"q": entry.phrases[3]})).text
    assert entry.title in page
    page = (await office.browser.get("/staff/faq/", params={"q": f"老师{entry.question}嘛"})).text
    assert "意思相近的" in page
    assert entry.title in page
    page = (await office.browser.get("/staff/faq/", params={"q": "蓝莓烤箱"})).text
    assert "没有这样的条目" in page or "意思相近的" in page


async def test_what_wants_looking_at_is_counted(office: FaqOffice) -> None:
    one, two, three, *_ = office.desk.mind.faq.entries
    for entry, field, value in (
        (one, "valid_until", "2026-05-19"),
        (two, "review_by", "2026-05-01"),
        (three, "valid_from", "2026-06-01"),
    ):
        answer = await office.filled(f"/staff/faq/entries/{entry}/edit", **{field: value})
        await office.publish(answer)
    page = words((await office.browser.get("/staff/faq/")).text)
    assert "过期不再发 1" in page
    assert "该复核了 1" in page
    assert "还没生效 1" in page
    assert "没有考题 15" in page
    only = (await office.browser.get("/staff/faq/?mark=expired")).text
    assert f"entries/{one}" in only
    assert f"entries/{two}" not in only
    shown = words((await office.browser.get(f"/staff/faq/entries/{one}")).text)
    assert "新的还没有公布" in shown


def write_exam(office: FaqOffice, *lines: tuple[str, str]) -> None:
    """Write (question, entry) down as the FAQ's own exam."""
    exam = [json.dumps({"text": text, "id": entry}, ensure_ascii=False) for text, entry in lines]
    (office.folder / "tests" / "exam.jsonl").write_text("\n".join(exam), "utf-8")


def in_both_shares(question: str) -> tuple[str, str]:
    """Return the question with so many marks behind it that it calibrates, and held out."""
    marked = [question + "？" * marks for marks in range(50)]
    shares = {Labelled(text, {}).held_out: text for text in marked}
    return shares[False], shares[True]


async def test_confused_entries_are_found_with_the_exam(office: FaqOffice) -> None:
    one, two, *_ = office.desk.mind.faq.entries.values()
    shown, held_out = in_both_shares(one.question)
    write_exam(office, (shown, two.id), (held_out, two.id), (two.question, two.id))
    await office.browser.get("/staff/faq/")
    faq = load(office.folder)
    while office.workshop.examined(faq.version) is None:
        await asyncio.sleep(0.05)
    page = words((await office.browser.get("/staff/faq/")).text)
    assert "常被答错 1" in page
    assert "没有考题 14" in page
    page = words((await office.browser.get(f"/staff/faq/entries/{two.id}")).text)
    assert f"没答对的考题（1） {shown} → {one.title}" in page, "none of those held out"


async def test_a_question_is_tried_as_in_production(office: FaqOffice) -> None:
    entry = office.desk.mind.faq.entries[an_entry(office)]
    page = words((await office.browser.get("/staff/faq/try", params={"q": entry.question})).text)
    said = await office.talk.say(entry.question, session="p9")
    assert words(said["replies"][0]["text"].partition("\n\n提醒")[0]) in page
    assert "直接回答" in page
    assert "一字不差" in page
    assert len(await office.desk.queue()) == 1, "only the parent's own is kept"


async def test_an_answer_is_changed_previewed_and_published(office: FaqOffice) -> None:
    entry = office.desk.mind.faq.entries[an_entry(office)]
    file = office.folder / f"{entry.topic}.yaml"
    before = file.read_text("utf-8")
    edited = await office.filled(
        f"/staff/faq/entries/{entry.id}/edit", answer="改过的第一行。\r\n改过的第二行。"
    )
    assert file.read_text("utf-8") == before, "nothing is written before it is published"
    shown = words(await office.settled(edited))
    assert "没有一句改变去处" in shown
    for channel in ("网页", "Telegram", "微信"):
        assert f"{channel} 改过的第一行。 改过的第二行。" in shown
    done = await office.publish(edited)
    assert "已发布" in done.text
    assert load(office.folder).entries[entry.id].answer == "改过的第一行。\n改过的第二行。"
    await office.take_over()
    said = await office.talk.say(entry.question)
    assert said["replies"][0]["text"].startswith("改过的第一行。")
    [line] = [each for each in await office.audit.page() if each.what == "faq"]
    assert (line.who, line.about) == ("王老师", f"{entry.topic}.yaml")

    history = (await office.browser.get("/staff/faq/changes")).text
    assert f"{entry.id}：答复" in history
    change = office.workshop.history.latest()[0]
    back = await office.filled(f"/staff/faq/changes/{change.id}")
    await office.publish(back)
    assert load(office.folder).entries[entry.id] == entry


async def test_what_waits_to_be_published_is_listed_and_may_be_given_up(
    office: FaqOffice,
) -> None:
    edit = f"/staff/faq/entries/{an_entry(office)}/edit"
    answer = await office.filled(edit, answer="还没想好。")
    await office.settled(answer)
    page = (await office.browser.get("/staff/faq/changes")).text
    assert f'href="{answer.url.path}">{an_entry(office)}：答复</a>' in page
    assert "王老师" in words(page)
    done = await office.filled(answer.url.path, do="give_up")
    assert "已经放弃，文件没有动" in done.text
    assert answer.url.path not in done.text
    assert (await office.browser.get(answer.url.path)).status_code == 404
    assert load(office.folder) == office.desk.mind.faq


async def test_impact_names_what_is_gained_and_lost(office: FaqOffice) -> None:
    one, two, *_ = office.desk.mind.faq.entries.values()
    asked = "隔壁王嫂说要先去老地方盖章才轮得到我们"
    first = await office.talk.say(asked)
    assert first["decision"] != "answer"
    listed, held_out = in_both_shares(asked)
    write_exam(office, (listed, one.id), (held_out, one.id), (two.phrases[0], two.id))
    edit = f"/staff/faq/entries/{one.id}/edit"
    phrases = form_fields((await office.browser.get(edit)).text)["phrases"]
    answer = await office.filled(edit, phrases=f"{phrases}\n{asked}")
    shown = words(await office.settled(answer))
    assert "变好 2 句，变差 0 句" in shown
    assert f"{listed} 考题" in shown
    assert "另有 1 道考题只计数" in shown
    assert f"{held_out} 考题" not in shown
    assert f"改后直接回答：{one.title}" in shown


async def test_past_questions_are_tried_masked(office: FaqOffice) -> None:
    one = next(iter(office.desk.mind.faq.entries.values()))
    asked = "盖章的老地方搬到哪去了，我电话13812345678"
    await office.talk.say(asked)
    edit = f"/staff/faq/entries/{one.id}/edit"
    phrases = form_fields((await office.browser.get(edit)).text)["phrases"]
    answer = await office.filled(edit, phrases=f"{phrases}\n盖章的老地方搬到哪去了，我电话")
    shown = words(await office.settled(answer))
    assert "1 句家长以前问过的话" in shown
    assert "13812345678" not in shown


async def test_what_check_refuses_is_said_and_nothing_typed_is_lost(office: FaqOffice) -> None:
    edit = f"/staff/faq/entries/{an_entry(office)}/edit"
    answer = await office.filled(edit, answer="字" * 41, title="我写的标题")
    assert answer.status_code == 422
    assert "第一行有41个字" in words(answer.text)
    assert form_fields(answer.text)["title"] == "我写的标题"
    assert form_fields(answer.text)["answer"] == "字" * 41


async def test_of_two_editors_at_the_same_instant_one_wins(office: FaqOffice) -> None:
    other = office.another_browser()
    await office.sign_in("李老师", other)
    edit = f"/staff/faq/entries/{an_entry(office)}/edit"
    browsers = {"王老师": office.browser, "李老师": other}
    proposed = {
        name: await office.filled(edit, browser, answer=f"{name}写的。")
        for name, browser in browsers.items()
    }
    pages = {name: await browsers[name].get(p.url.path) for name, p in proposed.items()}
    for answer in proposed.values():
        await office.settled(answer)
    done = await asyncio.gather(
        *(
            browsers[name].post(
                proposed[name].url.path, data=form_fields(pages[name].text), follow_redirects=True
            )
            for name in browsers
        )
    )
    assert sorted(answer.status_code for answer in done) == [200, 409]
    [winner] = [n for n, d in zip(browsers, done, strict=True) if d.status_code == 200]
    assert load(office.folder).entries[an_entry(office)].answer == f"{winner}写的。"
    [refused] = [d.text for d in done if d.status_code == 409]
    assert "又被别人改过了" in refused
    assert [each.who for each in office.workshop.history.latest()] == [winner]


async def test_a_form_opened_before_somebody_elses_change_keeps_its_words(
    office: FaqOffice,
) -> None:
    edit = f"/staff/faq/entries/{an_entry(office)}/edit"
    old = form_fields((await office.browser.get(edit)).text)
    await office.publish(await office.filled(edit, answer="别人先改的。"))
    answer = await office.browser.post(edit, data={**old, "answer": "我后改的。"})
    assert answer.status_code == 409
    assert "又被别人改过了" in answer.text
    assert form_fields(answer.text)["answer"] == "我后改的。"


async def test_a_local_value_is_filled_in(office: FaqOffice) -> None:
    shown = (await office.browser.get("/staff/faq/local")).text
    fields = form_fields(shown) | {"name": "enroll_phone", "value": " 023-12345678 "}
    answer = await office.browser.post("/staff/faq/local", data=fields, follow_redirects=True)
    await office.publish(answer)
    assert load(office.folder).local["enroll_phone"].value == "023-12345678"


async def test_a_broken_file_is_named_with_its_remedy(office: FaqOffice) -> None:
    file = office.folder / "aid.yaml"
    file.write_text(file.read_text("utf-8").replace("topic: aid", "topic：aid", 1), "utf-8")
    page = words((await office.browser.get("/staff/faq/")).text)
    assert "aid.yaml 第" in page
    assert "改法" in page
    refused = await office.filled(
        f"/staff/faq/entries/{an_entry(office)}/edit", answer="家长看不到的。"
    )
    assert refused.status_code == 422
    assert "先改好它们" in refused.text
    assert "aid.yaml 第" in refused.text


async def test_a_new_entry_begins_as_a_draft(office: FaqOffice) -> None:
    typed = {
        "id": "general.new_matter", "title": "新的事", "question": "新的事怎么办？",
        "phrases": "新的事怎么办呀", "answer": "先问学校。", "basis": "《某法》", "as_of": "2025",
        "facts": "E1", "owner": "综合", "review_by": "2027-03-01",
    }  # fmt: skip
    answer = await office.filled("/staff/faq/new", **typed)
    await office.publish(answer)
    faq = load(office.folder)
    assert "general.new_matter" in faq.drafts
    assert "general.new_matter" not in faq.entries
    edit = "/staff/faq/entries/general.new_matter/edit"
    refused = await office.filled(edit, published="yes")
    assert "发布至少要12项" in words(refused.text)
