"""How an answer looks to a parent in each channel; the channels themselves are handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.faq.value import Faq
from bot.model import Reply


@dataclass(frozen=True, slots=True)
class Preview:
    """An answer in one channel."""

    channel: str
    bubbles: tuple[str, ...]
    buttons: tuple[str, ...] = ()
    """What stands under the last bubble."""
    note: str = ""


Previewer = Callable[[Faq, Reply], Sequence[Preview]]


def on_the_web(faq: Faq, reply: Reply) -> list[Preview]:
    """Return the web page's preview alone."""
    return [Preview("网页", (reply.text,), tuple(c.label for c in reply.choices))]
