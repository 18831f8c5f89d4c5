"""Danger before everything else, in every state of the conversation."""

from __future__ import annotations

from bot.dialogue import Request
from bot.faq.schema import DangerKind
from bot.model import Decision, Outcome, Reply, Status


def handle(request: Request) -> Outcome | None:
    """Return the emergency reply when the message tells of danger now."""
    kind = None if request.routine else _sense(request)
    if kind is None:
        return None
    ledger = request.ledger()
    unresolved = ledger.unresolved
    inquiry = unresolved[-1] if unresolved else ledger.open("danger")
    changes: dict[str, object] = {"urgent": True}
    if inquiry.topic is None:
        changes |= {"topic": "safety"}
    inquiry = ledger.amend(inquiry.number, **changes)
    if inquiry.status is Status.WAITING_PARENT:
        inquiry = ledger.move(inquiry.number, Status.WITH_STAFF, who="parent", why="crisis")
    elif inquiry.status not in (Status.WAITING_STAFF, Status.WITH_STAFF):
        inquiry = ledger.move(inquiry.number, Status.WAITING_STAFF, who="bot", why="crisis")
    followed = request.faq.say("crisis_followed", number=inquiry.number)
    return ledger.outcome(
        Decision.CRISIS,
        [Reply(f"{kind.reply}\n{followed}")],
        inquiry=inquiry.number,
        entries=[kind.entry] if kind.entry else [],
        confidence=1.0,
        # The conversation goes on where it was.
        choices=request.session.choices,
    )


def _sense(request: Request) -> DangerKind | None:
    """Return the danger in the message, or in a sentence that was sent in pieces."""
    text, earlier = request.message.text, request.earlier
    kind = request.mind.sense(text)
    return request.mind.sense(f"{earlier}\n{text}") if kind is None and earlier else kind
