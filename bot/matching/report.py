"""How well every entry is understood through the words it would still have: leave-one-out. Pure.

Each phrase is ranked by a head that has never learned it (`bot.matching.learning` has those scores
in closed form). What a phrase still lends is its grams' place in the vocabulary and its share in
the calibration, both of which thousands of others make.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.matching.learning import Lesson
from bot.matching.model import best_classes, evidence

OFFERED = 3


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How one utterance of an entry was ranked without having been learned."""

    entry: str
    utterance: str
    ranked: tuple[str, ...]
    """Entries, best first."""
    confidence: float
    """Of the first of them."""
    answered: bool
    """Sure enough to be answered alone."""

    @property
    def near(self) -> bool:
        """Whether the entry is answered, or among the three that would be offered."""
        return self.entry in (self.ranked[:1] if self.answered else self.ranked[:OFFERED])

    @property
    def first(self) -> bool:
        return self.ranked[0] == self.entry

    @property
    def wrong(self) -> bool:
        """Whether something else is answered."""
        return self.answered and not self.first


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


def left_out(lesson: Lesson) -> list[LeftOut]:
    """Return every utterance of every entry as ranked without it, grouped by entry."""
    model, scores = lesson.model, lesson.left_out.scores
    labels = model.labels
    ours, others = best_classes(scores, labels)
    lengths = np.array([len(u) for u in model.utterances[: len(labels.of_row)]])
    near = np.take_along_axis(lesson.left_out.nearest, ours, axis=1)
    far = np.take_along_axis(lesson.left_out.nearest, others, axis=1)
    chance = model.ours(evidence(scores, ours, near, far, lengths, labels, ours=True))
    found = []
    for row, label in enumerate(labels.of_row):
        if label >= labels.ours:
            continue
        order = np.argsort(-chance[row], kind="stable")
        ranked = tuple(labels.names[c] for c in ours[row][order])
        sure = float(chance[row][order[0]])
        found.append(
            LeftOut(
                labels.names[label],
                model.utterances[row],
                ranked,
                sure,
                sure >= model.answer_at,
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
