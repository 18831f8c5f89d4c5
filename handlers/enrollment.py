"""Enrollment rules that an answer needs: which autumn a birth date means. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from bot.dialogue import Request
from bot.matching.reading import Kind, Reading
from bot.text import fold

SCHOOL_AGE = 6
_CUT_OFF = (8, 31)
"""Six years old on or before 31 August of the year of entry (docs/facts.md E1, E2)."""
_OLDEST_PUPIL = 18
_ABOUT_AGE = ("enrollment.age_requirement", "enrollment.early_entry_underage")

_CHINESE = str.maketrans("〇零一二三四五六七八九", "00123456789")
_YEAR_AND_MONTH = r"(?<!\d)(?P<year>20\d{2}|[12]\d)\s*(?:年|[-./])\s*(?P<month>1[0-2]|0?[1-9])"
_DATE = re.compile(_YEAR_AND_MONTH + r"\s*(?:月|[-./])\s*(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)")
_MONTH = re.compile(_YEAR_AND_MONTH + r"\s*月(?!\s*\d)")
_COMPACT = re.compile(
    r"(?<!\d)(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_BORN = re.compile(
    r"出生|生于|生日|生的|生嘞|年生|月生|号生|日生|出世|的娃|的孩子|满\s*6|满六|几岁"
    r"|读一年级|上小学|上学|读书"
)
_SPOKEN = re.compile(r"[〇零一二三四五六七八九十]+[年月日号]")
_TEN = re.compile(r"([一二三])?十([一二三四五六七八九])?(?=[月日号])")


@dataclass(frozen=True, slots=True)
class Birth:
    """When a child was born, as far as it was said."""

    year: int
    month: int
    day: int | None = None

    def __str__(self) -> str:
        day = "" if self.day is None else f"{self.day}日"
        return f"{self.year}年{self.month}月{day}"

    @property
    def autumn(self) -> int:
        """The year whose autumn term the child may start; the month alone decides it too.

        >>> Birth(2020, 8, 31).autumn, Birth(2020, 9, 1).autumn, Birth(2020, 8).autumn
        (2026, 2027, 2026)
        """
        return self.year + SCHOOL_AGE + ((self.month, self.day or 1) > _CUT_OFF)


def birth_date(text: str, today: date) -> Birth | None:
    """Return the birth of a school-age child that the text gives, if it gives just one.

    >>> str(birth_date("娃儿二〇二〇年九月三号生的", date(2026, 5, 20)))
    '2020年9月3日'
    >>> str(birth_date("2020.9.1出生能上吗", date(2026, 5, 20)))
    '2020年9月1日'
    >>> str(birth_date("2020年9月生的今年能读不", date(2026, 5, 20)))
    '2020年9月'
    >>> birth_date("2026年5月20日报名截止吗", date(2026, 5, 20))
    """
    plain = _SPOKEN.sub(lambda m: _TEN.sub(_ten, m[0]).translate(_CHINESE), fold(text))
    if not _BORN.search(plain):
        return None
    for patterns in ((_DATE, _COMPACT), (_MONTH,)):
        found = {
            birth
            for pattern in patterns
            for match in pattern.finditer(plain)
            if (birth := _birth(match, today))
        }
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _birth(match: re.Match[str], today: date) -> Birth | None:
    given = match.groupdict()
    year = int(given["year"])
    year += 2000 if year < 100 else 0
    day = int(given["day"]) if given.get("day") else None
    try:
        date(year, int(given["month"]), day or 1)
    except ValueError:
        return None
    if not 0 <= today.year - year <= _OLDEST_PUPIL:
        return None
    return Birth(year, int(given["month"]), day)


def _ten(match: re.Match[str]) -> str:
    tens = match[1] or "一"
    return f"{tens}{match[2] or '〇'}"


def note(request: Request, entry: str) -> str | None:
    """Return the sentence that makes an age answer concrete, when a birth date was given."""
    if entry not in _ABOUT_AGE:
        return None
    born = birth_date(request.text, request.today)
    if born is None:
        return None
    name = "autumn" if born.autumn >= request.today.year else "autumn_past"
    return request.faq.say(name, born=born, year=born.autumn)


def read_birth_date(request: Request, reading: Reading) -> Reading:
    """Let a birth date decide for the age question where the words alone were not enough."""
    if reading.kind in (Kind.ANSWER, Kind.ELSEWHERE):
        return reading
    if birth_date(request.text, request.today) is None:
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
