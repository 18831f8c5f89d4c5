"""While a person owns the matter the bot is silent on it: words go to that person."""

from __future__ import annotations

from bot.dialogue import Request
from bot.ledger import Ledger
from bot.matching.reading import Kind, Reading
from bot.model import Decision, Inquiry, Outcome, Status
from bot.text import fold
from handlers import questions


def handle(request: Request) -> Outcome | None:
    """Pass the message to the owner, unless it plainly asks about another matter."""
    if request.session.choices and (request.message.pick is not None or request.said.isdecimal()):
        # A choice under a reply of ours, not words for the owner.
        return None
    ledger = request.ledger()
    owned = ledger.owned or _coming_back(request, ledger)
    if owned is None:
        return None
    if request.message.media is None and request.message.pick is None:
        reading = request.mind.read(request.text)
        if _another_matter(request, owned, reading):
            return questions.answer(request, reading)
    return to_owner(request, ledger, owned)


def _another_matter(request: Request, owned: Inquiry, reading: Reading) -> bool:
    """Return whether a self-contained question on something else was asked."""
    if reading.kind is not Kind.ANSWER or not reading.self_contained:
        return False
    if not request.mind.wording.asks(fold(request.text)):
        # 就在教室门口: words for the owner, whatever they look like.
        return False
    if owned.entry is not None:
        return owned.entry not in reading.entries
    # Nobody knows yet what the owned matter is about: this may be it, unless it says otherwise.
    return bool(request.mind.wording.connector_pattern.search(request.text))


def _coming_back(request: Request, ledger: Ledger) -> Inquiry | None:
    """Return a resolved inquiry of a member of staff that this message is about, if any.

    Small talk brings nothing back; neither does a question of its own.
    """
    current = ledger.current
    if current is None or current.status is not Status.RESOLVED or current.owner is None:
        return None
    if not ledger.may_come_back(current):
        return None
    if request.message.pick is not None or request.small_talk:
        return None
    if not request.said:
        return current
    reading = request.mind.read(request.text)
    about_itself = reading.self_contained and reading.kind in (Kind.ANSWER, Kind.ELSEWHERE)
    return None if about_itself and current.entry not in reading.entries else current


def to_owner(request: Request, ledger: Ledger, inquiry: Inquiry) -> Outcome:
    """Return the message as the owner's: no reply of ours."""
    if inquiry.status is Status.RESOLVED:
        ledger.come_back(inquiry.number)
    elif inquiry.status is Status.WAITING_PARENT:
        ledger.move(inquiry.number, Status.WITH_STAFF, who="parent", why="the parent wrote")
    ledger.amend(inquiry.number)
    ledger.focus(inquiry.number)
    return ledger.outcome(Decision.STAFF, inquiry=inquiry.number, misses=0)
