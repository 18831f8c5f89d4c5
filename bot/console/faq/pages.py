"""The views of the FAQ: list, entry, try, edit, proposal, history, local values."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot import words as said_words
from bot.console.door import Door
from bot.console.faq import forms, glance
from bot.console.faq.diff import difference
from bot.console.faq.glance import MARK, Mark
from bot.console.faq.previews import Previewer
from bot.console.guard import PATH, SignedIn, field_text
from bot.console.pages import page, problem
from bot.console.words import LOCAL
from bot.editing import change as changes
from bot.editing.change import LABELS, Change, Edit
from bot.editing.folder import MovedOn, Refused
from bot.editing.workshop import Proposal, Workshop
from bot.engine import Desk
from bot.errors import BotError
from bot.faq.lint import unset
from bot.faq.problem import Problem
from bot.faq.schema import Entry
from bot.faq.value import Faq
from bot.learning.accepting import NEW, settling
from bot.learning.queue import LearningQueue
from bot.model import Message, Reply
from bot.storage.audit import Audit

log = logging.getLogger(__name__)

_HOME = f"{PATH}/faq"
_NOON = time(12, tzinfo=LOCAL)
_MARKS = {mark.value: mark for mark in Mark}
_GONE = "这份修改已经不在了（服务重启过，或者放得太久）。请回到条目重新改。"
_UNCHANGED = "没有任何改动。"


@dataclass(frozen=True, slots=True)
class FaqPages:
    """What the FAQ's pages need beside the desk."""

    workshop: Workshop
    previews: Previewer
    learning: LearningQueue


def faq_routes(
    desk: Desk, pages: FaqPages, door: Door, now: Callable[[], datetime]
) -> list[BaseRoute]:
    """Return the addresses of the FAQ's pages, below /staff."""
    views = _Faq(desk, pages, now)
    return [
        Route("/faq/", door.page(views.all)),
        Route("/faq/try", door.page(views.try_out)),
        Route("/faq/new", door.page(views.new)),
        Route("/faq/new", door.form(views.propose_new), methods=["POST"]),
        Route("/faq/local", door.page(views.local)),
        Route("/faq/local", door.form(views.propose_local), methods=["POST"]),
        Route("/faq/changes", door.page(views.changes)),
        Route("/faq/changes/{id}", door.page(views.change)),
        Route("/faq/changes/{id}", door.form(views.take_back), methods=["POST"]),
        Route("/faq/proposals/{token}", door.page(views.proposal)),
        Route("/faq/proposals/{token}", door.form(views.publish), methods=["POST"]),
        Route("/faq/entries/{id}", door.page(views.entry)),
        Route("/faq/entries/{id}/edit", door.page(views.edit)),
        Route("/faq/entries/{id}/edit", door.form(views.propose), methods=["POST"]),
    ]


