"""The forms of the desk's own sentences in messages.yaml, one each."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from bot.console.faq.pages import FaqPages, refused
from bot.console.visit import Visit
from bot.editing.change import Change, Edit
from bot.editing.folder import Refused
from bot.faq.value import Faq

_FILE = "messages.yaml"
_CALLED = "机器人自己的话"
_PARTS = {"messages": "平常的话", "small_talk": "寒暄的回答"}
_PUBLISHED = {"published": "已发布，几秒后生效。"}
_UNCHANGED = "没有任何改动。"
_UNKNOWN = "没有这一句，可能刚被别人改了名字。"


class Sentences:
    """The page of all sentences, or of those that hold some words."""

    def __init__(self, pages: FaqPages) -> None:
        self._pages = pages

    async def show(self, visit: Visit) -> Response:
        """Return the sentences as they are written."""
        state = await self._pages.state(_FILE)
        faq, problems = await self._pages.written()
        if faq is None:
            return visit.page("faq/broken.html", problems=problems)
        wanted, typed = visit.asked("q"), (visit.typed("part"), visit.typed("name"))
        return visit.page(
            "faq/messages.html",
            parts_of=[
                (part, title, _holding(_sentences(faq)[part], wanted))
                for part, title in _PARTS.items()
            ],
            q=wanted,
            state=state,
            typed=typed,
            text=visit.typed("text"),
            notice=visit.notice(_PUBLISHED),
        )

    async def propose(self, visit: Visit) -> Response:
        """Check a sentence and show what it would change."""
        faq, problems = await self._pages.written()
        if faq is None:
            return visit.page("faq/broken.html", problems=problems)
        part, name = visit.typed("part"), visit.typed("name")
        before = _sentences(faq).get(part, {}).get(name)
        text = "\n".join(line.strip() for line in visit.typed("text").strip().splitlines())
        if before is None or text == before:
            why = _UNKNOWN if before is None else _UNCHANGED
            return await self.show(visit.refused(422, why))
        change = Change((Edit(_FILE, part, _CALLED, {name: text}),))
        try:
            return await self._pages.propose(visit, change, visit.typed("state"))
        except Refused as error:
            return await self.show(refused(visit, error))


def _sentences(faq: Faq) -> dict[str, Mapping[str, str]]:
    return {"messages": faq.messages.messages, "small_talk": faq.messages.small_talk}


def _holding(sentences: Mapping[str, str], words: str) -> dict[str, str]:
    return {name: text for name, text in sentences.items() if words in name or words in text}
