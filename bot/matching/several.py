"""Does a message ask for two things, and where does the second begin? Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.faq.schema import Entry
from bot.matching.hearing import Glance
from bot.matching.wording import Wording

_MOST_GLANCED = 6
"""A long story has more clauses than there is time to look at."""
_MOST_CUTS = 3
_MOST_CHARACTERS = 200
"""So much is read again at most, in parts."""
_SHORTEST = 3
_OF_WHOLE = 0.4
"""How much the whole says about what a part means that leaves its subject to the other one."""
_DOUBT = 0.015
"""Whether something is hardly likely or not at all says nothing more."""
Chances = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a second question may begin."""

    left: str
    right: str
    asked: tuple[bool, bool, bool]
    """Whether the clause before it asks, all of the left, all of the right."""
    connected: bool
    """Whether the right begins with a connector."""
    marked: bool
    """Whether a question mark stands before it."""
    clauses: int


@dataclass(frozen=True, slots=True)
class Division:
    """Two entries that the two sides of a cut may ask about."""

    cut: Cut
    entries: tuple[str, str]
    chances: tuple[float, float]
    evidence: tuple[float, ...]


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
    Line(0.0, (0.0,) * 19, 0.0),
    Line(
        0.19,
        (
            *(0.08, -0.15, -0.05, 0.11, 0.05, 0.13, -0.09, 0.02, 0.11, 0.02),
            *(0.16, 0.09, 0.63, -0.02, -0.03, -0.24, 1.04, 0.32, -0.18, 0.53),
            *(-0.19, 0.14, 0.29, -0.11, 0.13, -0.34),
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
        left, right = "".join(pieces[:place]), "".join(pieces[place:])
        if any(len(wording.core(side)) < _SHORTEST for side in (left, right)):
            continue
        cut = Cut(
            left,
            right,
            (wording.asks(pieces[place - 1]), wording.asks(left), wording.asks(right)),
            bool(wording.connector_pattern.match(pieces[place])),
            pieces[place - 1].endswith("?"),
            len(pieces),
        )
        found.append((cut.connected + cut.marked + sum(cut.asked), cut))
    found.sort(key=lambda item: -item[0])
    return [cut for _, cut in found[:_MOST_GLANCED]]


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
    are the same; what is asked; connector and mark; clauses and lengths.
    """
    left, right = glance(cut.left), glance(cut.right)
    return (
        *(left.best, left.lead, left.strangers, left.ours),
        *(right.best, right.lead, right.strangers, right.ours),
        min(left.best, right.best),
        float(left.place == right.place),
        *_marks(cut),
    )


def best(chances: Chances, entries: Mapping[str, Entry]) -> tuple[str, float]:
    """Return the likeliest entry; nothing where something that is not ours is likelier."""
    ours = {name: chance for name, chance in chances.items() if name in entries}
    name = max(ours, key=lambda n: ours[n], default="")
    other = max((c for n, c in chances.items() if n not in ours), default=0.0)
    return (name, ours[name]) if name and ours[name] > other else ("", 0.0)


def divisions(
    cut: Cut, whole: Chances, left: Chances, right: Chances, entries: Mapping[str, Entry]
) -> Iterator[Division]:
    """Give what the two sides may ask about, as each stands alone and beside the other."""
    first, second = best(left, entries)[0], best(right, entries)[0]
    pairs = {(first, second): None}
    if first:
        pairs[first, _beside(first, right, whole, entries)] = None
    if second:
        pairs[_beside(second, left, whole, entries), second] = None
    for one, other in pairs:
        if one and other and one != other:
            chances = left.get(one, 0.0), right.get(other, 0.0)
            seen = _evidence(cut, (one, other), whole, (left, right), entries)
            yield Division(cut, (one, other), chances, seen)


def _beside(taken: str, part: Chances, whole: Chances, entries: Mapping[str, Entry]) -> str:
    """Return what a part means beside the entry that the other part is about."""
    rest = [n for n in {**part, **whole} if n in entries and n != taken]
    weighed = {n: _odds(part.get(n, 0.0)) + _OF_WHOLE * _odds(whole.get(n, 0.0)) for n in rest}
    return max(weighed, key=lambda n: weighed[n], default="")


def _evidence(
    cut: Cut,
    pair: tuple[str, str],
    whole: Chances,
    sides: tuple[Chances, Chances],
    entries: Mapping[str, Entry],
) -> tuple[float, ...]:
    """Return what speaks for the pair.

    For each side: its entry there, the next entry, what is not ours, the entry in the whole and on
    the other side. The weaker and the stronger of both, there and in the whole; the whole's best;
    what is asked; connector and mark; lengths; clauses; whether the two are akin.
    """
    seen: list[float] = []
    for place, side in enumerate(sides):
        name = pair[place]
        rivals = (p for n, p in side.items() if n in entries and n != name)
        strangers = (p for n, p in side.items() if n not in entries)
        other_side = sides[1 - place]
        seen += [
            _odds(side.get(name, 0.0)),
            _odds(max(rivals, default=0.0)),
            _odds(max(strangers, default=0.0)),
            _odds(whole.get(name, 0.0)),
            _odds(other_side.get(name, 0.0)),
        ]
    one, other = (entries[name] for name in pair)
    top = max((p for n, p in whole.items() if n in entries), default=0.0)
    return (
        *seen,
        *sorted((seen[0], seen[5])),
        *sorted((seen[3], seen[8])),
        _odds(top),
        *_marks(cut),
        float(one.topic == other.topic),
        float(other.id in one.related or one.id in other.related),
    )


def _marks(cut: Cut) -> tuple[float, ...]:
    return (
        *map(float, cut.asked),
        float(cut.connected),
        float(cut.marked),
        math.log(len(cut.left)),
        math.log(len(cut.right)),
        math.log(len(cut.left) + len(cut.right)),
        float(cut.clauses),
    )


def _odds(p: float) -> float:
    return math.log((p + _DOUBT) / (1 - p + _DOUBT))
