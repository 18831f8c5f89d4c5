"""Plain text for Telegram: cut into messages that fit, marked up as HTML. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LIMIT = 4096
"""Characters of one message after its markup is read, counted as UTF-16 does."""
_NUMBERING = 16
"""Room for （12/34） and a line end."""

_PARAGRAPH = re.compile(r"\n{2,}")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[。！？；…]+[”’」』）)]*|[!?;]+(?=[\s一-鿿])")
_PAUSE = re.compile(r"[，、：\s]|[,:](?=[一-鿿])")
_HELD = re.compile(r"[\w@./:+\-]{2,200}$", re.ASCII)
"""An address, a number or a command: what Telegram would make clickable stays whole."""
_ZWJ = "\u200d"
_LONGEST_SIGN = 40
"""Code points of one visible sign; what goes on longer is no sign, and is cut anyway."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with one look; `tag` is empty, b or i."""

    text: str
    tag: str = ""


def units(text: str) -> int:
    """Return the length as Telegram counts it.

    >>> units("好"), units("😀")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(spans: Sequence[Span], limit: int = LIMIT) -> list[list[Span]]:
    """Return the text as messages of at most `limit`, numbered （1/2） when there are several.

    A look that goes over a cut begins anew after it: no tag is ever cut.
    """
    text = "".join(span.text for span in spans)
    if units(text) <= limit:
        return [[span for span in spans if span.text]] if text.strip() else []
    cuts = _cuts(text, limit - _NUMBERING)
    parts = []
    for place, (start, end) in enumerate(cuts, start=1):
        parts.append([Span(f"（{place}/{len(cuts)}）\n"), *_between(spans, start, end)])
    return parts


def html(spans: Sequence[Span]) -> str:
    """Return the spans as Telegram's HTML.

    >>> html([Span("1<2 & "), Span("好", "b")])
    '1&lt;2 &amp; <b>好</b>'
    """
    return "".join(
        f"<{span.tag}>{escape(span.text, quote=False)}</{span.tag}>"
        if span.tag
        else escape(span.text, quote=False)
        for span in spans
    )


def plain(spans: Sequence[Span]) -> str:
    """Return the spans without any look."""
    return "".join(span.text for span in spans)


def _cuts(text: str, room: int) -> list[tuple[int, int]]:
    """Return (start, end) of each part, white space at the cuts left out."""
    cuts, start = [], 0
    while start < len(text):
        end = start + _fitting(text[start:], room)
        stripped = text[start:end].rstrip()
        if stripped:
            cuts.append((start, start + len(stripped)))
        start = end
        while start < len(text) and text[start].isspace():
            start += 1
    return cuts


def _fitting(text: str, room: int) -> int:
    """Return how many characters go into one part: up to the end of a paragraph, line, sentence."""
    if units(text) <= room:
        return len(text)
    longest, used = 0, 0
    for char in text:
        used += 2 if ord(char) > 0xFFFF else 1
        if used > room:
            break
        longest += 1
    window = text[:longest]
    for pattern in (_PARAGRAPH, _LINE, _SENTENCE, _PAUSE):
        ends = [found.end() for found in pattern.finditer(window)]
        if ends and ends[-1] >= longest // 2:
            return ends[-1]
    held = _HELD.search(window)
    if held and held.start() and text[longest : longest + 1].isascii():
        return held.start()
    return _between_signs(text, longest)


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


def _between(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    found, place = [], 0
    for span in spans:
        piece = span.text[max(start - place, 0) : max(end - place, 0)]
        if piece:
            found.append(Span(piece, span.tag))
        place += len(span.text)
    return found
