"""Enrollment rules that an answer needs: which autumn a birth date means. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from bot.dialogue import Request
from bot.matching.understand import Kind, Reading
from bot.text import fold

SCHOOL_AGE = 6
_CUT_OFF = (8, 31)
"""Six years old on or before 31 August of the year of entry (docs/facts.md E1, E2)."""
_ABOUT_AGE = ("enrollment.age_requirement", "enrollment.early_entry_underage")

_CHINESE = str.maketrans("〇零一二三四五六七八九", "00123456789")
_DATE = re.compile(
    r"(?<!\d)(?P<year>20\d{2}|[12]\d)(?:年|[-./])\s*(?P<month>1[0-2]|0?[1-9])"
    r"(?:月|[-./])\s*(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
)
_COMPACT = re.compile(
    r"(?<!\d)(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_BORN = re.compile(
    r"出生|生日|生的|生嘞|年生|月生|号生|日生|出世|的娃|的孩子|满\s*6|满六|几岁"
    r"|读一年级|上小学|上学|读书"
)
_TEN = re.compile(r"([一二三])?十([一二三四五六七八九])?(?=[月日号])")


def birth_date(text: str, today: date) -> date | None:
    """Return the one birth date of a school-age child that the text gives, if it gives one.

    >>> birth_date("娃儿二〇二〇年九月三号生的", date(2026, 5, 20))
    datetime.date(2020, 9, 3)
    >>> birth_date("2020.9.1出生能上吗", date(2026, 5, 20))
    datetime.date(2020, 9, 1)
    >>> birth_date("2026年5月20日报名截止吗", date(2026, 5, 20))
    """
    plain = _TEN.sub(_ten, fold(text)).translate(_CHINESE)
    if not _BORN.search(plain):
        return None
    found = set()
    for pattern in (_DATE, _COMPACT):
        for match in pattern.finditer(plain):
            year = int(match["year"])
            year += 2000 if year < 100 else 0
            try:
                born = date(year, int(match["month"]), int(match["day"]))
            except ValueError:
                continue
            if 0 <= today.year - born.year <= 18:
                found.add(born)
    return found.pop() if len(found) == 1 else None


def _ten(match: re.Match[str]) -> str:
    tens = match[1] or "一"
    return f"{tens}{match[2] or '〇'}"


def autumn(born: date) -> int:
    """Return the year whose autumn term a child born then may start.

    >>> autumn(date(2020, 8, 31)), autumn(date(2020, 9, 1))
    (2026, 2027)
    """
    return born.year + SCHOOL_AGE + ((born.month, born.day) > _CUT_OFF)


def note(request: Request, entry: str) -> str | None:
    """Return the sentence that makes an age answer concrete, when a birth date was given."""
    if entry not in _ABOUT_AGE:
        return None
    born = birth_date(request.text, request.now.date())
    if born is None:
        return None
    year = autumn(born)
    name = "autumn" if year >= request.now.year else "autumn_past"
    spoken = f"{born.year}年{born.month}月{born.day}日"
    return request.faq.say(name, born=spoken, year=year)


def read_birth_date(request: Request, reading: Reading) -> Reading:
    """Let a birth date decide for the age question where the words alone were not enough."""
    if reading.kind in (Kind.ANSWER, Kind.ELSEWHERE):
        return reading
    if birth_date(request.text, request.now.date()) is None:
        return reading
    for candidate in reading.candidates[:3]:
        if candidate.entry in _ABOUT_AGE:
            sure = max(candidate.score, request.mind.model.answer_at)
            return replace(
                reading,
                kind=Kind.ANSWER,
                entries=(candidate.entry,),
                confidence=sure,
                rule="a birth date",
            )
    return reading
