"""What `check` adds to reading."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from faq_files import Break, line_of

from bot.faq import load
from bot.faq.lint import check, unset

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 12, 1)


def test_nothing_to_say_about_a_good_folder(folder: Path) -> None:
    assert check(folder, TODAY) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "level", "what", "remedy"),
    [
        ("aid.yaml", "需要带什么东西", "从哪天起办呀", "error", "太像", "不同的说法"),
        ("aid.yaml", "需要带什么东西", "從哪天起辦！", "error", "太像", "不同的说法"),
        ("aid.yaml", "资助甲资助甲需要带什么东西", "安全乙安全乙网上点不进去呀", "warning",
         "只差一点", "说得更不一样"),
        ("aid.yaml", "[E1]", "[E1, E9]", "error", "事实 E9", "docs/facts.md"),
        ("elsewhere.yaml", "[W2]", "[W3]", "error", "事实 W3", "docs/facts.md"),
        ("elsewhere.yaml", "door: ", "door: 打99887问。", "error", "99887", "第12节"),
        ("aid.yaml", "2027-03-01", "2026-11-30", "warning", "已经过期", "招生核对"),
        ("aid.yaml", "- 资助甲资助甲需要带什么东西", "- 资助报名？", "warning", "bare 词", "一处"),
        ("aid.yaml", 'as_of: "2025"', "as_of: 2025", "error", "没有加引号", "加引号"),
        ("aid.yaml", "[aid.first]", "[aid.fist]", "error", "没有编号为", "aid.first"),
    ],
)  # fmt: skip
def test_each_finding_names_place_and_remedy(
    folder: Path, breaks: Break, file: str, old: str, new: str, level: str, what: str, remedy: str
) -> None:
    text = breaks(file, old, new)
    [problem] = check(folder, TODAY)
    assert (problem.file, problem.line, problem.level) == (file, line_of(text, new), level)
    assert what in problem.what
    assert remedy in problem.remedy


def test_near_duplicates_name_both_places(folder: Path, breaks: Break) -> None:
    text = breaks(
        "aid.yaml", "资助甲资助甲需要带什么东西", "安全甲安全甲我上夜班没空跑，能托邻居吗"
    )
    there = line_of((folder / "safety.yaml").read_text("utf-8"), "没空跑")
    [problem] = check(folder, TODAY)
    assert (problem.file, problem.level) == ("aid.yaml", "warning")
    assert problem.line == line_of(text, "能托邻居吗")
    assert f"safety.yaml 第{there}行" in problem.what


def test_facts_are_not_asked_for_where_there_is_no_list(folder: Path, breaks: Break) -> None:
    (folder.parent / "docs" / "facts.md").unlink()
    breaks("aid.yaml", "[E1]", "[E99]")
    assert check(folder, TODAY) == []


def test_a_review_is_due_on_its_last_day_only_after_it(folder: Path) -> None:
    assert check(folder, date(2027, 3, 1)) == []
    assert len(check(folder, date(2027, 3, 2))) == 15


def test_unset_values_are_listed_with_the_entries_that_need_them(
    folder: Path, breaks: Break
) -> None:
    topics = ("enrollment", "safety", "aid", "special_education", "general")
    used = [f"{topic}.third" for topic in topics]
    assert unset(load(folder)) == [("enroll_phone", "招生咨询电话", used)]
    breaks("local.yaml", 'value: ""', 'value: "023-12345678"')
    assert unset(load(folder)) == []


def test_editors_and_ci_get_a_line_for_each_finding(folder: Path, breaks: Break) -> None:
    text = breaks("aid.yaml", "2027-03-01", "2026-11-30")
    command = [sys.executable, str(ROOT / "run_bot.py"), "check", "--lines", "--faq", str(folder)]
    more = ["--as-of", "2026-12-01"]
    done = subprocess.run([*command, *more], capture_output=True, check=False, cwd=folder)
    line = line_of(text, "2026-11-30")
    said = done.stdout.decode().splitlines()
    assert (done.returncode, len(said)) == (0, 1)
    assert said[0].startswith(f"{folder.as_posix()}/aid.yaml:{line}:16: warning: ")
    breaks("aid.yaml", "[E1]", "[E9]")
    assert subprocess.run([*command, *more], capture_output=True, check=False).returncode == 1
