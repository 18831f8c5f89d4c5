"""The changes that one message makes to a session and its inquiries. Pure.

A `Ledger` is made for one message and ends in one `Outcome`; the table in `bot.inquiry` decides
every move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import inquiry as statuses
from bot.model import (
    Candidate,
    Decision,
    Inquiry,
    Move,
    Outcome,
    Rating,
    Reply,
    Session,
    Status,
)


class Ledger:
    """What a handler writes its decisions into."""

    def __init__(
        self, session: Session, now: datetime, numbers: Sequence[str], come_back_days: int
    ) -> None:
        self._come_back = timedelta(days=come_back_days)
        self._session = session
        self._now = now
        self._numbers = iter(numbers)
        self._inquiries = {i.number: i for i in session.inquiries}
        self._moves: list[Move] = []
        self._current = session.current
        self._rating: Rating | None = None

    # ------------------------------------------------------------------ reading

    def get(self, number: str | None) -> Inquiry | None:
        """Return this parent's inquiry of that number; anybody else's is unknown here."""
        return self._inquiries.get(number or "")

    @property
    def current(self) -> Inquiry | None:
        return self.get(self._current)

    @property
    def unresolved(self) -> list[Inquiry]:
        """Oldest first."""
        return [i for i in self._inquiries.values() if i.status is not Status.RESOLVED]

    @property
    def owned(self) -> Inquiry | None:
        """The inquiry that a member of staff has in hand: the current one, else the newest."""
        mine = [i for i in self.unresolved if i.status in statuses.OWNED]
        if self.current in mine:
            return self.current
        return mine[-1] if mine else None

    # ------------------------------------------------------------------ writing

    def open(self, why: str, *, previous: str | None = None) -> Inquiry:
        """Open a new inquiry and make it current."""
        inquiry, move = statuses.open_inquiry(
            next(self._numbers), self._session.key, self._now, why=why, previous=previous
        )
        self._inquiries[inquiry.number] = inquiry
        self._moves.append(move)
        self._current = inquiry.number
        return inquiry

    def move(
        self, number: str, to: Status, *, who: str, why: str, owner: str | None = None
    ) -> Inquiry:
        """Move an inquiry along the table."""
        moved, record = statuses.move(
            self._inquiries[number], to, self._now, who=who, why=why, owner=owner
        )
        self._inquiries[number] = moved
        self._moves.append(record)
        return moved

    def amend(self, number: str, **changes: Any) -> Inquiry:
        """Change anything but the status; the inquiry counts as written in now."""
        changes.setdefault("touched_at", self._now)
        self._inquiries[number] = replace(self._inquiries[number], **changes)
        return self._inquiries[number]

    def focus(self, number: str | None) -> None:
        """Make an inquiry current."""
        self._current = number

    def may_come_back(self, inquiry: Inquiry) -> bool:
        """Return whether a resolved inquiry was resolved so lately that it comes back."""
        return self._now - inquiry.changed_at <= self._come_back

    def come_back(self, number: str) -> Inquiry:
        """Bring a resolved inquiry back: to its owner if it had one, else to the bot.

        One resolved too long ago stays closed; a new one that goes on from it is returned.
        """
        inquiry = self._inquiries[number]
        if not self.may_come_back(inquiry):
            return self.open("wrote again later", previous=number)
        to = Status.WITH_STAFF if inquiry.owner else Status.OPEN
        return self.move(number, to, who="parent", why="wrote again")

    def rate(self, number: str, *, helped: bool) -> None:
        """Note what the parent says of a resolved inquiry; the first time counts."""
        resolved_at = self._inquiries[number].changed_at
        self._rating = Rating(number, resolved_at, helped, self._now)

    def continued(self) -> Inquiry:
        """Return the current inquiry ready to be written in: brought back, or a new one."""
        current = self.current
        if current is None:
            return self.open("new matter")
        if current.status is Status.RESOLVED:
            current = self.come_back(current.number)
        return self.amend(current.number)

    # ------------------------------------------------------------------ the end

    def outcome(
        self,
        decision: Decision,
        replies: Sequence[Reply] = (),
        *,
        inquiry: str | None = None,
        entries: Sequence[str] = (),
        confidence: float = 0.0,
        candidates: Sequence[Candidate] = (),
        erase: bool = False,
        **session_changes: Any,
    ) -> Outcome:
        """Return what the message led to; the session offers the replies' choices unless told."""
        session_changes.setdefault("choices", tuple(c for r in replies for c in r.choices))
        session_changes.setdefault("confirming_deletion", False)
        session = replace(
            self._session,
            current=self._current,
            inquiries=tuple(self._inquiries.values()),
            **session_changes,
        )
        return Outcome(
            decision,
            session,
            tuple(replies),
            tuple(entries),
            confidence,
            tuple(candidates),
            inquiry,
            tuple(self._moves),
            self._rating,
            erase,
        )
