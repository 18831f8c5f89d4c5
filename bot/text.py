"""Normalise an utterance, cut it into clauses. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from zhconv_rs import zhconv

_KEEP = re.compile(r"[^\w]+|_")
_CLAUSE_END = re.compile(r"[,。!;、:…~\n\s]+|\?+|\.{2,}")
_CLAUSE_END_AFTER_QUESTION = re.compile(r"[,。!;、:…~\n\s]+|(?<=\?)|\.{2,}")


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


@cache
def squeezed(words: tuple[str, ...]) -> frozenset[str]:
    """Return staff's wordings squeezed; kept, for they are compared with every message."""
    return frozenset(map(squeeze, words))


def clauses(text: str, *, keep_question_marks: bool = False) -> list[str]:
    """Return the parts of folded text between marks and spaces, none empty.

    >>> clauses("我们是外地的，怎么报名？ 要啥材料")
    ['我们是外地的', '怎么报名', '要啥材料']
    >>> clauses("怎么报名？要啥", keep_question_marks=True)
    ['怎么报名?', '要啥']
    """
    end = _CLAUSE_END_AFTER_QUESTION if keep_question_marks else _CLAUSE_END
    return [part for part in end.split(fold(text)) if part and part != "?"]
