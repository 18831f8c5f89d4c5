"""A person is always one step away."""

from __future__ import annotations

from bot import words
from bot.dialogue import Request
from bot.inquiry import OWNED
from bot.model import Decision, Outcome, Reply, Status
from bot.text import squeezed

_LONGEST = 24
"""A longer message asks something else as well; the person it names is not the point."""
_SHORTEST_INSIDE = 3


def handle(request: Request) -> Outcome | None:
    """Hand the current matter to staff when the parent asks for a person."""
    return hand_over(request) if _asks(request) else None


def _asks(request: Request) -> bool:
    said = request.said
    if not said or len(said) > _LONGEST:
        return False
    commands = request.faq.lexicon.commands
    refused = tuple(squeezed(tuple(commands.get("no_handoff", ()))))
    for wanted in squeezed(tuple(commands.get("handoff", ()))):
        if said == wanted:
            return True
        before, found, _ = said.partition(wanted)
        if found and len(wanted) >= _SHORTEST_INSIDE and not before.endswith(refused):
            return True
    return False


def hand_over(request: Request) -> Outcome:
    """Return the hand-over of the current inquiry, or what became of an earlier one."""
    faq, ledger = request.faq, request.ledger()
    current = ledger.current
    if current is None or current.status is Status.RESOLVED:
        waiting = [i for i in ledger.unresolved if i.status in OWNED | {Status.WAITING_STAFF}]
        if waiting:
            current = waiting[-1]
        elif current is not None:
            current = ledger.come_back(current.number)
        else:
            current = ledger.open("asked for a person")
    ledger.focus(current.number)
    current = ledger.amend(current.number)
    if current.status in OWNED:
        text = faq.say("already_with_staff", owner=current.owner, number=current.number)
    elif current.status is Status.WAITING_STAFF:
        duty = words.duty(faq, request.now, current.changed_at)
        text = faq.say("already_waiting", number=current.number, duty=duty)
    else:
        ledger.move(current.number, Status.WAITING_STAFF, who="parent", why="asked for a person")
        text = faq.say("handed_over", number=current.number, duty=words.duty(faq, request.now))
    return ledger.outcome(Decision.HANDOFF, [Reply(text)], inquiry=current.number, misses=0)
