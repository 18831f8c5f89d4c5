"""Answers of the FAQ that staff may put into a reply. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from bot.faq.schema import Standing
from bot.faq.value import Faq
from bot.model import Inquiry
from bot.storage.records import Understood

MOST = 8


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer, whole, as a parent would hear it today."""

    entry: str
    title: str
    text: str


def near(inquiry: Inquiry, understood: Iterable[Understood]) -> list[str]:
    """Return the entries that the inquiry seems to be about, the likeliest first."""
    latest = list(understood)[::-1]
    named = [inquiry.entry] if inquiry.entry else []
    named += [entry for each in latest for entry in each.entries]
    named += [candidate.entry for each in latest[:2] for candidate in each.candidates]
    return list(dict.fromkeys(named))


def offered(faq: Faq, entries: Iterable[str], today: date) -> list[Canned]:
    """Return the first of those entries whose answers hold today."""
    known = [faq.entries[each] for each in dict.fromkeys(entries) if each in faq.entries]
    return [
        Canned(entry.id, entry.title, faq.answer(entry.id))
        for entry in known
        if entry.standing(today) is Standing.VALID
    ][:MOST]


def titled(faq: Faq, words: str) -> list[str]:
    """Return the entries whose title or question holds the words."""
    return [
        entry.id
        for entry in faq.entries.values()
        if words in entry.title or words in entry.question
    ]
