"""Working time against a slow count, minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.faq.schema import WEEKDAYS, HoursFile
from bot.hours import Calendar, calendar, days, described, span
from bot.model import CHONGQING

MINUTE = timedelta(minutes=1)
START = datetime(2026, 12, 28, tzinfo=CHONGQING)  # a Monday, before a turn of the year
DAYS = {"answered_days": 3, "waiting_parent_days": 7, "come_back_days": 7}
USUAL = dict.fromkeys(WEEKDAYS[:5], ("09:00-12:00", "14:00-17:30"))


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, ...]:
    """Give up to three spans of a day, in order, not touching."""
    marks = draw(st.lists(st.integers(0, 1440), max_size=6, unique=True))
    marks = sorted(marks)[: len(marks) // 2 * 2]
    return tuple(f"{clock(a)}-{clock(b)}" for a, b in zip(marks[::2], marks[1::2], strict=True))


some_days = st.lists(
    st.integers(0, 13).map(lambda n: (START + timedelta(days=n)).date().isoformat()), max_size=4
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = draw(st.dictionaries(st.sampled_from(WEEKDAYS), spans(), max_size=7))
    holidays, workdays = draw(some_days), draw(some_days)
    return calendar(
        HoursFile(week=week, holidays=tuple(holidays), workdays=tuple(workdays), **DAYS)
    )


moments = st.integers(0, 14 * 1440).map(lambda n: START + n * MINUTE)


def slowly_open(office: Calendar, at: datetime) -> bool:
    """Return whether that minute is a working one, without the code under test."""
    midnight = at.replace(hour=0, minute=0)
    hours = office.week[at.weekday()]
    if at.date() in office.workdays:
        hours = next((each for each in office.week if each), ())
    elif at.date() in office.holidays:
        hours = ()
    return any(begin <= at - midnight < end for begin, end in hours)


def slow_count(office: Calendar, since: datetime, until: datetime) -> int:
    count = 0
    while since < until:
        count += slowly_open(office, since)
        since += MINUTE
    return count


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, moments)
def test_working_time_is_every_working_minute(
    office: Calendar, one: datetime, other: datetime
) -> None:
    since, until = sorted((one, other))
    assert office.worked(since, until) == slow_count(office, since, until) * MINUTE


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, st.integers(0, 3000))
def test_the_end_of_a_working_time_is_the_first_moment_it_is_reached(
    office: Calendar, since: datetime, minutes: int
) -> None:
    wanted = minutes * MINUTE
    end = office.after(since, wanted)
    if end is None:
        assert office.worked(since, since + timedelta(days=300)) < wanted
    else:
        assert office.worked(since, end) == wanted
        if minutes:
            assert office.worked(since, end - MINUTE) == wanted - MINUTE


@settings(max_examples=150, deadline=None)
@given(calendars(), moments)
def test_it_opens_at_the_first_working_minute(office: Calendar, at: datetime) -> None:
    opens = office.opens(at)
    assert office.is_open(at) == slowly_open(office, at) == (opens == at)
    if opens is None:
        assert slow_count(office, at, at + timedelta(days=15)) == 0
    else:
        assert office.is_open(opens)
        assert office.worked(at, opens) == timedelta()


@settings(max_examples=50, deadline=None)
@given(calendars(), moments, moments, moments)
def test_working_times_add_up_in_any_zone(
    office: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    a, b, c = sorted((one, two, three))
    far = timedelta(hours=-7)
    there = [at.astimezone(timezone(far)) for at in (a, b, c)]
    assert office.worked(a, b) + office.worked(b, c) == office.worked(a, c)
    assert office.worked(there[0], there[2]) == office.worked(a, c)


def test_holidays_and_days_worked_instead() -> None:
    office = calendar(
        HoursFile(
            week=USUAL, holidays=("2026-10-01至2026-10-07",), workdays=("2026-10-10",), **DAYS
        )
    )

    def opens(written: str) -> str:
        found = office.opens(datetime.fromisoformat(f"{written}+08:00"))
        assert found is not None
        return found.strftime("%m-%d %H:%M")

    assert opens("2026-09-30T17:29") == "09-30 17:29"
    assert opens("2026-09-30T17:30") == "10-08 09:00"
    assert opens("2026-10-08T12:00") == "10-08 14:00"
    assert opens("2026-10-09T18:00") == "10-10 09:00"
    assert opens("2026-10-10T18:00") == "10-12 09:00"


def test_without_hours_nobody_knows() -> None:
    office = calendar(HoursFile(**DAYS))
    assert not office.known
    assert office.opens(START) is None
    assert office.after(START, MINUTE) is None
    assert described(HoursFile(**DAYS)) == ""
    assert described(HoursFile(week=USUAL, duty="工作日白天", **DAYS)) == "工作日白天"


@pytest.mark.parametrize("written", ["12:00-09:00", "09:00-09:00", "23:00-24:30"])
def test_hours_that_cannot_be(written: str) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        span(written)


@pytest.mark.parametrize(
    "written", ["2026-02-30", "2026-03-02至2026-03-01", "2026-01-01至2027-01-01"]
)
def test_days_that_cannot_be(written: str) -> None:
    with pytest.raises(ValueError, match=r"\d|day"):
        days(written)


def test_a_whole_day_is_open_to_its_end() -> None:
    office = calendar(HoursFile(week={"周一": ("00:00-24:00",)}, **DAYS))
    assert office.is_open(datetime(2026, 12, 28, 23, 59, tzinfo=CHONGQING))
    assert not office.is_open(datetime(2026, 12, 29, tzinfo=CHONGQING))
