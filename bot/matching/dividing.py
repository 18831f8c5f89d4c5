"""Learning from labelled messages when one of them asks for two things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.faq.schema import Entry
from bot.matching.hearing import Glance
from bot.matching.several import (
    GENERIC,
    Chances,
    Cut,
    Divider,
    Division,
    Line,
    cuts,
    divisions,
    first_evidence,
    promising,
)
from bot.matching.wording import Wording

Rank = Callable[[Sequence[str]], Sequence[Chances]]
Look = Callable[[str], Glance]

_ENOUGH = 30
"""Fewer messages with several questions teach nothing."""
_TORN = 0.025
"""The wanted share of single questions that get a second answer."""
_OVERLOOKED = 0.02
"""The wanted share of messages with two questions whose cut a glance passes over."""
_JOINED = 600
"""Further messages with two questions, put together from single ones."""
_LONGEST_JOINED = 40
_STRIDES = 7919, 104_729
_JOINS = ("，", "？", " ", "，还有", "，另外", "？还有", "。", "，顺便问下", "\n")
_REAL, _PUT_TOGETHER = 2.0, 0.5
"""How much a message that really asks several things counts, and one put together."""


@dataclass(frozen=True, slots=True)
class Message:
    """A labelled message."""

    text: str
    right: tuple[frozenset[str], ...]
    """For each thing asked the entries that answer it; none: nothing of ours is asked."""
    whole: bool = True
    """False when it was put together here."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a message could be divided into, and which of that is right."""

    message: Message
    found: Sequence[Division]
    right: Sequence[bool]


def learn_divider(
    messages: Sequence[Message],
    rank: Rank,
    glance: Look,
    wording: Wording,
    entries: Mapping[str, Entry],
) -> Divider:
    """Return what tells several questions from one; with too few examples a generic one."""
    if sum(len(m.right) > 1 for m in messages) < _ENOUGH:
        return GENERIC

    def look(side: str) -> Glance:
        return glance(wording.plain(side))

    first = _first(messages, look, rank, wording, entries)
    tried = []
    for message in (*messages, *_put_together(messages)):
        places = promising(cuts(message.text, wording), look, first)
        tried.append(_try(message, places, rank, wording, entries))
    rows = [
        (division.evidence, right, _weight(one.message) / len(one.found) ** 0.5)
        for one in tried
        for division, right in zip(one.found, one.right, strict=True)
        if right or not _welcome(one.message, division)
    ]
    if len({row[1] for row in rows}) < 2:
        # The glance alone told them apart.
        return Divider(first, GENERIC.asked)
    line = _fit([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
    return Divider(first, replace(line, at=_threshold(line, tried)))


def _first(
    messages: Sequence[Message],
    look: Look,
    rank: Rank,
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
            tried = _try(message, places, rank, wording, entries)
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


def _threshold(line: Line, tried: Sequence[_Tried]) -> float:
    """Return the lowest chance from which on single questions stay whole, but for their share."""
    torn = []
    for one in tried:
        if one.message.whole and len(one.message.right) < 2:
            chances = [
                line.chance(division.evidence)
                for division in one.found
                if not _welcome(one.message, division)
            ]
            torn.append(max(chances, default=0.0))
    return float(np.quantile(torn, 1 - _TORN))


def _try(
    message: Message,
    places: Sequence[Cut],
    rank: Rank,
    wording: Wording,
    entries: Mapping[str, Entry],
) -> _Tried:
    texts = [message.text, *(side for cut in places for side in (cut.left, cut.right))]
    whole, *sides = rank([wording.plain(text) for text in texts])
    found = [
        division
        for place, cut in enumerate(places)
        for division in divisions(cut, whole, sides[2 * place], sides[2 * place + 1], entries)
    ]
    return _Tried(message, found, [_right(message, division) for division in found])


def _right(message: Message, division: Division) -> bool:
    """Return whether each side asks what it is taken for."""
    one, other = division.entries
    return any(
        one in first and other in second
        for place, first in enumerate(message.right)
        for then, second in enumerate(message.right)
        if place != then
    )


def _welcome(message: Message, division: Division) -> bool:
    """Return whether both entries are as good an answer to the one question asked."""
    return any(set(division.entries) <= each for each in message.right)


def _weight(message: Message) -> float:
    if not message.whole:
        return _PUT_TOGETHER
    return _REAL if len(message.right) > 1 else 1.0


def _put_together(messages: Sequence[Message]) -> Iterator[Message]:
    """Give messages made of two: both ask something of ours, or one of them does."""
    short = [m for m in messages if len(m.right) < 2 and len(m.text) <= _LONGEST_JOINED]
    for number in range(_JOINED):
        # Strides that have no common measure: every pair is another one, the same in every run.
        one, other = (short[number * stride % len(short)] for stride in _STRIDES)
        if not (one.right or other.right) or set().union(*one.right) & set().union(*other.right):
            continue
        join = _JOINS[number % len(_JOINS)]
        text = one.text.rstrip("？?。！!") + join + other.text
        yield Message(text, (*one.right, *other.right), whole=False)
