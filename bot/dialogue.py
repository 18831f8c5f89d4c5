"""Session + message → outcome, by asking the handlers in order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot import words
from bot.faq.value import Faq
from bot.ledger import Ledger
from bot.matching.understand import Understanding
from bot.model import CHONGQING, Decision, Message, Outcome, Reply, Session, Switches
from bot.text import squeeze, squeezed

_AS_USUAL = Switches()
_BURST = timedelta(seconds=90)
"""People send a sentence in pieces; the next piece comes within this time."""
_LONGEST_BURST = 300
_NO_ANSWER = (Decision.FALLBACK, Decision.SUGGEST)
LONGEST_READ = 4_000
"""Characters read of one message, half at each end: people ask at the start or at the end."""


@dataclass(frozen=True)
class Request:
    """All that a handler may look at."""

    message: Message
    session: Session
    mind: Understanding
    now: datetime
    numbers: Sequence[str]
    """Free inquiry numbers, enough for one message."""
    switches: Switches = _AS_USUAL

    @property
    def faq(self) -> Faq:
        return self.mind.faq

    @property
    def today(self) -> date:
        """The day it is in the district."""
        return self.now.astimezone(CHONGQING).date()

    @property
    def text(self) -> str:
        text = self.message.text
        if len(text) <= LONGEST_READ:
            return text
        half = LONGEST_READ // 2
        return f"{text[:half]}\n{text[-half:]}"

    @property
    def earlier(self) -> str:
        """What the parent wrote moments ago and got no answer to: this message goes on with it."""
        at = self.session.unanswered_at
        return self.session.unanswered if at and self.now - at <= _BURST else ""

    @property
    def said(self) -> str:
        """The text without punctuation, width and script folded."""
        return squeeze(self.text)

    @property
    def small_talk(self) -> str | None:
        """The kind of small talk that the whole message is, if any."""
        said = self.said
        for kind, wordings in self.faq.lexicon.small_talk.items():
            if said in squeezed(tuple(wordings)):
                return kind
        return None

    def ledger(self) -> Ledger:
        """Return an empty ledger for this message."""
        return Ledger(self.session, self.now, self.numbers, self.faq.hours.come_back_days)

    @property
    def routine(self) -> bool:
        """Whether the whole message is small talk or a command."""
        return bool(self.small_talk) or any(map(self.names_command, self.faq.lexicon.commands))

    def names_command(self, name: str) -> bool:
        """Return whether the whole message is one of that command's wordings."""
        return self.said in squeezed(tuple(self.faq.lexicon.commands.get(name, ())))


Handler = Callable[[Request], Outcome | None]


def respond(
    session: Session,
    message: Message,
    mind: Understanding,
    handlers: Sequence[Handler],
    now: datetime,
    numbers: Sequence[str],
    switches: Switches = _AS_USUAL,
) -> Outcome:
    """Return what the message leads to: the first handler that has something to say decides."""
    request = Request(message, session, mind, now, numbers, switches)
    for handler in handlers:
        outcome = handler(request)
        if outcome is not None:
            outcome = _with_words_kept(outcome, request)
            return _with_staff_notice(_with_privacy_notice(outcome, mind.faq), request)
    raise LookupError("no handler took the message; the last one must always answer")


def _with_words_kept(outcome: Outcome, request: Request) -> Outcome:
    """Keep words that got no answer, for what follows at once; forget them after an answer."""
    if outcome.decision in _NO_ANSWER and request.said and not outcome.erase:
        words = "\n".join(filter(None, (request.earlier, request.message.text)))
        kept, at = words[-_LONGEST_BURST:], request.now
    else:
        kept, at = "", None
    session = replace(outcome.session, unanswered=kept, unanswered_at=at)
    return replace(outcome, session=session)


def _with_privacy_notice(outcome: Outcome, faq: Faq) -> Outcome:
    """Tell a new parent once what is kept; never in an emergency."""
    if outcome.session.greeted or not outcome.replies or outcome.decision is Decision.CRISIS:
        return outcome
    *before, last = outcome.replies
    noticed = Reply(f"{last.text}\n\n{faq.say('privacy')}", last.choices)
    return replace(
        outcome,
        replies=(*before, noticed),
        session=replace(outcome.session, greeted=True),
    )


def _with_staff_notice(outcome: Outcome, request: Request) -> Outcome:
    """Put the notice that staff have switched on before the answer; never in an emergency."""
    notice = words.notice(request.faq, request.switches)
    if not notice or not outcome.replies or outcome.decision is Decision.CRISIS:
        return outcome
    first, *others = outcome.replies
    noticed = Reply(f"{notice}\n\n{first.text}", first.choices)
    return replace(outcome, replies=(noticed, *others))
