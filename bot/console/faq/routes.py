"""The addresses of the FAQ's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from starlette.routing import Route

from bot.console.door import Door
from bot.console.faq.browsing import Browsing
from bot.console.faq.editing import Editing
from bot.console.faq.hours import Hours
from bot.console.faq.pages import FaqPages
from bot.console.faq.publishing import Publishing
from bot.console.faq.sentences import Sentences
from bot.console.places import FAQ
from bot.console.visit import Page
from bot.engine import Desk


def faq_routes(
    desk: Desk, pages: FaqPages, door: Door, now: Callable[[], datetime]
) -> Iterator[Route]:
    """Yield the addresses of the FAQ's pages, below /staff."""
    browsing, editing = Browsing(desk, pages, now), Editing(pages)
    hours, sentences = Hours(pages, now), Sentences(pages)
    publishing = Publishing(desk, pages, now)
    return door.routes(
        FAQ,
        Page("/faq/", browsing.all),
        Page("/faq/try", browsing.try_out),
        Page("/faq/entries/{id}", browsing.entry),
        Page("/faq/entries/{id}/edit", editing.edit, editing.propose),
        Page("/faq/new", editing.new, editing.propose_new),
        Page("/faq/local", editing.local, editing.propose_local),
        Page("/faq/hours", hours.show, hours.propose),
        Page("/faq/messages", sentences.show, sentences.propose),
        Page("/faq/proposals/{token}", publishing.proposal, publishing.publish),
        Page("/faq/changes", publishing.changes),
        Page("/faq/changes/{id}", publishing.change, publishing.take_back),
    )
