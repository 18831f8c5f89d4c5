"""What staff owe an inquiry and by when: first reply, resolution, an owner who acts. Pure.

Working time counts, but for urgent ones that nobody has taken: those count by day and night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.faq.schema import HoursFile
from bot.hours import calendar
from bot.inquiry import OWNED, UNOWNED
from bot.model import Progress, Status

_RUNNING = frozenset({Status.WAITING_STAFF, Status.WITH_STAFF})
"""While staff are to act; what waits for the parent costs no time."""


class Target(StrEnum):
    """What is owed."""

    URGENT = "urgent"
    FIRST_REPLY = "first_reply"
    RESOLUTION = "resolution"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Due:
    """One thing owed, not yet done."""

    target: Target
    since: datetime
    """Since when the clock has run; names this round of it."""
    at: datetime
    """When it is too late."""
    warn_at: datetime
    """When staff are reminded."""

    def late(self, now: datetime) -> bool:
        return now >= self.at

    def soon(self, now: datetime) -> bool:
        return self.warn_at <= now < self.at


def owed(progress: Progress, hours: HoursFile) -> list[Due]:
    """Return what is owed to the parent now, the soonest first."""
    found = [
        _urgent(progress, hours),
        _first_reply(progress, hours),
        _resolution(progress, hours),
        _owner(progress, hours),
    ]
    return sorted((due for due in found if due is not None), key=lambda due: due.at)


def _urgent(progress: Progress, hours: HoursFile) -> Due | None:
    inquiry, since = progress.inquiry, progress.urgent_since
    if not inquiry.urgent or inquiry.status not in UNOWNED or since is None:
        return None
    # Given back by whoever had it, the clock starts anew.
    since = max(since, inquiry.changed_at)
    at = since + timedelta(minutes=hours.urgent_minutes)
    return Due(Target.URGENT, since, at, at)


def _first_reply(progress: Progress, hours: HoursFile) -> Due | None:
    begun = _handed_at(progress)
    if begun is None or any(at >= begun for _, at in progress.said):
        return None
    return _due(Target.FIRST_REPLY, begun, timedelta(), hours.first_reply_minutes, hours)


def _resolution(progress: Progress, hours: HoursFile) -> Due | None:
    """Return the resolution that is due, as long as it is for staff to act."""
    begun = _handed_at(progress)
    if begun is None or progress.inquiry.status not in _RUNNING:
        return None
    office, allowed = calendar(hours), timedelta(minutes=hours.resolution_minutes)
    spent, running = timedelta(), None
    for move in progress.moves:
        if move.at < begun:
            continue
        if running is not None:
            worked = office.worked(running, move.at)
            if spent + worked >= allowed:
                break
            spent += worked
        running = move.at if move.after in _RUNNING else None
    if running is None:
        return None
    due = _due(Target.RESOLUTION, running, spent, hours.resolution_minutes, hours)
    return due and Due(due.target, begun, due.at, due.warn_at)


def _owner(progress: Progress, hours: HoursFile) -> Due | None:
    inquiry = progress.inquiry
    if progress.owner_gone and inquiry.status in OWNED:
        return Due(Target.OWNER, inquiry.changed_at, inquiry.changed_at, inquiry.changed_at)
    if inquiry.status is not Status.WITH_STAFF:
        return None
    acted = [at for who, at in progress.acted if who == inquiry.owner]
    since = max([inquiry.changed_at, *acted])
    return _due(Target.OWNER, since, timedelta(), hours.owner_silent_minutes, hours)


def _due(
    target: Target, since: datetime, spent: timedelta, minutes: int, hours: HoursFile
) -> Due | None:
    """Return what is due after so many working minutes, of which some are spent already."""
    office, allowed = calendar(hours), timedelta(minutes=minutes)
    at = office.after(since, allowed - spent)
    warn_at = office.after(since, allowed * hours.warn_percent / 100 - spent)
    if at is None or warn_at is None:
        return None
    return Due(target, since, at, warn_at)


def _handed_at(progress: Progress) -> datetime | None:
    """Return since when it has been the staff's; None when it is not."""
    if progress.inquiry.status not in OWNED | {Status.WAITING_STAFF}:
        return None
    begun = None
    for move in progress.moves:
        if move.after in (Status.RESOLVED, Status.OPEN, Status.ANSWERED):
            begun = None
        elif begun is None:
            begun = move.at
    return begun
