"""The desk's choices and small sentences that several handlers offer. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.faq.value import Faq
from bot.model import Choice, ChoiceKind, Inquiry, Reply


def command(faq: Faq, name: str, command_name: str | None = None) -> Choice:
    """Return a choice that does what typing the command would; `name` is its sentence's name."""
    return Choice(faq.say(name), ChoiceKind.COMMAND, command_name or name)


def entry_choices(faq: Faq, entries: Iterable[str]) -> list[Choice]:
    """Return one choice for each published entry, by its short title."""
    published = (faq.entries[e] for e in entries if e in faq.entries)
    return [Choice(entry.title, ChoiceKind.ENTRY, entry.id) for entry in published]


def topic_choices(faq: Faq) -> list[Choice]:
    """Return the five topics as choices."""
    return [Choice(t.title, ChoiceKind.TOPIC, t.topic) for t in faq.topics]


def after_answer(faq: Faq) -> tuple[Choice, ...]:
    """Return what an answered parent may say with one tap."""
    return (command(faq, "helped"), command(faq, "not_helped"), command(faq, "handoff"))


def menu(faq: Faq, *, sentence: str = "menu") -> Reply:
    """Return the five topics, and the way to a person and to one's own inquiries."""
    extra = (command(faq, "my_inquiries"), command(faq, "handoff"))
    return Reply(faq.say(sentence), (*topic_choices(faq), *extra))


def welcome(faq: Faq) -> Reply:
    """Return the first thing a newcomer sees."""
    return menu(faq, sentence="welcome")


def title(faq: Faq, inquiry: Inquiry) -> str:
    """Return what an inquiry is about, as the parent would call it."""
    entry = faq.entries.get(inquiry.entry or "")
    if entry:
        return entry.title
    for topic in faq.topics:
        if topic.topic == inquiry.topic:
            return topic.title
    return faq.say("untitled")


def status(faq: Faq, inquiry: Inquiry) -> str:
    """Return an inquiry's status in the parent's words."""
    return faq.say(f"status_{inquiry.status}", owner=inquiry.owner or "")


def duty(faq: Faq) -> str:
    """Return when somebody is there, as far as staff have said."""
    if faq.hours.duty:
        return faq.say("duty_known", duty=faq.hours.duty)
    return faq.say("duty_unknown")
