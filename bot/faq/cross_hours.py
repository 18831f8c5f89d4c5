"""The office's hours in hours.yaml: times and days that exist, and do not gainsay each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.faq.folder import Folder
from bot.faq.problem import Problem
from bot.hours import days, span


def hours(files: Folder) -> Iterator[Problem]:
    """Report hours that overlap, and days that are not in the calendar or named twice."""
    source = files.hours
    if source.model is None:
        return
    for weekday, spans in source.model.week.items():
        last = None
        for place, written in enumerate(spans):
            try:
                begin, end = span(written)
            except ValueError:
                what = f"{weekday}的时段 {written} 不对：结束要晚于开始，最晚到 24:00"
                yield source.problem(("week", weekday, place), what, '写成 "09:00-12:00"')
                break
            if last is not None and begin <= last:
                what = f"{weekday}的时段 {written} 和前一段连着或重叠"
                yield source.problem(("week", weekday, place), what, "按先后写，连着的并成一段")
            last = end
    seen: dict[date, str] = {}
    for name in ("holidays", "workdays"):
        for place, written in enumerate(getattr(source.model, name)):
            try:
                named = days(written)
            except ValueError:
                what = f"{written} 不是日历上的日子，或者一段超过60天、前后颠倒"
                yield source.problem((name, place), what, "改成日历上有的日期，早的写在前面")
                continue
            for day in named:
                if day in seen:
                    what = f"{day} 在 {seen[day]} 里已经写过"
                    yield source.problem((name, place), what, "一天只写一次：放假，或者上班")
                    break
                seen[day] = name


def this_year(files: Folder, today: date) -> Iterator[Problem]:
    """Remind of a year whose holidays nobody has written down."""
    source = files.hours
    if source.model is None or not source.model.week:
        return
    if not any(written.startswith(str(today.year)) for written in source.model.holidays):
        yield source.problem(
            ("holidays",),
            f"还没有{today.year}年的放假和调休安排，法定假日会当成平常的日子",
            "照国务院办公厅公布的通知填 holidays 和 workdays；没公布的不要猜",
            "warning",
        )
