"""hours.yaml: what `check` says of hours and days that cannot be, and of missing holidays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from faq_files import Break

from bot.faq.lint import check
from bot.faq.problem import Problem

LAST = "come_back_days: 7\n"
WEEK = 'week:\n  周一: ["09:00-12:00"]\n'


def found(folder: Path, today: date = date(2026, 5, 20)) -> list[Problem]:
    return [each for each in check(folder, today) if each.file == "hours.yaml"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('week:\n  周一: ["12:00-09:00"]\n', "结束要晚于开始"),
        ('week:\n  周一: ["09:00-24:30"]\n', "最晚到 24:00"),
        ('week:\n  周一: ["09:00-12:00", "11:00-13:00"]\n', "连着或重叠"),
        ('week:\n  周一: ["09:00-12:00", "12:00-13:00"]\n', "连着或重叠"),
        ('week:\n  周一: ["9点到12点"]\n', "09:00-12:00"),
        ('holidays: ["2026-02-30"]\n', "不是日历上的日子"),
        ('holidays: ["2026-10-07至2026-10-01"]\n', "前后颠倒"),
        ('holidays: ["2026-10-01"]\nworkdays: ["2026-10-01"]\n', "已经写过"),
        ('holidays: ["十月一日"]\n', "2027-01-01"),
    ],
)
def test_what_cannot_be_is_an_error(folder: Path, breaks: Break, more: str, said: str) -> None:
    breaks("hours.yaml", LAST, f"{LAST}{more}")
    [problem] = [each for each in found(folder) if each.level == "error"]
    assert said in str(problem)


def test_a_year_without_holidays_is_reminded_of(folder: Path, breaks: Break) -> None:
    assert found(folder) == []
    breaks("hours.yaml", LAST, f"{LAST}{WEEK}")
    [reminder] = found(folder)
    assert reminder.level == "warning"
    assert "还没有2026年的放假" in str(reminder)
    breaks("hours.yaml", LAST, f'{LAST}holidays: ["2026-10-01至2026-10-07"]\n')
    assert found(folder) == []
    assert "2027年" in str(found(folder, date(2027, 1, 1))[0])
