"""The learning queue's pages: groups of what was not understood, each settled in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.console.door import Door
from bot.console.faq.pages import FaqPages
from bot.console.guard import PATH, SignedIn, field_text
from bot.console.pages import page, problem
from bot.editing.change import Change, Settlement
from bot.editing.folder import Refused
from bot.engine import Desk
from bot.faq.folder import FILES
from bot.faq.problem import Problem
from bot.faq.value import Faq
from bot.learning import accepting
from bot.learning.groups import Group
from bot.learning.queue import LearningQueue
from bot.learning.signals import Kind
from bot.storage.audit import Audit

_HOME = f"{PATH}/learning"
SHOWN = 60
"""Groups on the page; settled ones make room."""
MOST_TEXTS = 40
KIND = {
    Kind.MISS: "没听懂",
    Kind.NEAR: "给了选项没选",
    Kind.TAPPED: "家长自己选的",
    Kind.NOT_HELPED: "说没帮助",
}
_KINDS = {kind.value: kind for kind in Kind}
_DONE = {"ignored": "已放到一边，不再列出。", "published": "已发布，这一组处理完了。"}
_GONE = "这一组已经处理过了，或者有新的话进来重新分了组。请回到列表再看。"
_NOTHING_PICKED = "一句都没有勾。请勾上要收的，再选怎么处理。"
_NOTHING_NEW = "勾上的那里都已经有了，没有什么可改的。"


def learning_routes(
    desk: Desk, pages: FaqPages, door: Door, now: Callable[[], datetime]
) -> list[BaseRoute]:
    """Return the addresses of the learning queue, below /staff."""
    views = _Learning(desk, pages, pages.learning, now)
    return [
        Route("/learning/", door.page(views.all)),
        Route("/learning/{id}", door.page(views.group)),
        Route("/learning/{id}", door.form(views.decide), methods=["POST"]),
    ]


class _Learning:
    """The learning queue."""

    def __init__(
        self, desk: Desk, pages: FaqPages, queue: LearningQueue, now: Callable[[], datetime]
    ) -> None:
        self._desk = desk
        self._shop = pages.workshop
        self._queue = queue
        self._now = now
        self._audit = Audit(desk.store.database)

    async def all(self, request: Request, staff: SignedIn) -> Response:
        """Return the groups, the largest first."""
        await self._audit.looked(staff.name, "learning", self._now(), again=True)
        groups = await self._queue.groups()
        kind = _KINDS.get(request.query_params.get("kind", ""))
        shown = [group for group in groups if kind is None or group.kinds[kind]]
        return page(
            "learning/all.html",
            staff=staff,
            place="learning",
            groups=shown[:SHOWN],
            more=max(0, len(shown) - SHOWN),
            counts={each: sum(group.kinds[each] for group in groups) for each in Kind},
            total=sum(len(group.signals) for group in groups),
            kind=kind,
            Kind=Kind,
            KIND=KIND,
            faq=self._desk.mind.faq,
            notice=_DONE.get(request.query_params.get("done", "")),
        )

    async def group(self, request: Request, staff: SignedIn) -> Response:
        """Return one group with what may be made of it."""
        group = await self._queue.group(request.path_params["id"])
        if group is None:
            return problem(404, "没有这一组", _GONE, staff=staff, place="learning")
        await self._audit.looked(staff.name, "learning", self._now(), again=True)
        return self._group(staff, group)

    def _group(
        self,
        staff: SignedIn,
        group: Group,
        *,
        status: int = 200,
        error: str = "",
        found: tuple[Problem, ...] = (),
        target: str = "",
        typed: list[str] | None = None,
    ) -> Response:
        faq = self._desk.mind.faq
        votes = [(faq.entries[e], n) for e, n in group.votes() if e in faq.entries]
        return page(
            "learning/group.html",
            status,
            staff=staff,
            place="learning",
            group=group,
            texts=group.texts[:MOST_TEXTS],
            typed=typed,
            votes=votes,
            target=target or (votes[0][0].id if votes else ""),
            topics=faq.topics,
            matters=faq.matters,
            KIND=KIND,
            error=error,
            found=found,
        )

    async def decide(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Make something of the group: set aside at once, all else is a proposal first."""
        group = await self._queue.group(request.path_params["id"])
        if group is None:
            return problem(404, "没有这一组", _GONE, staff=staff, place="learning")
        do = field_text(form, "do")
        if do == accepting.NEW:
            return RedirectResponse(f"{PATH}/faq/new?group={group.id}", 303)
        said = [text for text, _ in group.texts[:MOST_TEXTS]]
        chosen = {str(n) for n in form.getlist("pick")}
        typed = [field_text(form, f"text-{n}") for n in range(len(said))]
        picked = [n for n in range(len(said)) if str(n) in chosen and typed[n].strip()]
        if not picked:
            return self._group(staff, group, status=422, error=_NOTHING_PICKED, typed=typed)
        texts, part = [typed[n] for n in picked], group.only({said[n] for n in picked})
        if do == accepting.IGNORED:
            settled = Settlement(part.places, do, "", tuple(sorted(part.rivals)))
            await self._queue.settle(settled, staff.name, self._now())
            await self._audit.add(staff.name, "learning", do, self._now(), str(part.places))
            return RedirectResponse(f"{_HOME}/?done=ignored", 303)
        target = field_text(form, "matter" if do == accepting.MATTER else "entry")
        # The state first: what is written after it is looked at is then noticed.
        state = await asyncio.to_thread(self._shop.folder.state, *FILES)
        faq, _ = await asyncio.to_thread(self._shop.folder.written)
        change = _change(faq, do, target, texts) if faq else None
        if change is None or not change.edits:
            error = _NOTHING_NEW if change else "请先选是哪一条"
            return self._group(staff, group, status=422, error=error, typed=typed)
        change = accepting.settling(change, do, target, part)
        try:
            proposal = await self._shop.propose(change, state, staff.name, FILES)
        except Refused as error:
            return self._group(
                staff,
                group,
                status=422,
                error=str(error),
                found=error.problems,
                target=target,
                typed=typed,
            )
        return RedirectResponse(f"{PATH}/faq/proposals/{proposal.token}", 303)


def _change(faq: Faq, do: str, target: str, texts: list[str]) -> Change | None:
    """Return the change, None when it names nothing that exists."""
    written = replace(faq, entries={**faq.entries, **faq.drafts})
    entry = written.entries.get(target)
    if do == accepting.PHRASES and entry:
        return accepting.as_phrases(written, entry, texts)
    if do == accepting.NOT_FOR and entry:
        return accepting.as_not_for(entry, texts)
    if do == accepting.MATTER and target in faq.matters:
        return accepting.as_matter(written, target, texts)
    return None
