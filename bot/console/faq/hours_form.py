"""Between the form of the office's hours and hours.yaml. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import FormData

from bot.console.guard import field_text
from bot.editing.change import Edit, lines_of
from bot.editing.notation import Value
from bot.faq.schema import WEEKDAYS, HoursFile

FILE = "hours.yaml"
WEEK = "值守时段"
_REST = "时限、放假和说法"
LISTS = ("holidays", "workdays")
NUMBERS = tuple(name for name, field in HoursFile.model_fields.items() if field.annotation is int)
HELP = {name: field.description or "" for name, field in HoursFile.model_fields.items()}
_FIELDS = (*(f"day-{n}" for n in range(7)), "duty", *LISTS, *NUMBERS)
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*[-~—–至到]+\s*(\d{1,2}):(\d\d)")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_WIDE = str.maketrans("：～－", ":~-")


def shown(hours: HoursFile) -> dict[str, str]:
    """Return the hours as the form shows them."""
    days = {f"day-{n}": " ".join(hours.week.get(day, ())) for n, day in enumerate(WEEKDAYS)}
    lists = {name: "\n".join(getattr(hours, name)) for name in LISTS}
    numbers = {name: str(getattr(hours, name)) for name in NUMBERS}
    return {**days, "duty": hours.duty, **lists, **numbers}


def typed(form: FormData) -> dict[str, str]:
    """Return the form's fields as they were typed."""
    return {name: field_text(form, name) for name in _FIELDS}


def edits(form: Mapping[str, str], hours: HoursFile) -> tuple[Edit, ...]:
    """Return what the form changes; what cannot be read is left as it is, for `check` to refuse."""
    week: dict[str, Value] = {}
    for n, day in enumerate(WEEKDAYS):
        spans = spans_of(form[f"day-{n}"])
        if spans != hours.week.get(day, ()):
            week[day] = spans or None
    rest: dict[str, Value] = {}
    for name in ("duty", *LISTS, *NUMBERS):
        value = _value(name, form[name])
        if value != getattr(hours, name):
            rest[name] = value
    both = (Edit(FILE, "week", WEEK, week), Edit(FILE, "", _REST, rest))
    return tuple(edit for edit in both if edit.values)


def _value(name: str, text: str) -> Value:
    text = text.strip()
    if name in LISTS:
        return tuple(map(days_of, lines_of(text)))
    if name in NUMBERS:
        return int(text) if text.isascii() and text.isdecimal() else text
    return " ".join(text.split())


def spans_of(text: str) -> tuple[str, ...]:
    """Return the spans of a day as hours.yaml has them, however people write them.

    >>> spans_of("9：00～12：00、14:00 - 17:30"), spans_of(""), spans_of("上午")
    (('09:00-12:00', '14:00-17:30'), (), ('上午',))
    """
    text = text.translate(_WIDE).strip()
    if not text:
        return ()
    found = tuple(f"{a:0>2}:{b}-{c:0>2}:{d}" for a, b, c, d in _SPAN.findall(text))
    left = _SPAN.sub("", text).strip(" 、，,；;")
    return found if found and not left else (text,)


def days_of(text: str) -> str:
    """Return one day, or one until another, as hours.yaml has it, however people write it.

    >>> days_of("2027年2月5日～2027-2-11"), days_of("2027/1/1"), days_of("春节")
    ('2027-02-05至2027-02-11', '2027-01-01', '春节')
    """
    bare = text.translate(_WIDE)
    found = [f"{year}-{month:0>2}-{day:0>2}" for year, month, day in _DATE.findall(bare)]
    left = _DATE.sub("", bare).strip(" -~—–至到")
    return "至".join(found) if found and not left and len(found) < 3 else text
