"""Does a message ask for two things, and where does the second begin? Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.faq.schema import Entry
from bot.matching.hearing import Glance
from bot.matching.wording import Piece, Wording

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
class Scores:
    """How much each entry is spoken for."""

    of: Mapping[str, float]
    best: Sequence[str]
    """The three best entries, the best first."""

    def lead(self, name: str, besides: str = "") -> float:
        """Return how far an entry is before the best one other than it and one besides."""
        rivals = (self.of[rival] for rival in self.best if rival not in (name, besides))
        return self[name] - max(rivals, default=0.0)

    def __getitem__(self, name: str) -> float:
        # What the model has not learned yet is known by its phrase: nothing speaks for it more.
        known = self.of.get(name)
        return known if known is not None else max(map(self.of.__getitem__, self.best), default=1.0)


@dataclass(frozen=True, slots=True)
class Side:
    """What a message, or the part on one side of a cut, may mean."""

    chances: Chances
    scores: Sequence[Scores] = ()
    """By all that is heard, and by the meaning alone."""


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
        *_marks(cut),
    )


def best(chances: Chances, entries: Mapping[str, Entry]) -> tuple[str, float]:
    """Return the likeliest entry; nothing where something that is not ours is likelier."""
    ours = {name: chance for name, chance in chances.items() if name in entries}
    name = max(ours, key=lambda n: ours[n], default="")
    other = max((c for n, c in chances.items() if n not in ours), default=0.0)
    return (name, ours[name]) if name and ours[name] > other else ("", 0.0)


def divisions(
    cut: Cut, whole: Side, left: Side, right: Side, entries: Mapping[str, Entry]
) -> Iterator[Division]:
    """Give what the two sides may ask about, as each stands alone and beside the other."""
    first, second = best(left.chances, entries)[0], best(right.chances, entries)[0]
    pairs = {(first, second): None}
    if first:
        pairs[first, _beside(first, right.chances, whole.chances, entries)] = None
    if second:
        pairs[_beside(second, left.chances, whole.chances, entries), second] = None
    for one, other in pairs:
        if one and other and one != other:
            chances = left.chances.get(one, 0.0), right.chances.get(other, 0.0)
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
    whole: Side,
    sides: tuple[Side, Side],
    entries: Mapping[str, Entry],
) -> tuple[float, ...]:
    """Return what speaks for the pair: the chances, the scores behind them, the marks."""
    one, other = (entries[name] for name in pair)
    return (
        *_by_chances(pair, whole.chances, (sides[0].chances, sides[1].chances), entries),
        *(
            piece
            for heard in zip(whole.scores, sides[0].scores, sides[1].scores, strict=True)
            for piece in _by_scores(pair, *heard)
        ),
        *_marks(cut),
        float(one.topic == other.topic),
        float(other.id in one.related or one.id in other.related),
    )


def _by_chances(
    pair: tuple[str, str],
    whole: Chances,
    sides: tuple[Chances, Chances],
    entries: Mapping[str, Entry],
) -> tuple[float, ...]:
    """Return what the chances say.

    For each side: its entry there, the next entry, what is not ours, the entry in the whole and on
    the other side. The weaker and the stronger of both, there and in the whole; the whole's best.
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
    top = max((p for n, p in whole.items() if n in entries), default=0.0)
    return (*seen, *sorted((seen[0], seen[5])), *sorted((seen[3], seen[8])), _odds(top))


def _by_scores(
    pair: tuple[str, str], whole: Scores, left: Scores, right: Scores
) -> tuple[float, ...]:
    """Return what the scores say, also of entries that are on no shortlist.

    Both in the whole, each one's lead over all but the other, the smaller lead; the lead of each
    on its own side, and how much more it is meant there than on the other side.
    """
    one, other = pair
    leads = whole.lead(one, other), whole.lead(other, one)
    return (
        whole[one],
        whole[other],
        *leads,
        min(leads),
        left.lead(one),
        right.lead(other),
        left[one] - right[one],
        right[other] - left[other],
    )


def _marks(cut: Cut) -> tuple[float, ...]:
    return (
        *map(float, cut.asked),
        float(cut.connected),
        *map(float, cut.ended),
        math.log(len(cut.left)),
        math.log(len(cut.right)),
        math.log(len(cut.left) + len(cut.right)),
        float(cut.clauses),
    )


def _odds(p: float) -> float:
    return math.log((p + _DOUBT) / (1 - p + _DOUBT))
