"""The figures in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from bot.faq.value import Faq
from bot.figures import counting, table
from bot.hours import Calendar
from bot.learning.groups import Group
from bot.storage.figures import TurnRow

_BAR = 40
_TOP = 10


def show(
    counted: counting.Cells,
    turns: Sequence[TurnRow],
    titles: Mapping[str, str],
    office: Calendar,
    console: Console,
) -> None:
    """Print the figures by week and by topic, and the busiest hours."""
    weeks = counting.by_week(counted)
    if not weeks:
        console.print("这段时间还没有咨询。")
        return
    labels = list(table.columns(office).values())
    by_week = {table.week_name(week): each for week, each in weeks.items()}
    topics = counting.by_topic(counted, [topic for topic in titles if topic])
    by_topic = {titles[topic]: each for topic, each in topics.items()}
    whole = {"合计": counting.whole(counted)}
    console.print(_turned("按周", labels, {**whole, **by_week}))
    console.print(_turned("按类", labels, by_topic))
    console.print(table.counted_by(office))
    console.print(_hours(counting.busy_hours(turns)))


def show_misses(groups: Sequence[Group], faq: Faq, console: Console) -> None:
    """Print the largest groups of what was not understood and nobody has settled yet."""
    found = Table("没听懂最多的", "条数", "最像", title_justify="left")
    for group in groups[:_TOP]:
        near = [faq.entries[entry].title for entry, _ in group.votes()[:1] if entry in faq.entries]
        found.add_row(group.texts[0][0], str(len(group.signals)), "".join(near))
    console.print(found)


def _turned(title: str, labels: Sequence[str], columns: Mapping[str, counting.Figures]) -> Table:
    """Return a table with a line for each figure: terminals are narrow."""
    found = Table(title=title, title_justify="left")
    found.add_column("")
    for name in columns:
        found.add_column(name, justify="right")
    cells = [table.cells(counted) for counted in columns.values()]
    for place, label in enumerate(labels):
        found.add_row(label, *(each[place] for each in cells))
    return found


def _hours(counts: Sequence[int]) -> Table:
    found = Table("钟点", "消息", "", title="几点最忙", title_justify="left")
    most = max(*counts, 1)
    for hour, count in enumerate(counts):
        if count:
            found.add_row(f"{hour}点", str(count), "█" * max(1, round(_BAR * count / most)))
    return found
