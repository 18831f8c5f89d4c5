"""Choices by button, by number and by words."""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

from bot import words
from bot.dialogue import Request
from bot.model import Choice, ChoiceKind, Decision, Outcome, Reply
from bot.text import fold, squeeze
from handlers import commands, questions

_DIGITS = {c: n for n, c in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}
_NUMBER = re.compile(
    r"^(?:我?(?:选择?|要|就))?第?(\d{1,3}|[一二两三四五六七八九十])(?:个|项|号|条|吧|嘛|哈|噻|谢谢)*$"
)
_LAST = re.compile(r"^(?:选)?(?:最后|末尾|最下面)(?:一个|那个|一项|的)?$")
_ALIKE = 85.0


def handle(request: Request) -> Outcome | None:
    """Act on a pick, a bare number or the words of a choice."""
    offered = request.session.choices
    if not offered and not request.session.greeted:
        # A newcomer's screen shows the welcome, which no stored reply offered.
        offered = words.welcome(request.faq).choices
    place = request.message.pick
    if place is None:
        topic = next((t for t in request.faq.topics if squeeze(t.title) == request.said), None)
        if topic is not None:
            return _topic(request, topic.topic)
        place = _typed(request, request.session.choices)
        if place is None:
            return None
    if not 1 <= place <= len(offered):
        return _again(request)
    return _take(request, offered[place - 1])


def _typed(request: Request, offered: tuple[Choice, ...]) -> int | None:
    """Return the 1-based place that the words name, None when they name none."""
    if not offered:
        return None
    said = re.sub(r"[\s。.,，、!！]", "", fold(request.text))
    if _LAST.match(said):
        of_matters = [n for n, c in enumerate(offered, 1) if c.kind is not ChoiceKind.COMMAND]
        return of_matters[-1] if of_matters else len(offered)
    number = _NUMBER.match(said)
    if number:
        return _DIGITS.get(number[1]) or int(number[1])
    labels = [squeeze(choice.label) for choice in offered]
    said = squeeze(said)
    if len(said) >= 2:
        found = process.extract(said, labels, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=2)
        if found and (len(found) == 1 or found[0][1] > found[1][1]):
            return int(found[0][2]) + 1
    return None


def _again(request: Request) -> Outcome:
    """Return the choices once more: the number was none of them."""
    offered = request.session.choices
    text = request.faq.say("pick_again" if offered else "no_choices")
    ledger = request.ledger()
    inquiry = ledger.continued()
    return ledger.outcome(Decision.FALLBACK, [Reply(text, offered)], inquiry=inquiry.number)


def _take(request: Request, choice: Choice) -> Outcome:
    match choice.kind:
        case ChoiceKind.ENTRY:
            if choice.value in request.faq.entries:
                return questions.answer_picked(request, choice.value)
            return _again(request)
        case ChoiceKind.TOPIC:
            return _topic(request, choice.value)
        case ChoiceKind.INQUIRY:
            return commands.show_inquiry(request, choice.value)
        case ChoiceKind.COMMAND:
            return commands.run(request, choice.value)


def _topic(request: Request, topic: str) -> Outcome:
    """Return what parents often ask under a topic."""
    faq = request.faq
    of_topic = next(t for t in faq.topics if t.topic == topic)
    choices = (
        *words.entry_choices(faq, of_topic.examples),
        words.command(faq, "back_to_menu", "menu"),
        words.command(faq, "handoff"),
    )
    text = f"{faq.say('topic_menu', topic=of_topic.title)}\n{faq.say('topic_hint')}"
    return request.ledger().outcome(Decision.COMMAND, [Reply(text, choices)])
