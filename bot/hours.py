"""When the office is open, and working time between two moments. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby

from bot.faq.schema import WEEKDAYS, HoursFile
from bot.model import CHONGQING

_FARTHEST = timedelta(days=400)
"""An office that does not open within this does not open."""
_DAY = timedelta(days=1)

Span = tuple[timedelta, timedelta]
"""From when until when, counted from midnight; the end is outside."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of every day; all times may be in any zone, the office's is Chongqing's."""

    week: tuple[tuple[Span, ...], ...]
    """Monday to Sunday; each day's spans in order, not touching each other."""
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    """Days of rest on which people work instead of others (调休), with the hours of
    the first day of the week that has any."""

    @property
    def known(self) -> bool:
        """Whether anybody has said when the office is open."""
        return any(self.week)

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Give from when until when the office is open on a day."""
        spans = self.week[day.weekday()]
        if day in self.workdays:
            spans = next((each for each in self.week if each), ())
        elif day in self.holidays:
            spans = ()
        midnight = datetime.combine(day, time(), CHONGQING)
        for begin, end in spans:
            yield midnight + begin, midnight + end

    def is_open(self, at: datetime) -> bool:
        """Return whether the office is open at that moment."""
        day = at.astimezone(CHONGQING).date()
        return any(begin <= at < end for begin, end in self.spans(day))

    def opens(self, at: datetime) -> datetime | None:
        """Return when the office is open next: that moment itself when it is open."""
        return next((max(begin, at) for begin, _ in self._open_from(at)), None)

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """Return the working time between two moments."""
        total = timedelta()
        for begin, end in self._open_from(since, until):
            total += min(end, until) - max(begin, since)
        return total

    def after(self, since: datetime, span: timedelta) -> datetime | None:
        """Return when that much working time has passed; None when it never will."""
        if span <= timedelta():
            return since
        for begin, end in self._open_from(since, since + _FARTHEST + span * 20):
            begin = max(begin, since)
            if end - begin >= span:
                return begin + span
            span -= end - begin
        return None

    def _open_from(
        self, since: datetime, until: datetime | None = None
    ) -> Iterator[tuple[datetime, datetime]]:
        """Give the spans that end after one moment and begin before the other."""
        until = until or since + _FARTHEST
        day = since.astimezone(CHONGQING).date()
        while day <= until.astimezone(CHONGQING).date():
            for begin, end in self.spans(day):
                if end > since and begin < until:
                    yield begin, end
            day += _DAY


def calendar(hours: HoursFile) -> Calendar:
    """Return the calendar that hours.yaml describes."""
    week = tuple(hours.week.get(day, ()) for day in WEEKDAYS)
    return _calendar(week, hours.holidays, hours.workdays)


@lru_cache(maxsize=8)
def _calendar(
    week: tuple[tuple[str, ...], ...], holidays: tuple[str, ...], workdays: tuple[str, ...]
) -> Calendar:
    return Calendar(
        tuple(tuple(map(span, of_day)) for of_day in week),
        frozenset(day for each in holidays for day in days(each)),
        frozenset(day for each in workdays for day in days(each)),
    )


def span(written: str) -> Span:
    """Return a span as written; raises ValueError on a time there is not.

    >>> span("09:00-12:30")
    (datetime.timedelta(seconds=32400), datetime.timedelta(seconds=45000))
    """
    begin, end = (
        timedelta(hours=int(hour), minutes=int(minute))
        for hour, _, minute in (part.partition(":") for part in written.split("-"))
    )
    if not begin < end <= _DAY:
        raise ValueError(written)
    return begin, end


def days(written: str) -> list[date]:
    """Return the days as written, one or from one to another; raises ValueError.

    >>> len(days("2027-02-27至2027-03-02")), days("2027-02-27")
    (4, [datetime.date(2027, 2, 27)])
    """
    first, _, last = written.partition("至")
    begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
    if not timedelta() <= end - begin < timedelta(days=60):
        raise ValueError(written)
    return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]


def described(hours: HoursFile) -> str:
    """Return when the office is open as parents read it: as staff wrote it, else of the week.

    >>> week = {day: ("09:00-12:00", "14:00-17:30") for day in WEEKDAYS[:5]}
    >>> at = {"answered_days": 3, "waiting_parent_days": 7, "come_back_days": 7}
    >>> described(HoursFile(week={**week, "周六": ("09:30-12:00",)}, **at))
    '周一至周五9:00-12:00、14:00-17:30，周六9:30-12:00'
    """
    if hours.duty:
        return hours.duty
    parts = []
    of_days = [(day, hours.week.get(day, ())) for day in WEEKDAYS]
    for spans, same in groupby(of_days, key=lambda pair: pair[1]):
        names = [day for day, _ in same]
        if spans:
            called = names[0] if len(names) == 1 else f"{names[0]}至{names[-1]}"
            parts.append(called + "、".join(_short(each) for each in spans))
    return "，".join(parts)


def _short(written: str) -> str:
    return "-".join(part.removeprefix("0") for part in written.split("-"))
