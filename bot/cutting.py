"""Cut a text into pieces that fit a message, at the ends of paragraphs, lines, sentences. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

_ENDS = (
    re.compile(r"\n{2,}"),
    re.compile(r"\n"),
    re.compile(r"[。！？；…]+[”’」』）)]*|[!?;]+(?=[\s一-鿿])"),
    re.compile(r"[，、：\s]|[,:](?=[一-鿿])"),
)
_HELD = re.compile(r"[\w@./:+\-]{2,200}$", re.ASCII)
"""An address or a number: what a messenger would make clickable stays whole."""
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"


def pieces(text: str, room: int, size: Callable[[str], int]) -> list[str]:
    """Return the text in pieces of at most `room`, as `size` counts; white space at cuts goes.

    >>> pieces("第一句。第二句。", 5, len)
    ['第一句。', '第二句。']
    """
    found = []
    text = text.strip()
    while text:
        end = _fitting(text, room, size)
        found.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return found


def _fitting(text: str, room: int, size: Callable[[str], int]) -> int:
    """Return how many characters go into the next piece, at least one."""
    if size(text) <= room:
        return len(text)
    low, high = 1, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= room else (low, middle - 1)
    window = text[:low]
    for pattern in _ENDS:
        ends = [found.end() for found in pattern.finditer(window)]
        if ends and ends[-1] >= low // 2:
            return ends[-1]
    held = _HELD.search(window)
    if held and held.start() and text[low : low + 1].isascii():
        return held.start()
    while low > 1 and (text[low] in _JOINERS or text[low - 1] in _JOINERS):
        low -= 1
    return low
