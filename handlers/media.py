"""Pictures, voice, places and files: acknowledged, with how to go on."""

from __future__ import annotations

from bot import words
from bot.dialogue import Request
from bot.model import Decision, Outcome, Reply


def handle(request: Request) -> Outcome | None:
    """Acknowledge what cannot be read; an empty message is met the same way."""
    media = request.message.media
    if media is None and (request.message.text.strip() or request.message.pick is not None):
        return None
    name = f"media_{media}" if media else "empty"
    ledger = request.ledger()
    inquiry = ledger.continued()
    # What was offered before stays on offer, in the same order.
    choices = request.session.choices or (words.command(request.faq, "handoff"),)
    return ledger.outcome(
        Decision.FALLBACK, [Reply(request.faq.say(name), choices)], inquiry=inquiry.number
    )
