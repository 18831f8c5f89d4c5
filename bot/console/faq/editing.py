"""Forms that propose a change: to an entry, a new draft, the district's own values.

Nothing is written here: a sound change gets a page of its own, where it may be published.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from bot.console.faq import forms
from bot.console.faq.browsing import NO_ENTRY
from bot.console.faq.pages import PUBLISHED, FaqPages, refused
from bot.console.visit import Visit
from bot.editing import change as changes
from bot.editing.change import LABELS, Change, Edit
from bot.editing.folder import MovedOn, Refused
from bot.faq.schema import Entry
from bot.learning.accepting import NEW, settling

_UNCHANGED = "没有任何改动。"
_LOCAL_FILE = "local.yaml"
_HELP = {name: field.description or "" for name, field in Entry.model_fields.items()}


class Editing:
    """The forms."""

    def __init__(self, pages: FaqPages) -> None:
        self._pages = pages

    async def edit(self, visit: Visit) -> Response:
        """Return the form of an entry."""
        try:
            state = await self._pages.state(changes.entry_file(visit.part("id")))
        except Refused:
            return visit.problem(*NO_ENTRY)
        known = await self._pages.entry(visit.part("id"))
        if known is None:
            return visit.problem(*NO_ENTRY)
        _, entry = known
        return self._form(visit, entry.id, forms.shown(changes.fields_of(entry)), state)

    async def propose(self, visit: Visit) -> Response:
        """Check what was typed and show what it would do."""
        known = await self._pages.entry(visit.part("id"))
        if known is None:
            return visit.problem(*NO_ENTRY)
        _, entry = known
        typed, state = forms.typed(visit.form), visit.typed("state")
        wanted = {n: v for n, v in forms.values(typed).items() if n != "id"}
        changed = changes.difference(changes.fields_of(entry), wanted)
        if not changed:
            return self._form(visit.refused(422, _UNCHANGED), entry.id, typed, state)
        edit = Edit(changes.entry_file(entry.id), "entries", entry.id, changed)
        return await self._propose(visit, Change((edit,)), entry.id, state)

    async def new(self, visit: Visit) -> Response:
        """Return a form for a new draft, empty or with the phrases of a group to be learned."""
        topic = visit.asked("topic") or "general"
        group = await self._pages.learning.group(visit.asked("group"))
        texts = tuple(text for text, _ in group.texts) if group else ()
        typed = forms.shown({"published": False, "phrases": texts}) | {"id": f"{topic}."}
        return self._form(visit, "", typed, "", group=group.id if group else "")

    async def propose_new(self, visit: Visit) -> Response:
        """Check a new draft and show it."""
        typed = forms.typed(visit.form)
        entry_id = typed["id"].strip()
        file = changes.entry_file(entry_id)
        faq, _ = await self._pages.written()
        topics = [each.topic for each in faq.topics] if faq else []
        if file not in [f"{topic}.yaml" for topic in topics]:
            error = "编号要以大类开头，如 general.new_matter；大类有 " + "、".join(topics)
            return self._form(visit.refused(422, error), "", typed, "")
        change = Change((Edit(file, "entries", entry_id, forms.values(typed), new=True),))
        group = await self._pages.learning.group(visit.typed("group"))
        if group:
            change = settling(change, NEW, entry_id, group)
        return await self._propose(visit, change, "", await self._pages.state(*change.files))

    async def _propose(self, visit: Visit, change: Change, entry_id: str, state: str) -> Response:
        try:
            return await self._pages.propose(visit, change, state)
        except Refused as error:
            if isinstance(error, MovedOn):
                state = await self._pages.state(*change.files)
            return self._form(refused(visit, error), entry_id, forms.typed(visit.form), state)

    def _form(
        self, visit: Visit, entry_id: str, typed: Mapping[str, str], state: str, group: str = ""
    ) -> Response:
        return visit.page(
            "faq/edit.html",
            entry_id=entry_id,
            typed=typed,
            state=state,
            group=group or visit.typed("group"),
            LABELS=LABELS,
            HELP=_HELP,
        )

    async def local(self, visit: Visit) -> Response:
        """Return the district's own telephone numbers, dates and addresses."""
        state = await self._pages.state(_LOCAL_FILE)
        faq, problems = await self._pages.written()
        if faq is None:
            return visit.page("faq/broken.html", problems=problems)
        return visit.page(
            "faq/local.html",
            values=faq.local,
            used={
                name: [e.id for e in faq.entries.values() if name in e.placeholders]
                for name in faq.local
            },
            state=state,
            notice=visit.notice(PUBLISHED),
            typed=(visit.typed("name"), visit.typed("value")),
        )

    async def propose_local(self, visit: Visit) -> Response:
        """Check a local value and show what it would do."""
        name, value = visit.typed("name"), " ".join(visit.typed("value").split())
        change = Change((Edit(_LOCAL_FILE, "values", name, {"value": value}),))
        try:
            return await self._pages.propose(visit, change, visit.typed("state"))
        except Refused as error:
            return await self.local(refused(visit, error))
