"""What the pages of the FAQ share: the files as written, an entry of them, a change proposed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from starlette.responses import RedirectResponse

from bot import words
from bot.console.faq.previews import Preview, Previewer
from bot.console.places import FAQ
from bot.console.visit import Visit
from bot.editing.change import Change
from bot.editing.folder import MovedOn, Refused
from bot.editing.workshop import Proposal, Workshop
from bot.faq.problem import Problem
from bot.faq.schema import Entry
from bot.faq.value import Faq
from bot.learning.queue import LearningQueue
from bot.model import Reply

PUBLISHED = {"published": "已发布，几秒后家长就能听到。"}


@dataclass(frozen=True, slots=True)
class FaqPages:
    """What the FAQ's pages need beside the desk."""

    workshop: Workshop
    previews: Previewer
    learning: LearningQueue

    async def written(self) -> tuple[Faq | None, Sequence[Problem]]:
        """Return the files as they are now, which may be ahead of what is served."""
        return await asyncio.to_thread(self.workshop.folder.written)

    async def entry(self, entry_id: str) -> tuple[Faq, Entry] | None:
        """Return an entry or draft with the files it stands in; None also when they are broken."""
        faq, _ = await self.written()
        entry = faq and {**faq.entries, **faq.drafts}.get(entry_id)
        return (faq, entry) if faq and entry else None

    async def state(self, *files: str) -> str:
        """Return what tells whether the files changed meanwhile; raises Refused for no file.

        Ask before reading the files: what is written in between is then noticed.
        """
        return await asyncio.to_thread(self.workshop.folder.state, *files)

    async def propose(
        self, visit: Visit, change: Change, state: str, seen: Iterable[str] = ()
    ) -> RedirectResponse:
        """Return the way to the change's page, where it may be published; raises Refused."""
        return to_proposal(await self.workshop.propose(change, state, visit.staff.name, seen))

    def previewed(self, faq: Faq, entry: Entry, today: date) -> Sequence[Preview]:
        """Return the entry's answer as each channel shows it, a draft's too."""
        known = replace(faq, entries={**faq.entries, entry.id: entry})
        return self.previews(known, Reply(known.said(entry.id, today), words.after_answer(known)))


def to_proposal(proposal: Proposal) -> RedirectResponse:
    """Return the way to the proposal's page."""
    return RedirectResponse(f"{FAQ.path}proposals/{proposal.token}", 303)


def refused(visit: Visit, error: Refused) -> Visit:
    """Return the visit to a page that says why the change is not made."""
    return visit.refused(409 if isinstance(error, MovedOn) else 422, str(error), error.problems)
