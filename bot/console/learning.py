"""The learning queue's pages: groups of what was not understood, each settled in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.door import Door
from bot.console.faq.pages import FaqPages, refused
from bot.console.new_matter import NewMatter
from bot.console.places import FAQ, LEARNING
from bot.console.visit import Page, Visit, done
from bot.editing.change import Change, Settlement
from bot.editing.folder import Refused
from bot.engine import Desk
from bot.faq.folder import FILES
from bot.faq.value import Faq
from bot.learning import accepting
from bot.learning.groups import Group
from bot.learning.signals import Kind
from bot.storage.audit import Audit

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
_GONE = (
    *(404, "没有这一组"),
    "这一组已经处理过了，或者有新的话进来重新分了组。请回到列表再看。",
)
_NOTHING_PICKED = "一句都没有勾。请勾上要收的，再选怎么处理。"
_NOTHING_NEW = "勾上的那里都已经有了，没有什么可改的。"
_NO_TARGET = "请先选是哪一条"


def learning_routes(
    desk: Desk, pages: FaqPages, door: Door, now: Callable[[], datetime]
) -> Iterator[Route]:
    """Yield the addresses of the learning queue, below /staff."""
    views = _Learning(desk, pages, now)
    return door.routes(
        LEARNING,
        Page("/learning/", views.all),
        Page("/learning/{id}", views.group, views.decide),
        Page("/learning/{id}/matter", views.matter, views.propose_matter),
    )


class _Learning:
    """The learning queue."""

    def __init__(self, desk: Desk, pages: FaqPages, now: Callable[[], datetime]) -> None:
        self._desk, self._pages, self._queue, self._now = desk, pages, pages.learning, now
        self._new_matter = NewMatter(pages)
        self._audit = Audit(desk.store.database)

    async def all(self, visit: Visit) -> Response:
        """Return the groups, the largest first."""
        await self._audit.looked(visit.staff.name, "learning", self._now(), again=True)
        groups = await self._queue.groups()
        kind = _KINDS.get(visit.asked("kind"))
        shown = [group for group in groups if kind is None or group.kinds[kind]]
        return visit.page(
            "learning/all.html",
            groups=shown[:SHOWN],
            more=max(0, len(shown) - SHOWN),
            counts={each: sum(group.kinds[each] for group in groups) for each in Kind},
            total=sum(len(group.signals) for group in groups),
            kind=kind,
            Kind=Kind,
            KIND=KIND,
            faq=self._desk.mind.faq,
            notice=visit.notice(_DONE),
        )

    async def group(self, visit: Visit) -> Response:
        """Return one group with what may be made of it."""
        group = await self._queue.group(visit.part("id"))
        if group is None:
            return visit.problem(*_GONE)
        await self._audit.looked(visit.staff.name, "learning", self._now(), again=True)
        return self._group(visit, group)

    def _group(self, visit: Visit, group: Group) -> Response:
        faq = self._desk.mind.faq
        known = {**faq.entries, **faq.drafts}
        votes = [(known[entry], count) for entry, count in group.votes() if entry in known]
        texts = group.texts[:MOST_TEXTS]
        return visit.page(
            "learning/group.html",
            group=group,
            texts=texts,
            typed=_typed(visit, len(texts)) if visit.error else None,
            votes=votes,
            target=_target(visit) or (votes[0][0].id if votes else ""),
            topics=faq.topics,
            matters=faq.matters,
            KIND=KIND,
        )

    async def matter(self, visit: Visit) -> Response:
        """Return the form that makes a new matter of another office of the group."""
        group = await self._queue.group(visit.part("id"))
        if group is None:
            return visit.problem(*_GONE)
        await self._audit.looked(visit.staff.name, "learning", self._now(), again=True)
        return await self._new_matter.form(visit, group)

    async def propose_matter(self, visit: Visit) -> Response:
        """Check the new matter and show what it would do."""
        group = await self._queue.group(visit.part("id"))
        return await self._new_matter.propose(visit, group) if group else visit.problem(*_GONE)

    async def decide(self, visit: Visit) -> Response:
        """Make something of the group: set aside at once, all else is a proposal first."""
        group = await self._queue.group(visit.part("id"))
        if group is None:
            return visit.problem(*_GONE)
        do, who = visit.typed("do"), visit.staff.name
        if do == accepting.NEW:
            return RedirectResponse(f"{FAQ.path}new?group={group.id}", 303)
        said = [text for text, _ in group.texts[:MOST_TEXTS]]
        chosen = {str(n) for n in visit.form.getlist("pick")}
        typed = _typed(visit, len(said))
        picked = [n for n in range(len(said)) if str(n) in chosen and typed[n].strip()]
        if not picked:
            return self._group(visit.refused(422, _NOTHING_PICKED), group)
        texts, part = [typed[n] for n in picked], group.only({said[n] for n in picked})
        if do == accepting.IGNORED:
            settled = Settlement(part.places, do, "")
            await self._queue.settle(settled, who, self._now())
            await self._audit.add(who, "learning", do, self._now(), str(part.places))
            return done(LEARNING.path, "ignored")
        target = _target(visit)
        state = await self._pages.state(*FILES)
        faq, _ = await self._pages.written()
        change = _change(faq, do, target, texts) if faq else None
        if change is None or not change.edits:
            error = _NOTHING_NEW if change else _NO_TARGET
            return self._group(visit.refused(422, error), group)
        change = accepting.settling(change, do, target, part)
        try:
            return await self._pages.propose(visit, change, state, FILES)
        except Refused as error:
            return self._group(refused(visit, error), group)


def _typed(visit: Visit, count: int) -> list[str]:
    """Return the texts as they were changed."""
    return [visit.typed(f"text-{n}") for n in range(count)]


def _target(visit: Visit) -> str:
    """Return the id of the entry or matter that was chosen."""
    return visit.typed("matter" if visit.typed("do") == accepting.MATTER else "entry")


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
