"""Figures as rows that people and spreadsheets read. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from bot.faq.value import Faq
from bot.figures.counting import Figures, figures, monday
from bot.storage.figures import InquiryRow, TurnRow

COLUMNS: Mapping[str, str] = {
    "questions": "提问",
    "no_answer": "没听懂",
    "opened": "咨询",
    "resolved": "了结",
    "resolved_alone": "机器人独自了结",
    "handed_over": "转人工",
    "not_helped": "没帮助",
    "ratings": "评价数",
    "helped": "评价有帮助",
    "first_reply_min": "首次回复（分钟，中位）",
    "first_reply_p90_min": "首次回复（分钟，九成内）",
    "unreplied": "还没回复",
}
"""Every figure as staff call it."""

_RATES = frozenset(
    {"no_answer", "resolved", "resolved_alone", "handed_over", "not_helped", "helped"}
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cells(counted: Figures) -> list[str]:
    """Return the figures as words, in the order of COLUMNS; – without a case.

    >>> from dataclasses import replace
    >>> none = figures([], [])
    >>> cells(replace(none, no_answer=0.125, first_reply_min=7.26))[1], cells(none)[3]
    ('12.5%', '–')
    """
    return [_cell(name, getattr(counted, name)) for name in COLUMNS]


def titles(faq: Faq) -> dict[str, str]:
    """Return the name of every topic, and of none, which is ""."""
    named: dict[str, str] = {topic.topic: topic.title for topic in faq.topics}
    return {**named, "": "还没定类"}


def week_name(week: date) -> str:
    """Return a week's days.

    >>> week_name(date(2026, 5, 25))
    '5月25日–31日'
    """
    end = week + timedelta(days=6)
    last = f"{end.day}日" if end.month == week.month else f"{end.month}月{end.day}日"
    return f"{week.month}月{week.day}日–{last}"


def as_csv(
    turns: Sequence[TurnRow], inquiries: Sequence[InquiryRow], titles: Mapping[str, str]
) -> str:
    """Return one line for each week and topic, as a spreadsheet opens it.

    `titles` maps topics to their names, "" to that of no topic.
    """
    weeks = sorted({monday(t.at) for t in turns} | {monday(i.opened_at) for i in inquiries})
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["周一", "类别", *COLUMNS.values()])
    for week in weeks:
        for topic, title in titles.items():
            counted = figures(
                [t for t in turns if monday(t.at) == week and (t.topic or "") == topic],
                [i for i in inquiries if monday(i.opened_at) == week and (i.topic or "") == topic],
            )
            if counted.questions or counted.opened:
                numbers = [_number(getattr(counted, name)) for name in COLUMNS]
                write.writerow([week.isoformat(), safe(title), *numbers])
    return out.getvalue()


def misses_csv(groups: Iterable[tuple[str, int, Sequence[str]]]) -> str:
    """Return the groups of what was not understood: a sample, how many, the likeliest entries."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["一句", "条数", "最像的条目"])
    for sample, count, entries in groups:
        write.writerow([safe(sample), count, safe("、".join(entries))])
    return out.getvalue()


def safe(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula.

    >>> safe("=1+1"), safe("入学"), safe(" @SUM(A1)")
    ("'=1+1", '入学', "' @SUM(A1)")
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text[:1] in _FORMULA else text


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in _RATES:
        return f"{100 * value:.1f}%"
    return f"{value:.0f}"


def _number(value: float | None) -> str | int | float:
    if value is None:
        return ""
    return value if isinstance(value, int) else round(value, 4)
