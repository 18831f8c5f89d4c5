"""The inquiry's statuses and their legal moves: one table, and the only way to move."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.faq.schema import HoursFile
from bot.model import Inquiry, Move, Status

LEGAL: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset(
        {Status.ANSWERED, Status.WAITING_STAFF, Status.WITH_STAFF, Status.RESOLVED}
    ),
    Status.ANSWERED: frozenset(
        {Status.RESOLVED, Status.OPEN, Status.WAITING_STAFF, Status.WITH_STAFF}
    ),
    Status.WAITING_STAFF: frozenset({Status.WITH_STAFF, Status.RESOLVED}),
    Status.WITH_STAFF: frozenset({Status.WAITING_PARENT, Status.RESOLVED, Status.WAITING_STAFF}),
    Status.WAITING_PARENT: frozenset({Status.WITH_STAFF, Status.WAITING_STAFF, Status.RESOLVED}),
    Status.RESOLVED: frozenset({Status.OPEN, Status.WITH_STAFF}),
}

UNOWNED = frozenset({Status.OPEN, Status.ANSWERED, Status.WAITING_STAFF})
OWNED = frozenset({Status.WITH_STAFF, Status.WAITING_PARENT})


class IllegalMove(ValueError):
    """A programming error: a move that the table does not hold."""


def open_inquiry(
    number: str, session_key: str, now: datetime, *, why: str, previous: str | None = None
) -> tuple[Inquiry, Move]:
    """Return a new open inquiry and the record of its opening."""
    inquiry = Inquiry(
        number=number,
        session_key=session_key,
        status=Status.OPEN,
        opened_at=now,
        changed_at=now,
        touched_at=now,
        previous=previous,
    )
    return inquiry, Move(number, now, None, Status.OPEN, "parent", why)


def move(
    inquiry: Inquiry, to: Status, now: datetime, *, who: str, why: str, owner: str | None = None
) -> tuple[Inquiry, Move]:
    """Return the inquiry in its next status and the record of the move.

    A status with an owner keeps the present one unless `owner` names another; waiting_staff
    and open have none; resolved remembers who owned it. Raises IllegalMove.
    """
    if to not in LEGAL[inquiry.status]:
        raise IllegalMove(f"{inquiry.number}: {inquiry.status} -> {to}")
    next_owner = owner or inquiry.owner
    if to in UNOWNED:
        next_owner = None
    elif to in OWNED and next_owner is None:
        raise IllegalMove(f"{inquiry.number}: {to} needs an owner")
    moved = replace(inquiry, status=to, owner=next_owner, changed_at=now, touched_at=now)
    return moved, Move(inquiry.number, now, inquiry.status, to, who, why)


def settle_silence(
    inquiry: Inquiry, now: datetime, hours: HoursFile
) -> tuple[Inquiry, Move | None]:
    """Return the inquiry resolved when it has been silent for its days, else as it is."""
    days = {
        Status.ANSWERED: hours.answered_days,
        Status.WAITING_PARENT: hours.waiting_parent_days,
    }.get(inquiry.status)
    if days is None:
        return inquiry, None
    due = inquiry.touched_at + timedelta(days=days)
    if due > now:
        return inquiry, None
    return move(inquiry, Status.RESOLVED, due, who="clock", why="silence")
