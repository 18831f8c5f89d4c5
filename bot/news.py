"""What staff are told of without asking, once each: by every messenger the same. Pure.

A piece of news has a name, so that it is told once however often it is found; it holds no word
of a parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.inquiry import UNOWNED
from bot.model import Inquiry, Progress, Status
from bot.targets import Due, Target


class NewsKind(StrEnum):
    """What happened."""

    WAITS = "waits"
    """Somebody has to take it."""
    URGENT = "urgent"
    """Somebody has to take it, now."""
    UNTAKEN = "untaken"
    """Urgent, and nobody has taken it in time."""
    SOON = "soon"
    """A target is near."""
    LATE = "late"
    """A target was missed."""
    LOST = "lost"
    """Its owner was silent for too long; it waits for staff again."""
    WROTE = "wrote"
    """The parent wrote to an owner who has not been there for a while."""


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news."""

    name: str
    """Unique: the same news again is the same."""
    kind: NewsKind
    number: str
    at: datetime
    owner: str | None = None
    """Whom it is for, when it has an owner; else everybody."""
    target: Target | None = None


TO_TAKE = frozenset({NewsKind.WAITS, NewsKind.URGENT, NewsKind.UNTAKEN, NewsKind.LOST})
"""News that call for somebody to take the inquiry."""
ALARMING = frozenset({NewsKind.URGENT, NewsKind.UNTAKEN})
FOR_EVERYBODY = TO_TAKE | {NewsKind.LATE}
"""News that concern more than the owner."""

AWAY_AFTER = timedelta(minutes=10)
"""An owner who neither acts on an inquiry nor looks at it for so long is not at it."""

HEADLINE = {
    NewsKind.WAITS: "有咨询要人接手",
    NewsKind.URGENT: "有紧急咨询要人接手",
    NewsKind.UNTAKEN: "紧急咨询还没有人接手",
    NewsKind.SOON: "快到时限",
    NewsKind.LATE: "已经超时",
    NewsKind.LOST: "负责人太久没有动静，退回队列",
    NewsKind.WROTE: "家长又来话了，负责人还没看",
}
TARGET = {
    Target.URGENT: "接手",
    Target.FIRST_REPLY: "第一次回复",
    Target.RESOLUTION: "了结",
    Target.OWNER: "负责人回话",
}


def is_to_be_taken(inquiry: Inquiry) -> bool:
    """Return whether somebody of the staff has to take it: handed over, or urgent and unowned."""
    return inquiry.status is Status.WAITING_STAFF or (inquiry.urgent and inquiry.status in UNOWNED)


def stands(news: News, inquiry: Inquiry) -> bool:
    """Return whether the news still holds, as the inquiry stands now."""
    if news.kind in (NewsKind.WAITS, NewsKind.URGENT):
        return any(each.name == news.name for each in of_waiting([inquiry], news.at))
    if news.kind in TO_TAKE:
        return is_to_be_taken(inquiry) and news.at >= inquiry.changed_at
    return inquiry.status in (Status.WAITING_STAFF, Status.WITH_STAFF) and (
        news.owner == inquiry.owner
    )


def headline(news: News) -> str:
    """Return what happened, in words."""
    what = f"：{TARGET[news.target]}" if news.target and news.target is not Target.URGENT else ""
    return f"{HEADLINE[news.kind]}{what}"


def said(news: News, inquiry: Inquiry, titles: Mapping[str, str]) -> str:
    """Return the news in a line, without anything the parent said."""
    urgent = "【紧急】" if inquiry.urgent else ""
    owner = f"（{inquiry.owner}）" if news.kind not in TO_TAKE and inquiry.owner else ""
    topic = titles.get(inquiry.topic or "", "未定主题")
    return f"{urgent}{inquiry.number}号 {topic}：{headline(news)}{owner}"


def of_waiting(inquiries: Iterable[Inquiry], now: datetime) -> list[News]:
    """Return who waits to be taken; each time an inquiry comes to wait is news of its own."""
    return [
        News(
            f"waits.{inquiry.number}.{_stamp(inquiry.changed_at)}.{int(inquiry.urgent)}",
            NewsKind.URGENT if inquiry.urgent else NewsKind.WAITS,
            inquiry.number,
            now,
        )
        for inquiry in inquiries
        if is_to_be_taken(inquiry)
    ]


def of_due(inquiry: Inquiry, due: Due, now: datetime) -> News | None:
    """Return what there is to be said of something owed, if anything yet.

    Urgent ones that nobody takes are told of again: after once, twice, four times … the time.
    """
    name = f"{due.target}.{inquiry.number}.{_stamp(due.since)}"
    if due.late(now):
        if due.target is Target.URGENT:
            times = int((now - due.since) / (due.at - due.since)).bit_length()
            name = f"{NewsKind.UNTAKEN}.{name}.{times}"
            return News(name, NewsKind.UNTAKEN, inquiry.number, now, None, due.target)
        name = f"{NewsKind.LATE}.{name}"
        return News(name, NewsKind.LATE, inquiry.number, now, inquiry.owner, due.target)
    if due.soon(now):
        name = f"{NewsKind.SOON}.{name}"
        return News(name, NewsKind.SOON, inquiry.number, now, inquiry.owner, due.target)
    return None


def of_parent(progress: Progress, now: datetime) -> News | None:
    """Return that the parent wrote to an owner who is not at it; once for each time away."""
    inquiry, wrote_at = progress.inquiry, progress.parent_wrote_at
    if inquiry.status is not Status.WITH_STAFF or wrote_at is None:
        return None
    acted = [at for who, at in progress.acted if who == inquiry.owner]
    moved = [move.at for move in progress.moves if move.who == inquiry.owner]
    looked = [progress.looked_at] if progress.looked_at else []
    there_at = max([*acted, *moved, *looked], default=inquiry.opened_at)
    if wrote_at <= there_at or now - there_at < AWAY_AFTER:
        return None
    name = f"{NewsKind.WROTE}.{inquiry.number}.{_stamp(there_at)}"
    return News(name, NewsKind.WROTE, inquiry.number, now, inquiry.owner)


def of_lost(inquiry: Inquiry, now: datetime) -> News:
    """Return that the inquiry was taken from a silent owner."""
    name = f"{NewsKind.LOST}.{inquiry.number}.{_stamp(inquiry.changed_at)}"
    return News(name, NewsKind.LOST, inquiry.number, now)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
