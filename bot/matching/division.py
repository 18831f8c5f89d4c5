"""What the two sides of a cut may ask about, and what speaks for it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.faq.schema import Entry
from bot.matching.several import Cut, marks

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
class Division:
    """Two entries that the two sides of a cut may ask about."""

    cut: Cut
    entries: tuple[str, str]
    chances: tuple[float, float]
    evidence: tuple[float, ...]


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
        *marks(cut),
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


def _odds(p: float) -> float:
    return math.log((p + _DOUBT) / (1 - p + _DOUBT))
