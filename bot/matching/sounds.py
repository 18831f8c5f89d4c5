"""How characters sound, folded the way southwestern speakers and their keyboards mix sounds.

Pure. The table is built once with pypinyin and travels with the trained model, so that
answering a parent imports no dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_LATIN = re.compile(r"[a-z]+")
_FOLDS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_LONGEST_SYLLABLE = 6
_COMMON = range(0x4E00, 0x9FFF + 1)


def fold_syllable(syllable: str) -> str:
    """Return a toneless syllable with zh/z, ch/c, sh/s, n/l and -ng/-n made one.

    >>> fold_syllable("zheng"), fold_syllable("ning"), fold_syllable("lang")
    ('zen', 'lin', 'lan')
    """
    for long, short in _FOLDS:
        if syllable.startswith(long):
            syllable = short + syllable[2:]
    if syllable[0] == "n" and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    return syllable.removesuffix("g").replace("v", "u") if syllable.endswith("ng") else syllable


@cache
def _readings() -> dict[int, list[str]]:
    from pypinyin import pinyin_dict
    from pypinyin.contrib.tone_convert import to_normal

    return {
        code: [to_normal(r).replace("ü", "v") for r in readings.split(",")]
        for code, readings in pinyin_dict.pinyin_dict.items()
        if code in _COMMON
    }


def sound_table() -> dict[str, str]:
    """Return character -> folded syllable (its commonest reading) for the common block."""
    return {
        chr(code): fold_syllable(readings[0])
        for code, readings in _readings().items()
        if readings[0].isascii() and readings[0].isalpha()
    }


def syllable_set() -> frozenset[str]:
    """Return every toneless syllable as people type it."""
    every = {reading for readings in _readings().values() for reading in readings}
    return frozenset(s for s in every if s.isascii() and s.isalpha())


class Sounds:
    """Turns squeezed text into a list of folded syllables."""

    def __init__(self, table: Mapping[str, str], syllables: frozenset[str]) -> None:
        self._table = table
        self._syllables = syllables

    def of(self, text: str) -> list[str]:
        """Return the folded syllables of squeezed text; what has no sound stands for itself."""
        out: list[str] = []
        at = 0
        while at < len(text):
            latin = _LATIN.match(text, at)
            if latin:
                out += self._cut(latin[0])
                at = latin.end()
            else:
                if text[at] != " ":
                    out.append(self._table.get(text[at], text[at]))
                at += 1
        return out

    def _cut(self, run: str) -> tuple[str, ...]:
        """Return typed pinyin as folded syllables, or the run itself where it is none."""
        if not 1 < len(run) <= 60:
            return (run,)
        best: list[tuple[str, ...] | None] = [(), *([None] * len(run))]
        for end in range(1, len(run) + 1):
            for start in range(max(0, end - _LONGEST_SYLLABLE), end):
                head, tail = best[start], run[start:end]
                if head is not None and tail in self._syllables:
                    now = best[end]
                    if now is None or len(head) + 1 < len(now):
                        best[end] = (*head, fold_syllable(tail))
        return best[-1] or (run,)
