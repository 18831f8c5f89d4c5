"""Whether one entry answers what is another one's: phrases asked word for word, then varied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rapidfuzz import fuzz, process

from bot.evaluate import Output
from bot.exam.report import given
from bot.faq.folder import Said
from bot.faq.problem import Problem

EACH = 5
"""Phrases of an entry that are asked: those most like another entry's."""

_ROWS = 500
_ENDS = {"吗": "不", "不": "吗", "么": "不"}
_FILLERS = ("到底", "其实", "现在")
_MARKS = "？?。！!，,～~ "


def sample(phrases: Sequence[Said], each: int = EACH) -> list[Said]:
    """Return the phrases of each entry that are most like a phrase of another one."""
    if not phrases:
        return []
    names = {name: number for number, name in enumerate(dict.fromkeys(p.owner for p in phrases))}
    owners = np.array([names[p.owner] for p in phrases])
    texts = [p.bare for p in phrases]
    likeness = np.zeros(len(phrases))
    for start in range(0, len(texts), _ROWS):
        ratios = process.cdist(texts[start : start + _ROWS], texts, scorer=fuzz.ratio)
        ratios[owners[start : start + _ROWS, None] == owners[None, :]] = 0
        likeness[start : start + _ROWS] = ratios.max(axis=1, initial=0)
    nearest = np.argsort(-likeness, kind="stable")
    taken: dict[int, list[int]] = {}
    for place in nearest:
        taken.setdefault(int(owners[place]), []).append(int(place))
    chosen = sorted(place for places in taken.values() for place in places[:each])
    return [phrases[place] for place in chosen]


def varied(text: str) -> str:
    """Return the same question with another particle at its end, or with one filler more.

    >>> varied("外地户口能不能读吗？"), varied("几岁上小学")
    ('外地户口能不能读不', '到底几岁上小学')
    """
    bare = text.rstrip(_MARKS)
    if len(bare) > 1 and bare[-1] in _ENDS:
        return bare[:-1] + _ENDS[bare[-1]]
    filler = next((filler for filler in _FILLERS if filler not in bare), None)
    return f"{bare}吗" if filler is None else filler + bare


def stolen(
    phrases: Iterable[Said], word_for_word: Iterable[Output], changed: Iterable[Output]
) -> Iterator[Problem]:
    """Give the phrases that something else answers: an error word for word, else a warning."""
    for said, own, other in zip(phrases, word_for_word, changed, strict=True):
        if thief := _thief(said, own):
            yield said.problem(
                f"{said.owner} 的“{said.text}”一字不差地问，却由 {thief} 来答",
                "这句只留在该答的那一条里，或者换一种更清楚的说法",
            )
        elif thief := _thief(said, other):
            yield said.warning(
                f"{said.owner} 的“{said.text}”换个说法（“{varied(said.text)}”），就由 {thief} 来答",
                "两条的说法离得太近：给该答的那一条多补几种说法，或者写进另一条的 not_for",
            )


def _thief(said: Said, output: Output) -> str | None:
    """Return what answers instead; a question back is no theft."""
    match output["decision"]:
        case "answer" if output["entry"] != said.owner:
            return given(output)
        case "elsewhere":
            return given(output)
        case _:
            return None
