"""Cut a text into pieces that fit a message, at the ends of paragraphs, lines, sentences. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_ENDS = (
    re.compile(r"\n{2,}"),
    re.compile(r"\n"),
    re.compile(r"[。！？；…]+[”’」』）)]*|[!?;]+(?=[\s一-鿿])"),
    re.compile(r"[，、：\s]|[,:](?=[一-鿿])"),
)
_HELD = re.compile(r"[\w@./:+\-]{2,200}$", re.ASCII)
"""An address, a number or a command: what a messenger makes clickable stays whole."""
_ZWJ = "\u200d"
_LONGEST_SIGN = 40
"""Code points of one visible sign; what goes on longer is no sign, and is cut anyway."""

Size = Callable[[str], int]
"""How long a messenger counts a text; more of it never counts less."""


def cuts(text: str, room: int, size: Size) -> list[tuple[int, int]]:
    """Return (start, end) of pieces of at most `room`, white space at the cuts left out.

    >>> cuts("第一句。 第二句。", 5, len)
    [(0, 4), (5, 9)]
    """
    found, start = [], 0
    while start < len(text):
        # No text of more characters than there is room fits; looking further takes time.
        end = start + _fitting(text[start : start + room + 1], room, size)
        stripped = text[start:end].rstrip()
        if stripped:
            found.append((start, start + len(stripped)))
        start = end
        while start < len(text) and text[start].isspace():
            start += 1
    return found


def pieces(text: str, room: int, size: Size) -> list[str]:
    """Return the pieces themselves.

    >>> pieces("第一句。第二句。", 5, len)
    ['第一句。', '第二句。']
    """
    return [text[start:end] for start, end in cuts(text, room, size)]


def _fitting(text: str, room: int, size: Size) -> int:
    """Return how many characters go into one piece, at least one."""
    if size(text) <= room:
        return len(text)
    low, high = 1, len(text) - 1
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
    return _between_signs(text, low)


def _between_signs(text: str, cut: int) -> int:
    """Return the last place up to `cut` where no visible sign is torn: a family, a flag, an é."""
    for place in range(cut, max(cut - _LONGEST_SIGN, 0), -1):
        if not _goes_on(text, place):
            return place
    return cut


def _goes_on(text: str, place: int) -> bool:
    """Return whether the sign before that place goes on after it.

    >>> _goes_on("👨\u200d👧", 1), _goes_on("👍🏽", 1), _goes_on("🇨🇳🇨🇳", 1), _goes_on("🇨🇳🇨🇳", 2)
    (True, True, True, False)
    """
    before, after = text[place - 1], text[place]
    if before == _ZWJ or "\U0001f3fb" <= after <= "\U0001f3ff":  # skin
        return True
    if unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf"):
        return True
    if _is_flag_letter(before) and _is_flag_letter(after):
        letters = 0
        while letters < place and _is_flag_letter(text[place - 1 - letters]):
            letters += 1
        return letters % 2 == 1
    return False


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
