"""Figures as rows that people and spreadsheets read. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from bot.faq.value import Faq
from bot.figures.counting import Cells, Figures
from bot.hours import Calendar

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
    "first_reply_min": "首次回复（{minutes}，中位）",
    "first_reply_p90_min": "首次回复（{minutes}，九成内）",
    "unreplied": "还没回复",
    "resolution_min": "人工办结（{minutes}，中位）",
    "resolution_p90_min": "人工办结（{minutes}，九成内）",
}
"""Every figure as staff call it; `columns` says which minutes."""

_COUNTED = (
    "首次回复从转人工算到工作人员第一次写话；人工办结算在工作人员手上的时间，等家长回话的不算。"
)
_WORKING = "都只数值守时段里的分钟。"
_BY_THE_CLOCK = "还没有写值守时段，按钟表时间算，下班和放假也在内。"

_RATES = frozenset(
    {"no_answer", "resolved", "resolved_alone", "handed_over", "not_helped", "helped"}
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def columns(office: Calendar) -> dict[str, str]:
    """Return every figure's label: minutes are working ones when the hours are known.

    >>> columns(Calendar(week=()))["resolution_min"]
    '人工办结（分钟，中位）'
    """
    minutes = "工作分钟" if office.known else "分钟"
    return {name: label.format(minutes=minutes) for name, label in COLUMNS.items()}


def counted_by(office: Calendar) -> str:
    """Return in a sentence what the minutes are."""
    return _COUNTED + (_WORKING if office.known else _BY_THE_CLOCK)


def cells(counted: Figures) -> list[str]:
    """Return the figures as words, in the order of COLUMNS; – without a case.

    >>> cells(Figures(questions=8, missed=1))[1], cells(Figures())[3]
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


def as_csv(counted: Cells, titles: Mapping[str, str], office: Calendar) -> str:
    """Return one line for each week and topic, as a spreadsheet opens it.

    `titles` maps topics to their names, "" to that of no topic.
    """
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["周一", "类别", *columns(office).values()])
    for week in sorted({week for week, _ in counted}):
        for topic, title in titles.items():
            here = counted.get((week, topic))
            if here is not None and (here.questions or here.opened):
                numbers = [_number(getattr(here, name)) for name in COLUMNS]
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
