"""When an answer may be given: validity windows, drafts, and what `check` says of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from faq_files import Break

from bot.faq import load
from bot.faq.lint import check

WINDOW = '    review_by: "2027-03-01"\n'
BASIS = "《义务教育法》第12条"


def within(breaks: Break, more: str) -> None:
    """Give aid.second, the first entry of aid.yaml, these lines more."""
    breaks("aid.yaml", WINDOW, f"{WINDOW}    {more}\n")


@pytest.mark.parametrize(
    ("more", "day", "said"),
    [
        ('valid_until: "2027-01-31"', date(2027, 1, 31), True),
        ('valid_until: "2027-01-31"', date(2027, 2, 1), False),
        ('valid_from: "2027-01-31"', date(2027, 1, 30), False),
        ('valid_from: "2027-01-31"', date(2027, 1, 31), True),
    ],
)
def test_an_answer_is_given_in_its_window_alone(
    folder: Path, breaks: Break, more: str, day: date, said: bool
) -> None:
    within(breaks, more)
    faq = load(folder)
    words = faq.said("aid.second", day)
    assert (faq.answer("aid.second") == words) is said
    assert (BASIS in words) is said
    if not said:
        assert faq.say("find_out") in words


def test_the_way_to_find_out_is_that_of_the_entrys_own_values(folder: Path, breaks: Break) -> None:
    breaks("local.yaml", '    value: ""', '    value: ""\n    find_out: 去学校门口看公告。')
    text = (folder / "aid.yaml").read_text("utf-8")
    third = text.index("id: aid.third")
    end = text.index(WINDOW, third) + len(WINDOW)
    (folder / "aid.yaml").write_text(
        f'{text[:end]}    valid_until: "2027-01-31"\n{text[end:]}', "utf-8"
    )
    assert "去学校门口看公告。" in load(folder).said("aid.third", date(2028, 1, 1))


def test_a_draft_is_nothing_that_parents_can_reach(folder: Path, breaks: Break) -> None:
    within(breaks, "published: false")
    faq = load(folder)
    assert "aid.second" not in faq.entries
    assert faq.drafts["aid.second"].title == "资助甲的事"
    [problem] = check(folder, date(2026, 12, 1))  # it stands in the menu
    assert (problem.level, problem.file) == ("warning", "aid.yaml")
    assert "草稿" in problem.what


@pytest.mark.parametrize(
    ("more", "level", "what", "remedy"),
    [
        ('valid_until: "2026-11-30"', "warning", "不再发给家长", "新的规定"),
        ('valid_from: "2026-12-02"', "warning", "2026-12-02 起才发", "自动生效"),
        ('valid_until: "2027-02-30"', "error", "没有这一天", "日历"),
        ("valid_until: 2027-02-03", "error", "没有加引号", "加引号"),
        ("published: 否", "error", "true 或 false", "小写"),
        ('published: "false"', "error", "true 或 false", "不加引号"),
        ('valid_from: "2027-02-02"\n    valid_until: "2027-02-01"', "error", "就过期了",
         "不早于"),
    ],
)  # fmt: skip
def test_check_tells_of_windows(
    folder: Path, breaks: Break, more: str, level: str, what: str, remedy: str
) -> None:
    within(breaks, more)
    found = [p for p in check(folder, date(2026, 12, 1)) if what in p.what]
    assert [p.level for p in found] == [level]
    assert remedy in found[0].remedy
