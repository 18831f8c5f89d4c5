"""Normalise an utterance, cut it into clauses. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from zhconv_rs import zhconv

_KEEP = re.compile(r"[^\w]+|_")
_APOSTROPHES = re.compile("['’`]")
_CLAUSE_END = re.compile(r"(?:[,。!;、:…~?\n\s]|\.{2,})+")
_SENTENCE_END = re.compile(r"[。!;\n]")
_WORDS_END = re.compile(r"(?:[,.:;!?…~]+(?=\s|$)|[。、]|(?=\n))+")


def fold(text: str) -> str:
    """Return the text with width, case and script folded; punctuation and spaces stay.

    >>> fold("隨遷子女 ＡＢＣ１２")
    '随迁子女 abc12'
    """
    return zhconv(unicodedata.normalize("NFKC", text).casefold(), "zh-hans")


def squeeze(text: str) -> str:
    """Return folded text without punctuation, spaces, emoji.

    >>> squeeze("怎麼 報名？！😩")
    '怎么报名'
    """
    return _KEEP.sub("", fold(text))


def spaced_out(text: str) -> str:
    """Return folded text with one space between its words and no punctuation.

    >>> spaced_out("What's  the FEE, please?")
    'whats the fee please'
    """
    return " ".join(_KEEP.sub(" ", _APOSTROPHES.sub("", fold(text))).split())


@cache
def squeezed(words: tuple[str, ...]) -> frozenset[str]:
    """Return staff's wordings squeezed; kept, for they are compared with every message."""
    return frozenset(map(squeeze, words))


def clauses(text: str, *, keep_ends: bool = False, spaced: bool = False) -> list[str]:
    """Return the parts of folded text between marks and spaces, none empty.

    With `keep_ends` a part ends with ? or 。 where a question or a sentence ended. In `spaced` text
    spaces part words, no more, and stay before the second.

    >>> clauses("我们是外地的，怎么报名？ 要啥材料")
    ['我们是外地的', '怎么报名', '要啥材料']
    >>> clauses("怎么报名？要啥；多少钱", keep_ends=True)
    ['怎么报名?', '要啥。', '多少钱']
    >>> clauses("I moved, so where do I pay? And when", spaced=True)
    ['i moved', ' so where do i pay', ' and when']
    """
    folded, ends = fold(text), _WORDS_END if spaced else _CLAUSE_END
    if not keep_ends:
        return [part for part in ends.split(folded) if part.strip()]
    found, begin = [], 0
    for end in ends.finditer(folded):
        if end.start() > begin:
            found.append(folded[begin : end.start()] + _end(end[0]))
        begin = end.end()
    return [*found, folded[begin:]] if begin < len(folded) else found


def _end(marks: str) -> str:
    return "?" if "?" in marks else "。" if _SENTENCE_END.search(marks) else ""
