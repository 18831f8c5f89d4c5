"""Changes on their way: proposed, tried, published or dropped; one is written at a time."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.editing.change import Change
from bot.editing.folder import Draft, FaqFolder, MovedOn, Refused
from bot.editing.history import History, Recorded
from bot.editing.impact import Impact, Question, Told
from bot.editing.merging import merged
from bot.editing.rehearsal import Rehearsal, RehearsalFailed, take_over_models
from bot.editing.shelf import Shelf, Shelved
from bot.errors import BotError

log = logging.getLogger(__name__)

_UNHEARD = {"hours.yaml", "messages.yaml"}
"""Files that do not decide which answer a question gets: there is nothing to try."""
_KEPT = timedelta(days=1)
"""How long a proposal is remembered: it shows what parents asked, which they may have removed."""


@dataclass(slots=True)
class Proposal:
    """A change that was shown to be sound, with what it would do once that is known."""

    token: str
    who: str
    at: datetime
    draft: Draft
    impact: Impact | None = None
    failed: str = ""
    """Why the trial could not be made."""
    published: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def tried(self) -> bool:
        return self.impact is not None or bool(self.failed)


class Workshop:
    """The way of every change that staff make on the pages."""

    def __init__(
        self,
        folder: FaqFolder,
        history: History,
        rehearsal: Rehearsal,
        shelf: Shelf,
        cache: Path,
        past: Callable[[], Awaitable[Sequence[str]]],
        now: Callable[[], datetime],
    ) -> None:
        self.folder = folder
        self.history = history
        self._rehearsal = rehearsal
        self._shelf = shelf
        self._cache = cache
        self._past = past
        """Returns past questions, masked."""
        self._now = now
        self._writing = asyncio.Lock()
        self._restoring = asyncio.Lock()
        self._proposals: dict[str, Proposal] = {}
        self._exam: tuple[str, asyncio.Task[list[tuple[Question, Told]]]] | None = None

    def examined(self, version: str) -> list[tuple[Question, Told]] | None:
        """Return what the labelled questions get in this version of the FAQ.

        None while it is being found out, in a process beside the desk; empty when that failed.
        """
        if self._exam is None or self._exam[0] != version:
            if self._exam is not None:
                self._exam[1].cancel()  # nobody wants to know any more; the next need not wait
            self._exam = version, asyncio.create_task(self._rehearsal.exam())
        task = self._exam[1]
        if not task.done():
            return None
        if task.cancelled() or task.exception() is not None:
            return []
        return task.result()

    async def propose(
        self, change: Change, state: str, who: str, seen: Iterable[str] = ()
    ) -> Proposal:
        """Return the change as a proposal whose trial has begun; raises Refused.

        `state` is that of the files `seen`, or of those that the change is about.
        """
        now = self._now()
        draft = await asyncio.to_thread(self.folder.draft, change, state, now.date(), seen)
        return await self._proposed(draft, who, now)

    async def _proposed(self, draft: Draft, who: str, now: datetime) -> Proposal:
        proposal = Proposal(secrets.token_urlsafe(9), who, now, draft)
        shelved = Shelved(proposal.token, who, now, draft.change, draft.before, draft.after)
        await asyncio.to_thread(self._shelf.sweep, now - _KEPT)
        await asyncio.to_thread(self._shelf.put, shelved)
        return self._begin(proposal)

    def _begin(self, proposal: Proposal) -> Proposal:
        proposal.task = asyncio.create_task(self._try(proposal))
        self._proposals[proposal.token] = proposal
        return proposal

    async def proposal(self, token: str) -> Proposal | None:
        """Return the proposal of that token, tried anew when it is from before a restart.

        None when it is not remembered any more; raises Refused when the other files have changed
        so that it would not pass the check.
        """
        oldest = self._now() - _KEPT
        for stale in [t for t, each in self._proposals.items() if each.at < oldest]:
            del self._proposals[stale]
        async with self._restoring:
            known = self._proposals.get(token)
            shelved = None if known else await asyncio.to_thread(self._shelf.take, token)
            if shelved is None or shelved.at < oldest:
                return known
            draft = await asyncio.to_thread(
                self.folder.checked,
                *(shelved.change, shelved.before, shelved.after, self._now().date()),
            )
            return self._begin(Proposal(token, shelved.who, shelved.at, draft))

    async def pending(self) -> list[Shelved]:
        """Return what waits to be published, the newest first; what is too old is forgotten."""
        await asyncio.to_thread(self._shelf.sweep, self._now() - _KEPT)
        return await asyncio.to_thread(self._shelf.all)

    async def give_up(self, proposal: Proposal) -> None:
        """Forget the proposal."""
        if proposal.task is not None:
            proposal.task.cancel()
        self._proposals.pop(proposal.token, None)
        await asyncio.to_thread(self._shelf.drop, proposal.token)

    async def publish(self, proposal: Proposal, who: str) -> None:
        """Write the proposal's files; raises Refused, also when they changed meanwhile."""
        async with self._writing:
            if proposal.published:
                return
            await asyncio.to_thread(take_over_models, self._cache)
            await asyncio.to_thread(self.folder.write, proposal.draft)
            proposal.published = True
            await asyncio.to_thread(self._shelf.drop, proposal.token)
            # Cancelled or not, what was written is recorded.
            await asyncio.shield(
                asyncio.to_thread(self.history.record, proposal.draft, who, self._now())
            )

    async def take_back(self, recorded: Recorded, who: str) -> Proposal:
        """Return a proposal that undoes one change and leaves later ones; raises Refused."""
        now = self._now()
        draft = await asyncio.to_thread(self._without, recorded, now)
        return await self._proposed(draft, who, now)

    def _without(self, recorded: Recorded, now: datetime) -> Draft:
        before, after = {}, {}
        for file, (old, new) in self.history.texts(recorded).items():
            present = (self.folder.path / file).read_bytes()
            text = merged(new.decode("utf-8"), present.decode("utf-8"), old.decode("utf-8"))
            if text is None or not old:
                raise MovedOn(
                    f"这次修改之后，{file} 的同一处又改过；请先撤销后来的那一次，或者直接改条目"
                )
            before[file], after[file] = present, text.encode()
        if before == after:
            raise Refused("这次修改已经不在文件里了，没有可撤销的")
        change = Change((), why=f"撤销 {recorded.who} 的“{recorded.what}”")
        return self.folder.checked(change, before, after, now.date())

    async def _try(self, proposal: Proposal) -> None:
        edited = [edit.name for edit in proposal.draft.change.edits]
        if proposal.draft.after.keys() <= _UNHEARD:
            proposal.impact = Impact(0, 0)
            return
        try:
            past = await self._past()
            proposal.impact = await self._rehearsal.impact(proposal.draft.after, past, edited)
        except (RehearsalFailed, TimeoutError, BotError) as error:
            proposal.failed = str(error) or "试算太久，没有等到结果"
        except Exception:
            log.exception("the trial of a change failed")
            proposal.failed = "试算出了意外，请把日志交给技术人员"
