"""Plain text for Telegram: cut into messages that fit, marked up as HTML. Pure."""

from __future__ import annotations

import re
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
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"


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
    while longest > 1 and (text[longest] in _JOINERS or text[longest - 1] in _JOINERS):
        longest -= 1
    return longest


def _between(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    found, place = [], 0
    for span in spans:
        piece = span.text[max(start - place, 0) : max(end - place, 0)]
        if piece:
            found.append(Span(piece, span.tag))
        place += len(span.text)
    return found
