"""The figures: rates by topic and by week, replies and resolutions in time, busy hours. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from statistics import median, quantiles

from bot.hours import Calendar
from bot.model import CHONGQING, Decision
from bot.storage.figures import InquiryRow, TurnRow

_QUESTIONS = (Decision.ANSWER, Decision.SUGGEST, Decision.FALLBACK, Decision.ELSEWHERE)


@dataclass(slots=True)
class Figures:
    """What was counted for one topic, one week, or all. Rates are 0–1, None without a case."""

    questions: int = 0
    """Typed questions; taps and commands are none."""
    missed: int = 0
    """Of the questions: not understood."""
    opened: int = 0
    """Inquiries."""
    settled: int = 0
    """Of the inquiries: resolved by now."""
    settled_alone: int = 0
    """Of those: never handed to staff."""
    handed: int = 0
    answered: int = 0
    """Of the inquiries: by the bot."""
    unhelpful: int = 0
    """Of those: the parent said 没帮助."""
    ratings: int = 0
    praised: int = 0
    waits_min: list[float] = field(default_factory=list)
    """From each handing over to the first words of staff."""
    spent_min: list[float] = field(default_factory=list)
    """How long staff had each in hand that they resolved; waiting for the parent is left out."""

    @property
    def no_answer(self) -> float | None:
        return _share(self.missed, self.questions)

    @property
    def resolved(self) -> float | None:
        return _share(self.settled, self.opened)

    @property
    def resolved_alone(self) -> float | None:
        return _share(self.settled_alone, self.opened)

    @property
    def handed_over(self) -> float | None:
        return _share(self.handed, self.opened)

    @property
    def not_helped(self) -> float | None:
        return _share(self.unhelpful, self.answered)

    @property
    def helped(self) -> float | None:
        return _share(self.praised, self.ratings)

    @property
    def first_reply_min(self) -> float | None:
        return median(self.waits_min) if self.waits_min else None

    @property
    def first_reply_p90_min(self) -> float | None:
        return _ninetieth(self.waits_min)

    @property
    def resolution_min(self) -> float | None:
        return median(self.spent_min) if self.spent_min else None

    @property
    def resolution_p90_min(self) -> float | None:
        return _ninetieth(self.spent_min)

    @property
    def unreplied(self) -> int:
        """Handed over, and no words of staff yet."""
        return self.handed - len(self.waits_min)

    def add(self, other: Figures) -> None:
        """Count the other's cases too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


Cells = Mapping[tuple[date, str], Figures]
"""By a week's Monday and by topic; "" is what has none yet."""


def counted(
    turns: Iterable[TurnRow], inquiries: Iterable[InquiryRow], office: Calendar
) -> dict[tuple[date, str], Figures]:
    """Return the figures of each week and topic; an inquiry counts where it was opened.

    Minutes are working ones when the office's hours are known, else the clock's.
    """
    cells: defaultdict[tuple[date, str], Figures] = defaultdict(Figures)
    for turn in turns:
        here = cells[monday(turn.at), turn.topic or ""]
        if turn.typed and turn.decision in _QUESTIONS:
            here.questions += turn.count
            here.missed += turn.count * (turn.decision is Decision.FALLBACK)
    for inquiry in inquiries:
        here = cells[monday(inquiry.opened_at), inquiry.topic or ""]
        here.opened += 1
        here.settled += inquiry.resolved
        here.settled_alone += inquiry.resolved and not inquiry.in_hand
        here.handed += bool(inquiry.in_hand)
        here.answered += inquiry.answered
        here.unhelpful += inquiry.not_helped
        here.ratings += inquiry.ratings
        here.praised += inquiry.helped
        if inquiry.in_hand and inquiry.first_words_at is not None:
            here.waits_min.append(minutes(office, inquiry.in_hand[0][0], inquiry.first_words_at))
        if inquiry.in_hand and inquiry.resolved:
            here.spent_min.append(
                sum(minutes(office, since, until) for since, until in inquiry.in_hand if until)
            )
    return dict(cells)


def whole(cells: Cells) -> Figures:
    """Return the figures of all weeks and topics together."""
    return _sum(cells.values())


def by_topic(cells: Cells, topics: Iterable[str]) -> dict[str, Figures]:
    """Return the figures of each topic in that order; "" is what has none yet."""
    return {
        topic: _sum(each for (_, of), each in cells.items() if of == topic)
        for topic in (*topics, "")
    }


def by_week(cells: Cells) -> dict[date, Figures]:
    """Return the figures of each week by its Monday, those without anything among them."""
    weeks = sorted({week for week, _ in cells})
    if not weeks:
        return {}
    every = [weeks[0] + timedelta(weeks=n) for n in range((weeks[-1] - weeks[0]).days // 7 + 1)]
    return {week: _sum(each for (of, _), each in cells.items() if of == week) for week in every}


def busy_hours(turns: Iterable[TurnRow]) -> list[int]:
    """Return how many messages came in each hour of the district's day."""
    hours = [0] * 24
    for turn in turns:
        hours[turn.at.astimezone(CHONGQING).hour] += turn.count
    return hours


def minutes(office: Calendar, since: datetime, until: datetime) -> float:
    """Return the working minutes between two moments, or the clock's without known hours."""
    span = office.worked(since, until) if office.known else until - since
    return span.total_seconds() / 60


@lru_cache(maxsize=10_000)
def monday(at: datetime) -> date:
    """Return the Monday of the week in the district.

    >>> monday(datetime.fromisoformat("2026-05-24T16:00:00+00:00"))
    datetime.date(2026, 5, 25)
    """
    day = at.astimezone(CHONGQING).date()
    return day - timedelta(days=day.weekday())


def span(now: datetime, weeks: int) -> tuple[datetime, datetime]:
    """Return where the last weeks begin, this one among them, and a moment after now."""
    first = monday(now) - timedelta(weeks=weeks - 1)
    return datetime.combine(first, time(), CHONGQING), now + timedelta(minutes=1)


def _sum(several: Iterable[Figures]) -> Figures:
    total = Figures()
    for each in several:
        total.add(each)
    return total


def _share(hits: int, cases: int) -> float | None:
    return hits / cases if cases else None


def _ninetieth(values: list[float]) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=10, method="inclusive")[-1]
