"""Staff have switched the bot off: whatever a parent writes goes to people."""

from __future__ import annotations

from datetime import datetime

from bot import words
from bot.dialogue import Request
from bot.inquiry import OWNED
from bot.model import ChoiceKind, Decision, Outcome, Reply, Status
from handlers import owned


def handle(request: Request) -> Outcome | None:
    """Hand over the current matter; danger, commands and asking for a person come before this."""
    if not request.switches.bot_off or _picks_command(request):
        return None
    faq, ledger = request.faq, request.ledger()
    inquiry = ledger.owned or ledger.continued()
    if inquiry.status in OWNED:
        return owned.to_owner(request, ledger, inquiry)
    sentence = "bot_off_noted"
    told_at: datetime | None = inquiry.changed_at
    if inquiry.status is not Status.WAITING_STAFF:
        ledger.move(inquiry.number, Status.WAITING_STAFF, who="bot", why="bot off")
        sentence, told_at = "bot_off", None
    duty = words.duty(faq, request.now, told_at)
    text = faq.say(sentence, number=inquiry.number, duty=duty)
    return ledger.outcome(Decision.HANDOFF, [Reply(text)], inquiry=inquiry.number, misses=0)


def _picks_command(request: Request) -> bool:
    """Return whether a button was pressed that needs no answer of the FAQ, such as 有帮助."""
    place, offered = request.message.pick, request.session.choices
    if place is None and request.said.isascii() and request.said.isdecimal():
        place = int(request.said[:3])
    if place is None or not 1 <= place <= len(offered):
        return False
    return offered[place - 1].kind in (ChoiceKind.COMMAND, ChoiceKind.INQUIRY)
