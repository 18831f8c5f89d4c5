"""The figures: rates by topic and by week, first replies, busy hours. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from statistics import median, quantiles
from typing import TypeVar

from bot.model import Decision, Status
from bot.storage.figures import InquiryRow, TurnRow

_T = TypeVar("_T")

DISTRICT = timezone(timedelta(hours=8))
_QUESTIONS = (Decision.ANSWER, Decision.SUGGEST, Decision.FALLBACK, Decision.ELSEWHERE)
_HANDED = (Status.WAITING_STAFF, Status.WITH_STAFF, Status.WAITING_PARENT)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted for one topic, one week, or all. Rates are 0–1, None without a case."""

    questions: int
    """Typed questions; taps and commands are none."""
    no_answer: float | None
    """Of the questions: not understood."""
    opened: int
    """Inquiries."""
    resolved: float | None
    """Of the inquiries: settled by now."""
    resolved_alone: float | None
    """Of the inquiries: settled, and never handed to staff."""
    handed_over: float | None
    """Of the inquiries."""
    not_helped: float | None
    """Of the inquiries answered: the parent said 没帮助."""
    ratings: int
    helped: float | None
    """Of the ratings."""
    first_reply_min: float | None
    """Median minutes, by the clock, from the handing over to the first words of staff."""
    first_reply_p90_min: float | None
    unreplied: int
    """Handed over, and no words of staff yet."""


def figures(turns: Sequence[TurnRow], inquiries: Sequence[InquiryRow]) -> Figures:
    """Return the figures of these messages and inquiries."""
    questions = [t for t in turns if t.typed and t.decision in _QUESTIONS]
    handed = [i for i in inquiries if _handed_over_at(i)]
    answered = [i for i in inquiries if any(m.after is Status.ANSWERED for m in i.moves)]
    resolved = [i for i in inquiries if i.status is Status.RESOLVED]
    ratings = [helped for i in inquiries for helped in i.ratings]
    waits = [wait for i in handed if (wait := first_reply_minutes(i)) is not None]
    return Figures(
        questions=len(questions),
        no_answer=_rate(questions, lambda t: t.decision is Decision.FALLBACK),
        opened=len(inquiries),
        resolved=_rate(inquiries, lambda i: i.status is Status.RESOLVED),
        resolved_alone=_share(sum(_handed_over_at(i) is None for i in resolved), len(inquiries)),
        handed_over=_share(len(handed), len(inquiries)),
        not_helped=_rate(answered, lambda i: any(m.why == "not helped" for m in i.moves)),
        ratings=len(ratings),
        helped=_share(sum(ratings), len(ratings)),
        first_reply_min=median(waits) if waits else None,
        first_reply_p90_min=_ninetieth(waits),
        unreplied=len(handed) - len(waits),
    )


def by_topic(
    turns: Sequence[TurnRow], inquiries: Sequence[InquiryRow], topics: Iterable[str]
) -> dict[str, Figures]:
    """Return the figures of each topic in that order; "" is what has none yet."""
    return {
        topic: figures(
            [t for t in turns if (t.topic or "") == topic],
            [i for i in inquiries if (i.topic or "") == topic],
        )
        for topic in (*topics, "")
    }


def by_week(turns: Sequence[TurnRow], inquiries: Sequence[InquiryRow]) -> dict[date, Figures]:
    """Return the figures of each week by its Monday; an inquiry counts where it was opened."""
    weeks = sorted({monday(t.at) for t in turns} | {monday(i.opened_at) for i in inquiries})
    if not weeks:
        return {}
    every = [weeks[0] + timedelta(weeks=n) for n in range((weeks[-1] - weeks[0]).days // 7 + 1)]
    return {
        week: figures(
            [t for t in turns if monday(t.at) == week],
            [i for i in inquiries if monday(i.opened_at) == week],
        )
        for week in every
    }


def busy_hours(turns: Iterable[TurnRow]) -> list[int]:
    """Return how many messages came in each hour of the district's day."""
    counted = Counter(turn.at.astimezone(DISTRICT).hour for turn in turns)
    return [counted[hour] for hour in range(24)]


def first_reply_minutes(inquiry: InquiryRow) -> float | None:
    """Return the minutes from the handing over to the first words of staff after it."""
    since = _handed_over_at(inquiry)
    replies = [at for at in inquiry.staff_wrote_at if since is not None and at >= since]
    if since is None or not replies:
        return None
    return (min(replies) - since).total_seconds() / 60


def monday(at: datetime) -> date:
    """Return the Monday of the week in the district.

    >>> monday(datetime.fromisoformat("2026-05-24T16:00:00+00:00"))
    datetime.date(2026, 5, 25)
    """
    day = at.astimezone(DISTRICT).date()
    return day - timedelta(days=day.weekday())


def span(now: datetime, weeks: int) -> tuple[datetime, datetime]:
    """Return where the last weeks begin, this one among them, and a moment after now."""
    first = monday(now) - timedelta(weeks=weeks - 1)
    return datetime.combine(first, time(), DISTRICT), now + timedelta(minutes=1)


def _handed_over_at(inquiry: InquiryRow) -> datetime | None:
    return next((move.at for move in inquiry.moves if move.after in _HANDED), None)


def _rate(cases: Sequence[_T], hit: Callable[[_T], bool]) -> float | None:
    return _share(sum(map(hit, cases)), len(cases))


def _share(hits: int, cases: int) -> float | None:
    return hits / cases if cases else None


def _ninetieth(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=10, method="inclusive")[-1]
