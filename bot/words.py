"""The desk's choices and small sentences that several handlers offer. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.faq.schema import WEEKDAYS
from bot.faq.value import Faq, chinese_date
from bot.hours import calendar, described
from bot.model import CHONGQING, Choice, ChoiceKind, Inquiry, Reply, Switches


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


def to_rate(faq: Faq) -> tuple[Choice, ...]:
    """Return how a parent may rate what was done for them."""
    return (command(faq, "helped"), command(faq, "not_helped"))


def after_answer(faq: Faq) -> tuple[Choice, ...]:
    """Return what an answered parent may say with one tap."""
    return (*to_rate(faq), command(faq, "handoff"))


def menu(faq: Faq, *, sentence: str = "menu") -> Reply:
    """Return the five topics, and the way to a person and to one's own inquiries."""
    extra = (command(faq, "my_inquiries"), command(faq, "handoff"))
    return Reply(faq.say(sentence), (*topic_choices(faq), *extra))


def welcome(faq: Faq) -> Reply:
    """Return the first thing a newcomer sees."""
    return menu(faq, sentence="welcome")


def notice(faq: Faq, switches: Switches) -> str:
    """Return what staff have put before all answers; empty when they have not."""
    return faq.say("notice", text=switches.notice) if switches.notice else ""


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


def duty(faq: Faq, now: datetime, told_at: datetime | None = None) -> str:
    """Return when somebody is there, as far as staff have said.

    Who was told `told_at` that the office is closed, and when it opens, is not told again before
    it has been open.
    """
    office = calendar(faq.hours)
    if office.is_open(now) or (faq.hours.duty and not office.known):
        return faq.say("duty_known", duty=described(faq.hours))
    opens = office.opens(now)
    if opens is None:
        return faq.say("duty_unknown")
    if told_at is not None and office.opens(told_at) == opens:
        return faq.say("duty_unknown")
    return faq.say("duty_closed", opens=_moment(faq, opens, now))


def _moment(faq: Faq, at: datetime, now: datetime) -> str:
    """Return a time to come as people say it: the day by its name when it is near."""
    at, now = at.astimezone(CHONGQING), now.astimezone(CHONGQING)
    clock = f"{at.hour}:{at:%M}"
    match (at.date() - now.date()).days:
        case 0:
            return faq.say("opens_today", time=clock)
        case 1:
            return faq.say("opens_tomorrow", time=clock)
        case _:
            day = chinese_date(f"{at:%Y-%m-%d}")
            return faq.say("opens_on", day=day, weekday=WEEKDAYS[at.weekday()], time=clock)
