"""What of the FAQ wants looking at: unset, overdue, expired, drafts, confused, untested. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.editing.impact import Question, Told
from bot.faq.schema import Entry, Standing
from bot.faq.value import Faq
from bot.model import Decision
from bot.text import squeeze


class Mark(StrEnum):
    """Why an entry wants looking at, in the order of the filters."""

    UNSET = "unset"
    OVERDUE = "overdue"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    DRAFT = "draft"
    CONFUSED = "confused"
    UNTESTED = "untested"


MARK = {
    Mark.UNSET: "有项目没填",
    Mark.OVERDUE: "该复核了",
    Mark.EXPIRED: "过期不再发",
    Mark.NOT_YET: "还没生效",
    Mark.DRAFT: "草稿",
    Mark.CONFUSED: "常被答错",
    Mark.UNTESTED: "没有考题",
}


@dataclass(frozen=True, slots=True)
class Confusion:
    """A labelled question that its entry did not get."""

    text: str
    got: tuple[str, ...]
    """Entries answered or offered instead; none: not understood."""


Confusions = Mapping[str, Sequence[Confusion]]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in the list."""

    entry: Entry
    marks: frozenset[Mark]


def confusions(asked: Iterable[tuple[Question, Told]]) -> dict[str, list[Confusion]]:
    """Return, for each entry, the labelled questions of its own that went elsewhere.

    None of those held out: they are not to be mended one by one.
    """
    found: dict[str, list[Confusion]] = {}
    for question, told in asked:
        right = question.right or ()
        if question.held_out or question.danger or not right:
            continue
        answered = told.decision in (Decision.ANSWER, Decision.CRISIS, Decision.SUGGEST)
        if not (answered and set(right) & set(told.entries[:3])):
            found.setdefault(right[0], []).append(Confusion(question.text, told.entries))
    return found


def rows(faq: Faq, today: date, confused: Confusions) -> list[Row]:
    """Return every entry, drafts too, in file order."""
    tested = {entry for line in faq.exam for entry in line.right}
    entries = [entry for topic in faq.topics for entry in topic.entries]
    return [Row(entry, _marks(faq, entry, today, tested, confused)) for entry in entries]


def _marks(
    faq: Faq, entry: Entry, today: date, tested: set[str], confused: Confusions
) -> frozenset[Mark]:
    standing = entry.standing(today)
    wants = {
        Mark.UNSET: any(not faq.local[name].value for name in entry.placeholders),
        Mark.OVERDUE: entry.review_by < today.isoformat(),
        Mark.EXPIRED: standing is Standing.EXPIRED,
        Mark.NOT_YET: standing is Standing.NOT_YET,
        Mark.DRAFT: not entry.published,
        Mark.CONFUSED: bool(confused.get(entry.id)),
        Mark.UNTESTED: entry.id not in tested,
    }
    return frozenset(mark for mark, wanted in wants.items() if wanted)


def matching(listed: Sequence[Row], words: str) -> list[Row]:
    """Return the rows whose entry holds the words anywhere, titles first."""
    bare = squeeze(words)
    if not bare:
        return list(listed)

    def place(row: Row) -> int:
        entry = row.entry
        parts = [(entry.id, entry.title), (entry.question,), entry.phrases, (entry.answer,)]
        for number, texts in enumerate(parts):
            if any(bare in squeeze(text) for text in texts) or words in texts:
                return number
        return -1

    found = [(place(row), row) for row in listed]
    return [row for number, row in sorted(found, key=lambda f: f[0]) if number >= 0]
