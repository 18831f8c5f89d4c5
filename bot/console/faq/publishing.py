"""What a change would do and publishing it; what was published before and undoing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from starlette.responses import Response

from bot import words
from bot.console.faq.diff import difference
from bot.console.faq.pages import PUBLISHED, FaqPages, to_proposal
from bot.console.faq.previews import Preview
from bot.console.places import FAQ, LEARNING
from bot.console.visit import Visit, done
from bot.editing.change import Change
from bot.editing.folder import Refused
from bot.editing.history import Recorded
from bot.editing.impact import Impact, Shift, listed
from bot.editing.workshop import Proposal
from bot.engine import Desk
from bot.faq.value import Faq
from bot.model import CHONGQING, Reply
from bot.storage.audit import Audit

_GONE = (
    404,
    "没有这份修改",
    "这份修改已经不在了：发布过、放弃了，或者放了一天以上。请回到条目重新改。",
)
_NOT_ANY_MORE = "这份修改现在用不上了"
_AGAIN = "别的文件后来又改过；请回到条目，照新的内容再改一次。"
_DONE = {**PUBLISHED, "given_up": "这份修改已经放弃，文件没有动。"}
_PAGES = {"local.yaml": "local", "hours.yaml": "hours", "messages.yaml": "messages"}
"""Files that have a page of their own."""
_NO_CHANGE = (404, "没有这次修改", "地址可能输错了。")
_NOT_TRIED = "影响还没有算出来，请等一下再发布。"


class Publishing:
    """The pages of changes: those on their way and those of the past."""

    def __init__(self, desk: Desk, pages: FaqPages, now: Callable[[], datetime]) -> None:
        self._pages, self._shop, self._now = pages, pages.workshop, now
        self._audit = Audit(desk.store.database)

    async def proposal(self, visit: Visit) -> Response:
        """Return what a change would do, as far as it is known by now."""
        proposal = await self._find(visit)
        if isinstance(proposal, Response):
            return proposal
        draft, faq = proposal.draft, proposal.draft.faq
        entries = {**faq.entries, **faq.drafts}
        edited = dict.fromkeys(edit.name for edit in draft.change.edits)
        today = self._now().astimezone(CHONGQING).date()
        return visit.page(
            "faq/proposal.html",
            proposal=proposal,
            diff=difference({f: (draft.before[f], draft.after[f]) for f in draft.after}),
            warnings=draft.warnings,
            impact=proposal.impact,
            titles={e.id: e.title for e in entries.values()},
            previews=[
                *(
                    (entries[name].title, self._pages.previewed(faq, entries[name], today))
                    for name in edited
                    if name in entries
                ),
                *(self._of_duty(faq) if "hours.yaml" in draft.after else ()),
            ],
            shifts=_shifts(proposal.impact) if proposal.impact else (),
        )

    def _of_duty(self, faq: Faq) -> Iterator[tuple[str, Sequence[Preview]]]:
        """Give what parents hear of the office's hours, now and late in the evening."""
        now = self._now().astimezone(CHONGQING)
        for title, at in (("现在转人工", now), ("晚上十点转人工", now.replace(hour=22, minute=0))):
            yield title, self._pages.previews(faq, Reply(words.duty(faq, at)))

    async def publish(self, visit: Visit) -> Response:
        """Write the change, which the desk takes over within seconds; or give it up."""
        proposal = await self._find(visit)
        if isinstance(proposal, Response):
            return proposal
        if visit.typed("do") == "give_up":
            await self._shop.give_up(proposal)
            return done(f"{FAQ.path}changes", "given_up")
        if not proposal.tried:
            return await self.proposal(visit.refused(409, _NOT_TRIED))
        draft, who = proposal.draft, visit.staff.name
        try:
            await self._shop.publish(proposal, who)
        except Refused as error:
            return await self.proposal(visit.refused(409, str(error)))
        await self._audit.add(who, "faq", "、".join(draft.after), self._now(), draft.change.words)
        if draft.change.settles:
            await self._pages.learning.settle(draft.change.settles, who, self._now())
            return done(LEARNING.path, "published")
        return done(FAQ.path + _page_of(draft.change), "published")

    async def changes(self, visit: Visit) -> Response:
        """Return who changed what, the newest first."""
        latest = await asyncio.to_thread(self._shop.history.latest)
        entry = visit.asked("entry")
        return visit.page(
            "faq/changes.html",
            changes=[c for c in latest if not entry or entry in c.what],
            pending=[p for p in await self._shop.pending() if not entry or entry in p.change.words],
            entry=entry,
            now=self._now(),
            notice=visit.notice(_DONE),
        )

    async def change(self, visit: Visit) -> Response:
        """Return one change of the past, line by line."""
        recorded = await self._recorded(visit)
        if recorded is None:
            return visit.problem(*_NO_CHANGE)
        texts = await asyncio.to_thread(self._shop.history.texts, recorded)
        return visit.page(
            "faq/change.html", change=recorded, diff=difference(texts), now=self._now()
        )

    async def take_back(self, visit: Visit) -> Response:
        """Propose to undo one change; later ones stay."""
        recorded = await self._recorded(visit)
        if recorded is None:
            return visit.problem(*_NO_CHANGE)
        try:
            return to_proposal(await self._shop.take_back(recorded, visit.staff.name))
        except Refused as error:
            return await self.change(visit.refused(409, str(error)))

    async def _find(self, visit: Visit) -> Proposal | Response:
        """Return the proposal, or the page that says why there is none."""
        try:
            found = await self._shop.proposal(visit.part("token"))
        except Refused as error:
            return visit.problem(409, _NOT_ANY_MORE, f"{error}。{_AGAIN}")
        return found or visit.problem(*_GONE)

    async def _recorded(self, visit: Visit) -> Recorded | None:
        return await asyncio.to_thread(self._shop.history.find, visit.part("id"))


def _page_of(change: Change) -> str:
    """Return where staff see what they published."""
    names = [edit.name for edit in change.edits if edit.part == "entries"]
    if names:
        return f"entries/{names[0]}"
    return _PAGES.get(change.files[0], "changes") if change.files else "changes"


def _shifts(impact: Impact) -> list[tuple[str, int, list[Shift]]]:
    """Return what is told of each way a question can go: a title, how many went, which."""
    return [
        (title, len(shifts), listed(shifts))
        for title, shifts in (
            ("变差的：原来答对或有着落，改了反而不行", impact.lost),
            ("换了去处的：好坏差不多，答的或给的选项不一样了", impact.moved),
            ("变好的：原来没答上或答错，改了就对", impact.gained),
        )
    ]
