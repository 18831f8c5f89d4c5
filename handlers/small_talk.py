"""Greetings, thanks, goodbyes, who are you: answered, and nothing changes."""

from __future__ import annotations

from bot import words
from bot.dialogue import Request
from bot.model import Decision, Outcome, Reply


def handle(request: Request) -> Outcome | None:
    """Answer small talk that is the whole message."""
    kind = request.small_talk
    if kind is None:
        return None
    text = request.faq.messages.small_talk[kind]
    choices = words.topic_choices(request.faq) if kind == "greeting" else ()
    return request.ledger().outcome(Decision.SMALL_TALK, [Reply(text, tuple(choices))])
