"""Which inquiries a list shows, in what order, and what may be done to one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.inquiry import OWNED, UNOWNED
from bot.model import Act, Inquiry, Status
from bot.news import is_to_be_taken
from bot.storage.records import QueueItem


class Show(StrEnum):
    """The lists of the queue page, in the order of their tabs."""

    WAITING = "waiting"
    MINE = "mine"
    PARENT = "parent"
    ALL = "all"
    RESOLVED = "resolved"


_RANK = {
    Status.WAITING_STAFF: 0,
    Status.WITH_STAFF: 1,
    Status.WAITING_PARENT: 2,
    Status.OPEN: 3,
    Status.ANSWERED: 4,
    Status.RESOLVED: 5,
}


def belongs(inquiry: Inquiry, show: Show, who: str) -> bool:
    """Return whether the inquiry stands in that list of that member of staff."""
    match show:
        case Show.WAITING:
            return is_to_be_taken(inquiry)
        case Show.MINE:
            return inquiry.owner == who and inquiry.status in OWNED
        case Show.PARENT:
            return inquiry.status is Status.WAITING_PARENT
        case Show.ALL:
            return True
        case Show.RESOLVED:
            return inquiry.status is Status.RESOLVED


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a list is narrowed down to; empty is everything."""

    topic: str = ""
    """A topic's id, or `none` for those that have none yet."""
    owner: str = ""
    """A name, or `none`."""
    urgent: bool = False
    late: bool = False

    @property
    def given(self) -> bool:
        return self != Narrow()

    def fits(self, inquiry: Inquiry, late: Collection[str]) -> bool:
        """Return whether the inquiry belongs there; `late` are the numbers that missed a target."""
        return (
            self.topic in ("", inquiry.topic or "none")
            and self.owner in ("", inquiry.owner or "none")
            and (inquiry.urgent or not self.urgent)
            and (inquiry.number in late or not self.late)
        )


def select(items: Iterable[QueueItem], show: Show, who: str) -> list[QueueItem]:
    """Return the list's items: urgent first, then by status, the longest waiting first.

    What a silent owner lost goes before what else waits; resolved ones stand at the end, the
    latest first.
    """
    return sorted((i for i in items if belongs(i.inquiry, show, who)), key=_key)


def _key(item: QueueItem) -> tuple[bool, bool, int, bool, float]:
    inquiry = item.inquiry
    resolved = inquiry.status is Status.RESOLVED
    since = inquiry.changed_at.timestamp()
    return (
        resolved,
        not inquiry.urgent and not resolved,
        _RANK[inquiry.status],
        not item.returned,
        -since if resolved else since,
    )


def allowed(inquiry: Inquiry, who: str) -> frozenset[Act]:
    """Return what this member of staff is offered; the desk itself has the last word."""
    if inquiry.status in UNOWNED:
        return frozenset({Act.TAKE, Act.REPLY, Act.ASK_PARENT, Act.RESOLVE})
    if inquiry.status in OWNED and inquiry.owner == who:
        return frozenset({Act.REPLY, Act.ASK_PARENT, Act.RELEASE, Act.TRANSFER, Act.RESOLVE})
    return frozenset()
