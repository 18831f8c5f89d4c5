"""Plain text for Telegram: cut into messages that fit, marked up as HTML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bot.cutting import cuts

LIMIT = 4096
"""Characters of one message after its markup is read, counted as UTF-16 does."""
_NUMBERING = 16
"""Room for （12/34） and a line end."""


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
    found = cuts(text, limit - _NUMBERING, units)
    parts = []
    for place, (start, end) in enumerate(found, start=1):
        parts.append([Span(f"（{place}/{len(found)}）\n"), *_between(spans, start, end)])
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


def _between(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    found, place = [], 0
    for span in spans:
        piece = span.text[max(start - place, 0) : max(end - place, 0)]
        if piece:
            found.append(Span(piece, span.tag))
        place += len(span.text)
    return found
