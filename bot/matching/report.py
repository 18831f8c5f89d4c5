"""How well every entry is understood through the words it would still have: leave-one-out. Pure.

Each phrase is ranked by a head that has never learned it (`bot.matching.learning` has those scores
in closed form). What a phrase still lends is its grams' place in the vocabulary and its share in
the calibration, both of which thousands of others make.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.faq.value import Faq
from bot.matching.learning import Lesson
from bot.matching.model import evidence
from bot.matching.reading import Kind
from bot.matching.understand import Understanding


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How one utterance of an entry is read without having been learned."""

    entry: str
    utterance: str
    given: tuple[str, ...]
    """Entries answered or offered, best first."""
    best: str
    """The entry ranked first, "" when there is none."""
    confidence: float
    answered: bool
    """Sure enough to be answered alone."""

    @property
    def near(self) -> bool:
        """Whether the entry is answered, or among those offered."""
        return self.entry in self.given

    @property
    def first(self) -> bool:
        return self.best == self.entry

    @property
    def wrong(self) -> bool:
        """Whether something else is answered."""
        return self.answered and not self.near


@dataclass(frozen=True, slots=True)
class Shares:
    """What became of an entry's utterances when each was left out, 0–1."""

    name: str
    utterances: int
    near: float
    first: float
    wrong: float

    @classmethod
    def of(cls, name: str, read: Sequence[LeftOut]) -> Shares:
        size = max(1, len(read))
        return cls(
            name,
            len(read),
            sum(r.near for r in read) / size,
            sum(r.first for r in read) / size,
            sum(r.wrong for r in read) / size,
        )


def left_out(faq: Faq, lesson: Lesson) -> list[LeftOut]:
    """Return every utterance of every entry as read without it, grouped by entry."""
    model, heard = lesson.model, lesson.left_out
    mind = Understanding.of(faq, model)
    labels = model.hearing.labels
    others = model.others(evidence(heard, labels, ours=False))
    sides = ((heard.ours.classes, lesson.confidence), (heard.others.classes, others))
    found = []
    for row, label in enumerate(labels.of_row):
        if label >= labels.ours:
            continue
        chances = {
            labels.names[one]: float(chance)
            for classes, side in sides
            for one, chance in zip(classes[row], side[row], strict=True)
        }
        utterance = model.utterances[row]
        reading = mind.decide(utterance, mind.ranking.veto(utterance, chances))
        ranked = reading.candidates
        found.append(
            LeftOut(
                labels.names[label],
                utterance,
                reading.entries,
                ranked[0].entry if ranked else "",
                ranked[0].score if ranked else 0.0,
                reading.kind is Kind.ANSWER,
            )
        )
    return found


def by_entry(read: Sequence[LeftOut]) -> list[Shares]:
    """Return the shares of each entry, the worst first."""
    groups: dict[str, list[LeftOut]] = {}
    for one in read:
        groups.setdefault(one.entry, []).append(one)
    shares = [Shares.of(entry, group) for entry, group in groups.items()]
    return sorted(shares, key=lambda s: (s.near, s.first, s.name))


def table(read: Sequence[LeftOut]) -> Iterator[str]:
    """Give the lines of a table for people: the whole, then every entry, the worst first."""
    yield "答对或供选  第一  答错  句数  条目"
    for s in (Shares.of("全部", read), *by_entry(read)):
        figures = "  ".join(f"{100 * f:5.1f}" for f in (s.near, s.first, s.wrong))
        yield f"{figures}  {s.utterances:5d}  {s.name}"
