"""A group of the learning queue made into a matter of another office that is not in the FAQ yet."""

from __future__ import annotations

from dataclasses import replace

from starlette.datastructures import FormData
from starlette.responses import Response

from bot.console.faq.pages import FaqPages, refused
from bot.console.guard import field_text
from bot.console.visit import Visit
from bot.editing.change import lines_of
from bot.editing.folder import Refused
from bot.faq.folder import FILES
from bot.faq.schema import Matter
from bot.faq.value import Faq
from bot.learning import accepting
from bot.learning.groups import Group

_FIELDS = ("id", "title", "phrases", "office", "door")
_HELP = {name: field.description or "" for name, field in Matter.model_fields.items()}
_NO_OFFICE = "请先选归哪个部门"


class NewMatter:
    """The form of a new matter: whose it is and what is said come from a matter there is."""

    def __init__(self, pages: FaqPages) -> None:
        self._pages = pages

    async def form(self, visit: Visit, group: Group) -> Response:
        """Return the form with what the parents wrote."""
        said = "\n".join(text for text, _ in group.texts)
        return await self._form(visit, group, {**dict.fromkeys(_FIELDS, ""), "phrases": said})

    async def propose(self, visit: Visit, group: Group) -> Response:
        """Check the new matter and show what it would do."""
        typed = _typed(visit.form)
        state = await self._pages.state(*FILES)
        faq, _ = await self._pages.written()
        office = faq.matters.get(typed["office"]) if faq else None
        if faq is None or office is None:
            return await self._form(visit.refused(422, _NO_OFFICE), group, typed)
        matter = office.model_copy(
            update={
                "id": typed["id"].strip(),
                "title": " ".join(typed["title"].split()),
                "phrases": tuple(dict.fromkeys(lines_of(typed["phrases"]))),
                "door": " ".join(typed["door"].split()) or office.door,
            }
        )
        written = replace(faq, entries={**faq.entries, **faq.drafts})
        change = accepting.as_new_matter(written, matter)
        change = accepting.settling(change, accepting.MATTER, matter.id, group)
        try:
            return await self._pages.propose(visit, change, state, FILES)
        except Refused as error:
            return await self._form(refused(visit, error), group, typed)

    async def _form(self, visit: Visit, group: Group, typed: dict[str, str]) -> Response:
        faq, _ = await self._pages.written()
        return visit.page(
            "learning/matter.html",
            group=group,
            typed=typed,
            offices=_offices(faq) if faq else (),
            HELP=_HELP,
        )


def _typed(form: FormData) -> dict[str, str]:
    return {name: field_text(form, name) for name in _FIELDS}


def _offices(faq: Faq) -> list[Matter]:
    """Return the first matter with each thing that is said of where to go."""
    first: dict[str, Matter] = {}
    for matter in faq.matters.values():
        first.setdefault(matter.door, matter)
    return list(first.values())
