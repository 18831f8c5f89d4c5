"""Figures counted from what real conversations leave in a real store."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from rich.console import Console

from bot.faq.schema import WEEKDAYS, HoursFile
from bot.figures import counting, table, terminal
from bot.figures.counting import Cells, Figures
from bot.hours import Calendar, calendar
from bot.model import Decision
from bot.storage import figures as stored
from bot.storage.figures import InquiryRow, TurnRow
from tests.desk import Talk, open_talk

QUESTION = "校服必须买吗，质量和价格谁管？"
MONDAY = "2026-05-18"
BY_THE_CLOCK = Calendar(week=())
TITLES = {"general": "学校日常", "enrollment": "入学", "": "还没定类"}


@dataclass(frozen=True)
class Stored:
    """What a desk left behind, counted by its hours."""

    turns: list[TurnRow]
    inquiries: list[InquiryRow]
    office: Calendar

    @property
    def cells(self) -> Cells:
        return counting.counted(self.turns, self.inquiries, self.office)

    @property
    def whole(self) -> Figures:
        return counting.whole(self.cells)


async def left_behind(talk: Talk, office: Calendar) -> Stored:
    since = datetime.fromisoformat("2026-05-11T00:00:00+08:00")
    database, until = talk.desk.store.database, since + timedelta(weeks=8)
    return Stored(
        await stored.turns(database, since, until),
        await stored.inquiries(database, since, until),
        office,
    )


@pytest.fixture
async def counted() -> Stored:
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
        return await left_behind(talk, BY_THE_CLOCK)


def test_the_figures_are_what_happened(counted: Stored) -> None:
    whole = counted.whole
    assert (whole.questions, whole.opened, whole.unreplied) == (5, 6, 1)
    assert whole.no_answer == pytest.approx(1 / 5)
    assert whole.handed_over == pytest.approx(3 / 6)
    assert whole.resolved == pytest.approx(2 / 6)
    assert whole.resolved_alone == pytest.approx(1 / 6)
    assert whole.not_helped == pytest.approx(1 / 4)
    assert whole.first_reply_min == pytest.approx(20)
    assert whole.first_reply_p90_min == pytest.approx(28)
    assert whole.resolution_min == pytest.approx(60)


def test_weeks_begin_on_monday_in_the_district(counted: Stored) -> None:
    weeks = counting.by_week(counted.cells)
    assert [(week, each.opened) for week, each in weeks.items()] == [
        (date(2026, 5, 18), 5),
        (date(2026, 5, 25), 1),
    ]
    topics = counting.by_topic(counted.cells, ["enrollment", "general"])
    assert {topic: each.opened for topic, each in topics.items()} == {
        "enrollment": 0,
        "general": 4,
        "": 2,
    }
    assert sum(each.questions for each in topics.values()) == 5
    hours = counting.busy_hours(counted.turns)
    assert (hours[9], hours[14], hours[16], hours[0]) == (4, 4, 1, 1)


def test_a_week_without_anything_is_shown_as_such() -> None:
    at = datetime.fromisoformat("2026-05-20T10:00:00+08:00")
    rows = [
        TurnRow(when, Decision.ANSWER, "general", True) for when in (at, at + timedelta(weeks=2))
    ]
    weeks = counting.by_week(counting.counted(rows, [], BY_THE_CLOCK))
    assert [each.questions for each in weeks.values()] == [1, 0, 1]
    assert [each.no_answer for each in weeks.values()] == [0, None, 0]


# ------------------------------------------------------------------------------ working minutes

# 2026-06-19 is a Friday; here it is a holiday, and the Sunday after it is worked instead.
OVER_A_HOLIDAY = calendar(
    HoursFile(
        answered_days=3,
        waiting_parent_days=7,
        come_back_days=7,
        week=dict.fromkeys(WEEKDAYS[:5], ("09:00-12:00", "14:00-17:30")),
        holidays=("2026-06-19",),
        workdays=("2026-06-21",),
    )
)


@pytest.mark.parametrize(
    ("handed_at", "replied_at", "working", "by_the_clock"),
    [
        ("06-18T10:00", "06-18T10:20", 20, 20),
        # over lunch, and from the evening before
        ("06-17T11:50", "06-17T14:10", 20, 140),
        ("06-17T20:00", "06-18T09:15", 15, 795),
        # Thursday evening; Friday is off, Saturday too, Sunday is worked
        ("06-18T17:00", "06-21T09:30", 60, 3870),
        # an ordinary weekend
        ("06-26T17:00", "06-29T09:30", 60, 3870),
        # on the holiday itself: not a minute until the office opens
        ("06-19T10:00", "06-19T10:30", 0, 30),
    ],
)
async def test_replies_and_resolutions_are_counted_in_working_minutes(
    handed_at: str, replied_at: str, working: int, by_the_clock: int
) -> None:
    async with open_talk() as talk:
        await talk.say("转人工", at=f"2026-{handed_at}:00+08:00")
        await talk.act("王老师", "reply", "可以。", at=f"2026-{replied_at}:00+08:00")
        await talk.act("王老师", "resolve", at=f"2026-{replied_at}:00+08:00")
        told = await left_behind(talk, OVER_A_HOLIDAY)
    assert told.whole.first_reply_min == told.whole.resolution_min == working
    usual = replace(told, office=BY_THE_CLOCK).whole
    assert usual.first_reply_min == usual.resolution_min == by_the_clock


async def test_waiting_for_the_parent_is_no_time_of_the_staff() -> None:
    async with open_talk() as talk:
        await talk.say("转人工", at="2026-06-17T10:00:00+08:00")
        await talk.act("王老师", "ask_parent", "哪个学校？", at="2026-06-17T10:10:00+08:00")
        await talk.say("谢家湾", at="2026-06-18T14:00:00+08:00")
        await talk.act("王老师", "resolve", "好的。", at="2026-06-18T14:05:00+08:00")
        told = await left_behind(talk, OVER_A_HOLIDAY)
        assert (told.whole.first_reply_min, told.whole.resolution_min) == (10, 15)
        # brought back, it goes on counting; until it is resolved again it is no case
        await talk.say("没帮助", at="2026-06-18T15:00:00+08:00")
        assert (await left_behind(talk, OVER_A_HOLIDAY)).whole.resolution_min is None
        await talk.act("王老师", "resolve", "补办了。", at="2026-06-18T15:30:00+08:00")
        assert (await left_behind(talk, OVER_A_HOLIDAY)).whole.resolution_min == 45


def test_every_table_says_which_minutes_it_counts(counted: Stored) -> None:
    for office, minutes in (
        (OVER_A_HOLIDAY, "（工作分钟，中位）"),
        (BY_THE_CLOCK, "（分钟，中位）"),
    ):
        head = table.as_csv(counted.cells, TITLES, office).splitlines()[0]
        assert f"首次回复{minutes}" in head
        assert f"人工办结{minutes}" in head
        shown = in_the_terminal(counted, office).replace("\n", "")
        assert f"首次回复{minutes}" in shown
        assert ("值守时段里的分钟" in shown) == office.known
        assert ("按钟表时间" in shown) != office.known


def test_the_file_opens_in_a_spreadsheet_without_running_anything(counted: Stored) -> None:
    titles = {**TITLES, "general": "=HYPERLINK(1)"}
    text = table.as_csv(counted.cells, titles, BY_THE_CLOCK)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["周一"], row["类别"], row["咨询"]) for row in rows] == [
        ("2026-05-18", "'=HYPERLINK(1)", "4"),
        ("2026-05-18", "还没定类", "1"),
        ("2026-05-25", "还没定类", "1"),
    ]
    misses = table.misses_csv([("+86 怎么打\r\n-1", 2, ["@甲"]), ("\t=1", 1, [])])
    cells = [cell for row in csv.reader(io.StringIO(misses)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def in_the_terminal(counted: Stored, office: Calendar) -> str:
    console = Console(width=100, record=True, file=io.StringIO())
    terminal.show(counted.cells, counted.turns, TITLES, office, console)
    return console.export_text()


def test_the_terminal_shows_them(counted: Stored) -> None:
    shown = in_the_terminal(counted, BY_THE_CLOCK)
    for words in ("5月18日–24日", "学校日常", "转人工", "50.0%", "14点"):
        assert words in shown
    assert "还没有咨询" in in_the_terminal(Stored([], [], BY_THE_CLOCK), BY_THE_CLOCK)
