"""Normalise an utterance, cut it into clauses. Pure."""

from __future__ import annotations

import re
import unicodedata

from zhconv_rs import zhconv

_KEEP = re.compile(r"[^\w]+|_")
_CLAUSE_END = re.compile(r"[,。!?;、:…~\n\s]+|\.{2,}")
_SENTENCE_END = re.compile(r"(?<=[。！？；!?;\n])")


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


def sentences(text: str) -> list[str]:
    """Return the sentences of folded text with their end marks, none empty.

    >>> sentences("我们是外地的，怎么报名？ 要啥材料")
    ['我们是外地的,怎么报名?', '要啥材料']
    """
    return [part.strip() for part in _SENTENCE_END.split(fold(text)) if part.strip()]


def clauses(text: str) -> list[str]:
    """Return the parts of folded text between marks and spaces, none empty.

    >>> clauses("我们是外地的，怎么报名？ 要啥材料")
    ['我们是外地的', '怎么报名', '要啥材料']
    """
    return [part for part in _CLAUSE_END.split(fold(text)) if part]
