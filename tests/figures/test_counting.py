"""Figures counted from what real conversations leave in a real store."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from desk import open_talk
from rich.console import Console

from bot.figures import counting, table, terminal
from bot.storage import figures as stored
from bot.storage.figures import InquiryRow, TurnRow

QUESTION = "校服必须买吗，质量和价格谁管？"
MONDAY = "2026-05-18"
TITLES = {"general": "学校日常", "enrollment": "入学", "": "还没定类"}


@pytest.fixture
async def counted() -> tuple[list[TurnRow], list[InquiryRow]]:
    """Two weeks: in the first, five parents; in the second one of them once more."""
    async with open_talk() as talk:
        at = f"{MONDAY}T09:00:00+08:00"
        await talk.say(QUESTION, session="helped", at=at)
        await talk.say("有帮助", session="helped", at=at)
        await talk.say(QUESTION, session="not", at=f"{MONDAY}T09:30:00+08:00")
        await talk.say("没帮助", session="not", at=f"{MONDAY}T09:31:00+08:00")
        for session, answered_at in (("s1", "14:10"), ("s2", "14:30")):
            await talk.say(QUESTION, session=session, at=f"{MONDAY}T14:00:00+08:00")
            await talk.say("转人工", session=session, at=f"{MONDAY}T14:00:00+08:00")
            done = f"{MONDAY}T{answered_at}:00+08:00"
            await talk.act("王老师", "take", inquiry=session, at=f"{MONDAY}T14:05:00+08:00")
            await talk.act("王老师", "reply", "可以。", inquiry=session, at=done)
        await talk.act("王老师", "resolve", inquiry="s1", at=f"{MONDAY}T15:00:00+08:00")
        await talk.say("转人工", session="waits", at=f"{MONDAY}T16:00:00+08:00")
        await talk.say("钢琴上的算盘怎么飞", session="new", at="2026-05-25T00:30:00+08:00")
        since = datetime.fromisoformat("2026-05-11T00:00:00+08:00")
        span = (since, since + timedelta(weeks=4))
        database = talk.desk.store.database
        return await stored.turns(database, *span), await stored.inquiries(database, *span)


async def test_the_figures_are_what_happened(
    counted: tuple[list[TurnRow], list[InquiryRow]],
) -> None:
    whole = counting.figures(*counted)
    assert (whole.questions, whole.opened, whole.unreplied) == (5, 6, 1)
    assert whole.no_answer == pytest.approx(1 / 5)
    assert whole.handed_over == pytest.approx(3 / 6)
    assert whole.resolved == pytest.approx(2 / 6)
    assert whole.resolved_alone == pytest.approx(1 / 6)
    assert whole.not_helped == pytest.approx(1 / 4)
    assert whole.first_reply_min == pytest.approx(20)
    assert whole.first_reply_p90_min == pytest.approx(28)


async def test_weeks_begin_on_monday_in_the_district(
    counted: tuple[list[TurnRow], list[InquiryRow]],
) -> None:
    weeks = counting.by_week(*counted)
    assert [(week, each.opened) for week, each in weeks.items()] == [
        (date(2026, 5, 18), 5),
        (date(2026, 5, 25), 1),
    ]
    topics = counting.by_topic(*counted, ["enrollment", "general"])
    assert {topic: each.opened for topic, each in topics.items()} == {
        "enrollment": 0,
        "general": 4,
        "": 2,
    }
    assert sum(each.questions for each in topics.values()) == 5
    hours = counting.busy_hours(counted[0])
    assert (hours[9], hours[14], hours[16], hours[0]) == (4, 4, 1, 1)


async def test_a_week_without_anything_is_shown_as_such() -> None:
    at = datetime.fromisoformat("2026-05-20T10:00:00+08:00")
    first, last = (
        TurnRow(when, stored.Decision.ANSWER, "general", True)
        for when in (at, at + timedelta(weeks=2))
    )
    weeks = counting.by_week([first, last], [])
    assert [each.questions for each in weeks.values()] == [1, 0, 1]
    assert [each.no_answer for each in weeks.values()] == [0, None, 0]


async def test_the_file_opens_in_a_spreadsheet_without_running_anything(
    counted: tuple[list[TurnRow], list[InquiryRow]],
) -> None:
    titles = {**TITLES, "general": "=HYPERLINK(1)"}
    rows = list(csv.DictReader(io.StringIO(table.as_csv(*counted, titles))))
    assert [(row["周一"], row["类别"], row["咨询"]) for row in rows] == [
        ("2026-05-18", "'=HYPERLINK(1)", "4"),
        ("2026-05-18", "还没定类", "1"),
        ("2026-05-25", "还没定类", "1"),
    ]
    misses = table.misses_csv([("+86 怎么打\r\n-1", 2, ["@甲"]), ("\t=1", 1, [])])
    cells = [cell for row in csv.reader(io.StringIO(misses)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


async def test_the_terminal_shows_them(counted: tuple[list[TurnRow], list[InquiryRow]]) -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    terminal.show(*counted, TITLES, console)
    shown = console.export_text()
    for words in ("5月18日–24日", "学校日常", "转人工", "50.0%", "14点"):
        assert words in shown
    terminal.show([], [], TITLES, console)
    assert "还没有咨询" in console.export_text()
