"""Does a message ask for two things, and where does the second begin? Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.matching.hearing import Glance
from bot.matching.wording import Piece, Wording

_MOST_GLANCED = 6
"""A long story has more clauses than there is time to look at."""
_MOST_CUTS = 3
_MOST_CHARACTERS = 120
"""So much is read again at most, in parts."""
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a second question may begin."""

    left: str
    right: str
    asked: tuple[bool, bool, bool]
    """Whether the clause before it asks, all of the left, all of the right."""
    connected: bool
    """Whether the right begins with a connector or a number in a list."""
    ended: tuple[bool, bool]
    """Whether a question ends before it, or a sentence."""
    clauses: int


@dataclass(frozen=True)
class Line:
    """Tells yes from no by a weighted sum."""

    bias: float
    weights: tuple[float, ...]
    at: float
    """From this chance on it is yes."""

    def chance(self, evidence: Sequence[float]) -> float:
        raw = self.bias + sum(w * x for w, x in zip(self.weights, evidence, strict=True))
        return 1 / (1 + math.exp(-max(-50.0, raw)))


@dataclass(frozen=True)
class Divider:
    """Tells whether a message asks two things."""

    promising: Line
    """Whether a cut is worth a closer look, from a glance at its sides."""
    asked: Line
    """Whether the two things are asked, from what the sides were found to mean."""


GENERIC = Divider(
    Line(0.0, (0.0,) * 20, 0.0),
    Line(
        -3.12,
        (
            *(
                0.0,
                -0.02,
                0.03,
                0.1,
                0.0,
                0.1,
                -0.03,
                -0.04,
                -0.04,
                0.0,
                0.1,
                -0.02,
                0.44,
                -0.23,
                -0.17,
            ),
            *(1.74, 1.79, -0.08, -0.09, 4.28, 0.0, -0.11, 0.37, 1.0),
            *(-2.47, -0.19, -0.95, 1.51, 9.35, 1.47, 2.5, 2.81, 3.5),
            *(-0.08, 1.1, 1.24, -0.03, 0.85, 0.3, 0.06, 0.05, 0.38, -0.17, 0.24, -0.19),
        ),
        0.7,
    ),
)
"""What serves a FAQ with too few labelled questions: learned once from one that has them."""


def cuts(text: str, wording: Wording) -> list[Cut]:
    """Return the places where a second question may begin, the likeliest first.

    A question mark or a connector speaks for a place, and questions on both sides of it.
    """
    pieces = wording.pieces(text)
    found = []
    for place in range(1, len(pieces)):
        left, right = (_joined(side) for side in (pieces[:place], pieces[place:]))
        if any(len(wording.core(side)) < _SHORTEST for side in (left, right)):
            continue
        cut = Cut(
            left,
            right,
            (wording.asks(pieces[place - 1].text), wording.asks(left), wording.asks(right)),
            pieces[place].opens,
            (pieces[place - 1].text.endswith("?"), pieces[place - 1].text.endswith("。")),
            len(pieces),
        )
        found.append((cut.connected + sum(cut.ended) + sum(cut.asked), cut))
    found.sort(key=lambda item: -item[0])
    return [cut for _, cut in found[:_MOST_GLANCED]]


def _joined(pieces: Sequence[Piece]) -> str:
    # What is a clause stays one: a side may be cut again.
    return "".join(p.text if p.text[-1] in "?。" else p.text + "," for p in pieces).rstrip(",")


def promising(found: Sequence[Cut], glance: Callable[[str], Glance], line: Line) -> list[Cut]:
    """Return the cuts that are worth a closer look, the likeliest first."""
    chances = [(line.chance(first_evidence(cut, glance)), cut) for cut in found]
    chances.sort(key=lambda item: -item[0])
    good = [cut for chance, cut in chances if chance >= line.at]
    length = max((len(cut.left) + len(cut.right) for cut in good), default=1)
    return good[: max(1, min(_MOST_CUTS, _MOST_CHARACTERS // length))]


def first_evidence(cut: Cut, glance: Callable[[str], Glance]) -> tuple[float, ...]:
    """Return what a glance at both sides says for a cut.

    Each side's best entry, its lead, what is not ours, ours or not; the weaker best; whether both
    are the same; what is asked; connector and marks; clauses and lengths.
    """
    left, right = glance(cut.left), glance(cut.right)
    return (
        *(left.best, left.lead, left.strangers, left.ours),
        *(right.best, right.lead, right.strangers, right.ours),
        min(left.best, right.best),
        float(left.place == right.place),
        *marks(cut),
    )


def marks(cut: Cut) -> tuple[float, ...]:
    """Return what the text alone says: what is asked; connector and marks; lengths; clauses."""
    return (
        *map(float, cut.asked),
        float(cut.connected),
        *map(float, cut.ended),
        math.log(len(cut.left)),
        math.log(len(cut.right)),
        math.log(len(cut.left) + len(cut.right)),
        float(cut.clauses),
    )