class _Faq:
    """The FAQ's pages."""

    def __init__(self, desk: Desk, pages: FaqPages, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._shop = pages.workshop
        self._previews = pages.previews
        self._learning = pages.learning
        self._now = now
        self._audit = Audit(desk.store.database)

    # ------------------------------------------------------------------ looking

    async def all(self, request: Request, staff: SignedIn) -> Response:
        """Return the entries: all, those that want looking at, or those that hold some words."""
        faq, problems = await self._written()
        query = request.query_params
        if faq is None:
            return page("faq/broken.html", staff=staff, place="faq", problems=problems)
        confused = self._confused(faq)
        listed = glance.rows(faq, self._today(), confused or {})
        counts = {mark: sum(mark in row.marks for row in listed) for mark in Mark}
        mark, topic = _MARKS.get(query.get("mark", "")), query.get("topic", "")
        words = query.get("q", "").strip()
        found = [
            row
            for row in glance.matching(listed, words)
            if (mark is None or mark in row.marks) and (not topic or row.entry.topic == topic)
        ]
        alike = await self._alike(words) if words else []
        shown = {row.entry.id for row in found}
        return page(
            "faq/all.html",
            staff=staff,
            place="faq",
            rows=found,
            alike=[row for row in listed if row.entry.id in alike and row.entry.id not in shown],
            counts=counts,
            total=len(listed),
            mark=mark,
            topic=topic,
            q=words,
            topics=faq.topics,
            Mark=Mark,
            MARK=MARK,
            counting=confused is None,
            unset=unset(faq),
            problems=[p for p in problems if p.level == "error"],
        )

    async def entry(self, request: Request, staff: SignedIn) -> Response:
        """Return one entry as parents see it, with what is known about it."""
        faq, entry = await self._find(request)
        if faq is None or entry is None:
            return self._no_entry(staff)
        confused = self._confused(faq) or {}
        [row] = [r for r in glance.rows(faq, self._today(), confused) if r.entry.id == entry.id]
        return page(
            "faq/entry.html",
            staff=staff,
            place="faq",
            entry=entry,
            marks=sorted(row.marks),
            MARK=MARK,
            previews=self._previewed(faq, entry),
            tests=[line for line in faq.exam if entry.id in line.right],
            confused=confused.get(entry.id, ()),
            titles={e.id: e.title for e in [*faq.entries.values(), *faq.drafts.values()]},
            missing=[faq.local[n].label for n in entry.placeholders if not faq.local[n].value],
            notice=_DONE.get(request.query_params.get("done", "")),
        )

    async def try_out(self, request: Request, staff: SignedIn) -> Response:
        """Return what a stranger would hear to a question, and why."""
        words = request.query_params.get("q", "").strip()[:1000]
        day = _day(request.query_params.get("on", "")) or self._today()
        turn, why = None, []
        if words:
            at = datetime.combine(day, _NOON)
            message = Message("memory", "staff", "try", words, at)
            turn = await asyncio.to_thread(self._desk.preview, message)
            why = await asyncio.to_thread(self._desk.mind.why, turn.message.text)
        return page(
            "faq/try.html",
            staff=staff,
            place="faq",
            q=words,
            on=day.isoformat(),
            turn=turn,
            why=why,
            entries=self._desk.mind.faq.entries,
            DECISION=DECISION,
        )

    # ------------------------------------------------------------------ editing

    async def edit(self, request: Request, staff: SignedIn) -> Response:
        """Return the form of an entry."""
        # The state first: what is written after the form is filled is then noticed.
        file = changes.entry_file(request.path_params["id"])
        try:
            state = await asyncio.to_thread(self._shop.folder.state, file)
        except Refused:
            return self._no_entry(staff)
        _, entry = await self._find(request)
        if entry is None:
            return self._no_entry(staff)
        return self._form(staff, entry.id, forms.shown(changes.fields_of(entry)), state)

    async def propose(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Check what was typed and show what it would do; nothing is written yet."""
        typed = forms.typed(form)
        _, entry = await self._find(request)
        if entry is None:
            return self._no_entry(staff)
        wanted = {n: v for n, v in forms.values(typed).items() if n != "id"}
        changed = changes.difference(changes.fields_of(entry), wanted)
        if not changed:
            state = field_text(form, "state")
            return self._form(staff, entry.id, typed, state, error=_UNCHANGED, status=422)
        edit = Edit(changes.entry_file(entry.id), "entries", entry.id, changed)
        return await self._proposed(staff, form, Change((edit,)), entry.id, typed)

    async def new(self, request: Request, staff: SignedIn) -> Response:
        """Return a form for a new draft, empty or with the phrases of a group to be learned."""
        topic = request.query_params.get("topic", "general")
        group = await self._learning.group(request.query_params.get("group", ""))
        texts = tuple(text for text, _ in group.texts) if group else ()
        typed = forms.shown({"published": False, "phrases": texts}) | {"id": f"{topic}."}
        return self._form(staff, "", typed, "", group=group.id if group else "")

    async def propose_new(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Check a new draft and show it."""
        typed = forms.typed(form)
        entry_id = typed["id"].strip()
        file = changes.entry_file(entry_id)
        faq, _ = await self._written()
        if faq is None or not any(f"{t.topic}.yaml" == file for t in faq.topics):
            error = "编号要以大类开头，如 general.new_matter；大类有 " + "、".join(
                t.topic for t in (faq.topics if faq else ())
            )
            return self._form(staff, "", typed, "", error=error, status=422)
        given = forms.values(typed)
        change = Change((Edit(file, "entries", entry_id, given, new=True),))
        group = await self._learning.group(field_text(form, "group"))
        if group:
            change = settling(change, NEW, entry_id, group)
        return await self._proposed(staff, form, change, "", typed, fresh=True)

    async def _proposed(
        self,
        staff: SignedIn,
        form: FormData,
        change: Change,
        entry_id: str,
        typed: dict[str, str],
        *,
        fresh: bool = False,
    ) -> Response:
        state = field_text(form, "state")
        if fresh:
            state = await asyncio.to_thread(self._shop.folder.state, *change.files)
        try:
            proposal = await self._shop.propose(change, state, staff.name)
        except Refused as error:
            status = 422
            if isinstance(error, MovedOn):
                status = 409
                state = await asyncio.to_thread(self._shop.folder.state, *change.files)
            return self._form(
                staff,
                entry_id,
                typed,
                state,
                error=str(error),
                found=error.problems,
                status=status,
                group=field_text(form, "group"),
            )
        return RedirectResponse(f"{_HOME}/proposals/{proposal.token}", 303)

    async def local(self, request: Request, staff: SignedIn) -> Response:
        """Return the district's own telephone numbers, dates and addresses."""
        return await self._local(staff, notice=_DONE.get(request.query_params.get("done", "")))

    async def _local(
        self,
        staff: SignedIn,
        *,
        status: int = 200,
        notice: str | None = None,
        error: str = "",
        found: Sequence[Problem] = (),
        typed: tuple[str, str] = ("", ""),
    ) -> Response:
        state = await asyncio.to_thread(self._shop.folder.state, "local.yaml")
        faq, problems = await self._written()
        if faq is None:
            return page("faq/broken.html", staff=staff, place="faq", problems=problems)
        used = {
            name: [e.id for e in faq.entries.values() if name in e.placeholders]
            for name in faq.local
        }
        return page(
            "faq/local.html",
            status,
            staff=staff,
            place="faq",
            values=faq.local,
            used=used,
            state=state,
            notice=notice,
            error=error,
            found=found,
            typed=typed,
        )

    async def propose_local(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Check a local value and show what it would do."""
        name, value = field_text(form, "name"), " ".join(field_text(form, "value").split())
        change = Change((Edit("local.yaml", "values", name, {"value": value}),))
        try:
            proposal = await self._shop.propose(change, field_text(form, "state"), staff.name)
        except Refused as error:
            status = 409 if isinstance(error, MovedOn) else 422
            return await self._local(
                staff, status=status, error=str(error), found=error.problems, typed=(name, value)
            )
        return RedirectResponse(f"{_HOME}/proposals/{proposal.token}", 303)

    # ------------------------------------------------------------------ publishing

    async def proposal(self, request: Request, staff: SignedIn) -> Response:
        """Return what a change would do, as far as it is known by now."""
        proposal = self._shop.proposal(request.path_params["token"])
        if proposal is None:
            return problem(404, "没有这份修改", _GONE, staff=staff, place="faq")
        return await self._proposal(staff, proposal)

    async def _proposal(
        self, staff: SignedIn, proposal: Proposal, *, status: int = 200, error: str = ""
    ) -> Response:
        draft = proposal.draft
        faq, edited = draft.faq, [edit.name for edit in draft.change.edits]
        entries = {**faq.entries, **faq.drafts}
        return page(
            "faq/proposal.html",
            status,
            staff=staff,
            place="faq",
            proposal=proposal,
            diff=difference({f: (draft.before[f], draft.after[f]) for f in draft.after}),
            warnings=draft.warnings,
            impact=proposal.impact,
            titles={e.id: e.title for e in entries.values()},
            previews=[
                (entries[name].title, self._previewed(faq, entries[name]))
                for name in dict.fromkeys(edited)
                if name in entries
            ],
            error=error,
            DECISION=DECISION,
            HEADS=_HEADS,
        )

    async def publish(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Write the change; the desk takes it over within seconds."""
        proposal = self._shop.proposal(request.path_params["token"])
        if proposal is None:
            return problem(404, "没有这份修改", _GONE, staff=staff, place="faq")
        if not proposal.tried:
            return await self._proposal(
                staff, proposal, status=409, error="影响还没有算出来，请等一下再发布。"
            )
        draft = proposal.draft
        try:
            await self._shop.publish(proposal, staff.name)
        except Refused as error:
            return await self._proposal(staff, proposal, status=409, error=str(error))
        about = "、".join(draft.after)
        await self._audit.add(staff.name, "faq", about, self._now(), draft.change.words)
        if draft.change.settles:
            await self._learning.settle(draft.change.settles, staff.name, self._now())
            return RedirectResponse(f"{PATH}/learning/?done=published", 303)
        names = [e.name for e in draft.change.edits if e.part == "entries"]
        target = f"/entries/{names[0]}" if names else "/local" if draft.change.edits else "/changes"
        return RedirectResponse(f"{_HOME}{target}?done=published", 303)

    async def changes(self, request: Request, staff: SignedIn) -> Response:
        """Return who changed what, the newest first."""
        latest = await asyncio.to_thread(self._shop.history.latest)
        entry = request.query_params.get("entry", "")
        return page(
            "faq/changes.html",
            staff=staff,
            place="faq",
            changes=[c for c in latest if not entry or entry in c.what],
            entry=entry,
            now=self._now(),
            notice=_DONE.get(request.query_params.get("done", "")),
        )

    async def change(self, request: Request, staff: SignedIn) -> Response:
        """Return one change of the past, line by line."""
        return await self._change(request, staff)

    async def _change(
        self, request: Request, staff: SignedIn, *, status: int = 200, error: str = ""
    ) -> Response:
        history = self._shop.history
        recorded = await asyncio.to_thread(history.find, request.path_params["id"])
        if recorded is None:
            return problem(404, "没有这次修改", "地址可能输错了。", staff=staff, place="faq")
        texts = await asyncio.to_thread(history.texts, recorded)
        return page(
            "faq/change.html",
            status,
            staff=staff,
            place="faq",
            change=recorded,
            diff=difference(texts),
            error=error,
            now=self._now(),
        )

    async def take_back(self, request: Request, staff: SignedIn, form: FormData) -> Response:
        """Propose to undo one change; later ones stay."""
        recorded = await asyncio.to_thread(self._shop.history.find, request.path_params["id"])
        if recorded is None:
            return problem(404, "没有这次修改", "地址可能输错了。", staff=staff, place="faq")
        try:
            proposal = await self._shop.take_back(recorded, staff.name)
        except Refused as error:
            return await self._change(request, staff, status=409, error=str(error))
        return RedirectResponse(f"{_HOME}/proposals/{proposal.token}", 303)

    # ------------------------------------------------------------------ shared

    def _form(
        self,
        staff: SignedIn,
        entry_id: str,
        typed: dict[str, str],
        state: str,
        *,
        status: int = 200,
        error: str = "",
        found: Sequence[Problem] = (),
        group: str = "",
    ) -> Response:
        described = {n: f.description or "" for n, f in Entry.model_fields.items()}
        return page(
            "faq/edit.html",
            status,
            staff=staff,
            place="faq",
            entry_id=entry_id,
            typed=typed,
            state=state,
            error=error,
            found=found,
            group=group,
            LABELS=LABELS,
            HELP=described,
        )

    async def _written(self) -> tuple[Faq | None, list[Problem]]:
        return await asyncio.to_thread(self._shop.folder.written)

    async def _find(self, request: Request) -> tuple[Faq | None, Entry | None]:
        faq, _ = await self._written()
        if faq is None:
            return None, None
        return faq, {**faq.entries, **faq.drafts}.get(request.path_params["id"])

    def _no_entry(self, staff: SignedIn) -> Response:
        text = "编号可能输错了，或者 FAQ 文件里有错，读不出来；请回到“常见问题”看看。"
        return problem(404, "没有这一条", text, staff=staff, place="faq")

    def _confused(self, faq: Faq) -> glance.Confusions | None:
        examined = self._shop.examined(faq.version)
        return None if examined is None else glance.confusions(examined)

    async def _alike(self, words: str) -> list[str]:
        try:
            reading = await asyncio.to_thread(self._desk.mind.read, words)
        except BotError:
            return []
        return [candidate.entry for candidate in reading.candidates]

    def _previewed(self, faq: Faq, entry: Entry) -> Sequence[object]:
        known = faq if entry.published else _with(faq, entry)
        text = known.said(entry.id, self._today())
        return self._previews(known, Reply(text, said_words.after_answer(known)))

    def _today(self) -> date:
        return self._now().astimezone(LOCAL).date()


def _with(faq: Faq, entry: Entry) -> Faq:
    return replace(faq, entries={**faq.entries, entry.id: entry})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


DECISION = {
    "answer": "直接答",
    "suggest": "请家长挑",
    "elsewhere": "指到别的部门",
    "small_talk": "寒暄",
    "fallback": "没听懂",
    "crisis": "按危险处理",
    "command": "命令",
    "handoff": "转人工",
    "staff": "交给工作人员",
    "flow": "分步办理",
}
_DONE = {"published": "已发布，几秒后家长就能听到。"}
_HEADS = (
    ("lost", "变差的：原来答对或有着落，改了反而不行"),
    ("moved", "换了去处的：好坏差不多，答的或给的选项不一样了"),
    ("gained", "变好的：原来没答上或答错，改了就对"),
)
