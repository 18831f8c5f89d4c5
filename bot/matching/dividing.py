"""Learning from labelled messages when one of them asks for two things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.faq.schema import Entry
from bot.matching.division import Division, Side, divisions
from bot.matching.hearing import Glance
from bot.matching.several import GENERIC, Cut, Divider, Line, cuts, first_evidence, promising
from bot.matching.wording import Wording

Hear = Callable[[Sequence[str]], Sequence[Side]]
Look = Callable[[str], Glance]

_ENOUGH = 30
"""Fewer messages with several questions teach nothing."""
_TORN = 0.03
"""The wanted share of single questions that get a second answer."""
_OVERLOOKED = 0.005
"""The wanted share of messages with two questions whose cut a glance passes over."""
_FOLDS = 5
_REAL = 2.0
"""How much a message that really asks several things counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A labelled message."""

    text: str
    right: tuple[frozenset[str], ...]
    """For each thing asked the entries that answer it; none: nothing of ours is asked."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a message could be divided into, and which of that is right."""

    message: Asked
    found: Sequence[Division]
    right: Sequence[bool]

    @property
    def weight(self) -> float:
        """How much each of its divisions counts."""
        return float((_REAL if len(self.message.right) > 1 else 1.0) / len(self.found) ** 0.5)


def learn_divider(
    messages: Sequence[Asked],
    hear: Hear,
    glance: Look,
    wording: Wording,
    entries: Mapping[str, Entry],
) -> Divider:
    """Return what tells several questions from one; with too few examples a generic one."""
    if sum(len(m.right) > 1 for m in messages) < _ENOUGH:
        return GENERIC

    def look(side: str) -> Glance:
        return glance(wording.plain(side))

    first = _first(messages, look, hear, wording, entries)
    tried = []
    for message in messages:
        places = promising(cuts(message.text, wording), look, first)
        tried.append(_try(message, places, hear, wording, entries))
    line = _asked(tried)
    if line is None:
        # The glance alone told them apart.
        return Divider(first, GENERIC.asked)
    torn: list[float] = []
    for fold in range(_FOLDS):
        # What a message itself taught must not judge it.
        judge = _asked([one for place, one in enumerate(tried) if place % _FOLDS != fold]) or line
        torn += _torn(judge, tried[fold::_FOLDS])
    return Divider(first, replace(line, at=float(np.quantile(torn, 1 - _TORN))))


def _asked(tried: Sequence[_Tried]) -> Line | None:
    """Return what tells the divisions that are right; None when there is nothing to tell."""
    rows = [
        (division.evidence, right, one.weight)
        for one in tried
        for division, right in zip(one.found, one.right, strict=True)
        if right or not _welcome(one.message, division)
    ]
    if len({row[1] for row in rows}) < 2:
        return None
    return _fit([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _torn(line: Line, tried: Sequence[_Tried]) -> list[float]:
    """Return, for each single question, the chance at which it would be torn."""
    return [
        max(
            (
                line.chance(division.evidence)
                for division in one.found
                if not _welcome(one.message, division)
            ),
            default=0.0,
        )
        for one in tried
        if len(one.message.right) < 2
    ]


def _first(
    messages: Sequence[Asked],
    look: Look,
    hear: Hear,
    wording: Wording,
    entries: Mapping[str, Entry],
) -> Line:
    """Return what tells at a glance the cuts that may be right from the others."""
    seen: list[tuple[float, ...]] = []
    right: list[bool] = []
    several: list[list[int]] = []
    """For each message with several questions the places of its good cuts among all."""
    for message in messages:
        places = cuts(message.text, wording)
        good = set()
        if len(message.right) > 1:
            tried = _try(message, places, hear, wording, entries)
            good = {d.cut for d, ok in zip(tried.found, tried.right, strict=True) if ok}
        seen += [first_evidence(cut, look) for cut in places]
        right += [cut in good for cut in places]
        if good:
            several.append([len(right) - len(places) + places.index(cut) for cut in good])
    if len(set(right)) < 2:
        return GENERIC.promising
    line = _fit(seen, right, [_REAL if ok else 1.0 for ok in right])
    chances = [line.chance(each) for each in seen]
    best = [max(chances[place] for place in places) for places in several]
    return replace(line, at=float(np.quantile(best, _OVERLOOKED)))


def _fit(seen: Sequence[Sequence[float]], right: Sequence[bool], weight: Sequence[float]) -> Line:
    from sklearn.linear_model import LogisticRegression

    evidence = np.array(seen)
    mean, scale = evidence.mean(axis=0), evidence.std(axis=0) + 1e-6
    # Strongly held back: few of the messages really ask several things.
    fitted = LogisticRegression(C=0.05, max_iter=3000).fit(
        (evidence - mean) / scale, right, sample_weight=weight
    )
    weights = fitted.coef_[0] / scale
    bias = float(fitted.intercept_[0] - weights @ mean)
    return Line(bias, tuple(float(w) for w in weights), 0.0)


def _try(
    message: Asked,
    places: Sequence[Cut],
    hear: Hear,
    wording: Wording,
    entries: Mapping[str, Entry],
) -> _Tried:
    texts = [message.text, *(side for cut in places for side in (cut.left, cut.right))]
    whole, *sides = hear([wording.plain(text) for text in texts])
    found = [
        division
        for place, cut in enumerate(places)
        for division in divisions(cut, whole, sides[2 * place], sides[2 * place + 1], entries)
    ]
    return _Tried(message, found, [_right(message, division) for division in found])


def _right(message: Asked, division: Division) -> bool:
    """Return whether each side asks what it is taken for."""
    one, other = division.entries
    return any(
        one in first and other in second
        for place, first in enumerate(message.right)
        for then, second in enumerate(message.right)
        if place != then
    )


def _welcome(message: Asked, division: Division) -> bool:
    """Return whether both entries are as good an answer to the one question asked."""
    return any(set(division.entries) <= each for each in message.right)
