"""Everything else is a question: answered, offered, shown another door, or asked about again."""

from __future__ import annotations

from bot import words
from bot.dialogue import Request
from bot.inquiry import OWNED
from bot.ledger import Ledger
from bot.matching.reading import Kind, Reading
from bot.model import Candidate, Decision, Inquiry, Outcome, Reply, Status, topic_of
from handlers import enrollment


def handle(request: Request) -> Outcome:
    """Read the message and do what it asks for; never None, so the list ends here."""
    reading = _read(request)
    reading = enrollment.read_birth_date(request, reading)
    match reading.kind:
        case Kind.ANSWER:
            return answer(request, reading)
        case Kind.SUGGEST:
            return suggest(request, reading)
        case Kind.ELSEWHERE:
            return elsewhere(request, reading)
        case Kind.UNCLEAR:
            return unclear(request, reading)


def _read(request: Request) -> Reading:
    """Return what the message asks, alone or with the words just before that got no answer."""
    alone = request.mind.read(request.text, after=request.session.last_entry)
    if not request.earlier:
        return alone
    joined = request.mind.read(f"{request.earlier}\n{request.text}")
    return max(alone, joined, key=_settles)


def _settles(reading: Reading) -> tuple[bool, bool, float]:
    return reading.kind is Kind.ANSWER, reading.kind is not Kind.UNCLEAR, reading.confidence


# ---------------------------------------------------------------------------- answers


def answer(request: Request, reading: Reading) -> Outcome:
    """Answer each question in its own inquiry; the first one becomes current."""
    ledger = request.ledger()
    numbers = [
        _settle(request, ledger, entry, self_contained=reading.self_contained)
        for entry in reading.entries
    ]
    ledger.focus(numbers[0])
    return _answered(request, ledger, reading, numbers[0])


def answer_picked(request: Request, entry: str) -> Outcome:
    """Answer a choice that the parent picked, in the inquiry it was offered in."""
    ledger = request.ledger()
    current = ledger.current
    suggested = any(c.value == "none_of_these" for c in request.session.choices)
    if current is not None and (
        current.status in (Status.OPEN, Status.WAITING_STAFF)
        or (suggested and current.status is Status.ANSWERED)
    ):
        number = _note_answer(ledger, current, entry)
    else:
        number = _settle(request, ledger, entry, self_contained=True)
    ledger.focus(number)
    reading = Reading(
        Kind.ANSWER, (entry,), candidates=(Candidate(entry, 1.0),), confidence=1.0, rule="picked"
    )
    return _answered(request, ledger, reading, number)


def _answered(request: Request, ledger: Ledger, reading: Reading, number: str) -> Outcome:
    faq, entries = request.faq, reading.entries
    texts = [
        faq.said(entry, request.today, note=enrollment.note(request, entry) if i == 0 else None)
        for i, entry in enumerate(entries)
    ]
    if len(texts) > 1:
        texts[0] = f"{faq.say('several', count=len(texts))}\n\n{texts[0]}"
    if reading.unclear:
        left = "；".join(reading.unclear)
        texts[-1] += f"\n\n{faq.say('still_open', words=left)}"
    replies = [Reply(text) for text in texts[:-1]]
    replies.append(Reply(texts[-1], words.after_answer(faq)))
    return ledger.outcome(
        Decision.ANSWER,
        replies,
        inquiry=number,
        entries=entries,
        confidence=reading.confidence,
        candidates=reading.candidates,
        last_entry=entries[0],
        misses=0,
    )


def _settle(request: Request, ledger: Ledger, entry: str, *, self_contained: bool) -> str:
    """Find the inquiry that an answer belongs to, note the answer there, return its number."""
    current = ledger.current
    if current is not None:
        if current.entry == entry or not self_contained:
            return _note_answer(ledger, current, entry)
        earlier = [i for i in ledger.unresolved if i.entry == entry and i.status not in OWNED]
        if earlier:
            return _note_answer(ledger, earlier[-1], entry)
        undecided = current.entry is None and current.status not in OWNED
        if undecided and current.status is not Status.RESOLVED:
            return _note_answer(ledger, current, entry)
    return _note_answer(ledger, ledger.open("new matter"), entry)


def _note_answer(ledger: Ledger, inquiry: Inquiry, entry: str) -> str:
    if inquiry.status is Status.RESOLVED:
        inquiry = ledger.come_back(inquiry.number)
    changes: dict[str, object] = {}
    if inquiry.entry is None or inquiry.status is Status.OPEN:
        changes = {"entry": entry, "topic": topic_of(entry)}
    ledger.amend(inquiry.number, **changes)
    if inquiry.status is Status.OPEN:
        ledger.move(inquiry.number, Status.ANSWERED, who="bot", why="answer")
    return inquiry.number


# ---------------------------------------------------------------------------- the rest


def suggest(request: Request, reading: Reading) -> Outcome:
    """Ask which of two or three was meant."""
    faq, ledger = request.faq, request.ledger()
    current = ledger.current
    another = (
        current is not None
        and reading.self_contained
        and current.entry is not None
        and current.entry not in reading.entries
        and current.status is not Status.OPEN
    )
    inquiry = ledger.open("new matter") if another else ledger.continued()
    choices = (
        *words.entry_choices(faq, reading.entries),
        words.command(faq, "none_of_these"),
    )
    offered = {c.entry: c for c in reading.candidates}
    return ledger.outcome(
        Decision.SUGGEST,
        [Reply(faq.say("suggest"), choices)],
        inquiry=inquiry.number,
        confidence=reading.confidence,
        candidates=[offered[e] for e in reading.entries],
        misses=0,
    )


def elsewhere(request: Request, reading: Reading) -> Outcome:
    """Name the right door for a matter that is not ours; no inquiry comes of it."""
    matter = request.faq.matters[reading.matter or ""]
    text = request.faq.say("elsewhere", title=matter.title, door=matter.door)
    return request.ledger().outcome(
        Decision.ELSEWHERE,
        [Reply(text)],
        confidence=reading.confidence,
        candidates=reading.candidates,
        misses=0,
    )


def unclear(request: Request, reading: Reading) -> Outcome:
    """Ask for other words; the second time, offer a person."""
    faq, ledger = request.faq, request.ledger()
    inquiry = ledger.continued()
    again = request.session.misses > 0
    choices = [words.command(faq, "handoff")]
    if not again:
        choices.append(words.command(faq, "back_to_menu", "menu"))
    return ledger.outcome(
        Decision.FALLBACK,
        [Reply(faq.say("fallback_second" if again else "fallback_first"), tuple(choices))],
        inquiry=inquiry.number,
        confidence=reading.confidence,
        candidates=reading.candidates,
        misses=request.session.misses + 1,
    )
