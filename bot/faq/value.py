"""`Faq`: everything under faq/, frozen, indexed, and able to say its sentences."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from bot.faq.schema import (
    PLACEHOLDER,
    DangerFile,
    ElsewhereFile,
    Entry,
    HoursFile,
    LexiconFile,
    LocalValue,
    Matter,
    MenuFile,
    MessagesFile,
    Standing,
    TopicFile,
)

_EXAM_PARTS = 3
_TWO_WORDS = re.compile(r"[^\W\d_\u2e80-\uffff]+ +[^\W\d_\u2e80-\uffff]+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One exam line."""

    text: str
    label: Mapping[str, Any]
    """The line as written: id, also, ids, crisis_ok, persona …"""

    @property
    def right(self) -> frozenset[str]:
        """Entries that answer it; none when it is nobody's here, or danger."""
        named = {self.label["id"], *self.label.get("also", ()), *self.label.get("ids", ())}
        return frozenset(named - {None, "crisis"})

    @property
    def danger(self) -> bool:
        return bool(self.label["id"] == "crisis")

    @property
    def single(self) -> bool:
        return not self.label.get("ids")

    @property
    def held_out(self) -> bool:
        """Whether it is only ever reported: a third of all lines, chosen by a hash of the text."""
        return hashlib.sha256(self.text.encode()).digest()[0] % _EXAM_PARTS == 0


@dataclass(frozen=True)
class Faq:
    """All that the desk may say and all it listens for."""

    topics: tuple[TopicFile, ...]
    elsewhere: ElsewhereFile
    danger: DangerFile
    messages: MessagesFile
    lexicon: LexiconFile
    local: Mapping[str, LocalValue]
    hours: HoursFile
    entries: Mapping[str, Entry]
    """By id, in file order."""
    matters: Mapping[str, Matter]
    """By id, in file order."""
    version: str
    """Hash of the files' contents."""
    exam: tuple[Labelled, ...] = ()
    """The FAQ's own labelled questions."""
    menu: MenuFile = field(default_factory=lambda: MenuFile(buttons=()))
    """The menu of the WeChat account."""
    drafts: Mapping[str, Entry] = field(default_factory=dict)
    """Entries not published: no parent is ever answered with them."""

    @cached_property
    def spaced(self) -> bool:
        """Whether it is asked in a language that puts spaces between its words."""
        texts = [
            text for entry in self.entries.values() for text in (entry.question, *entry.phrases)
        ]
        return 2 * sum(bool(_TWO_WORDS.search(text)) for text in texts) > len(texts)

    def say(self, name: str, **fields: object) -> str:
        """Return the desk's own sentence of that name, fields filled in."""
        return self.messages.messages[name].format(**fields)

    def said(self, entry_id: str, today: date, *, note: str | None = None) -> str:
        """Return what a parent who asks for an entry on that day hears.

        Outside its validity window the answer is never said, nor is `note`: instead that the new
        rule is not out, and one way to find out.
        """
        entry = self.entries[entry_id]
        match entry.standing(today):
            case Standing.VALID:
                return self.answer(entry_id, note=note)
            case Standing.EXPIRED:
                name, day = "answer_expired", entry.valid_until
            case Standing.NOT_YET:
                name, day = "answer_not_yet", entry.valid_from
        unset = [self.local[each] for each in entry.placeholders]
        return self.say(
            name, title=entry.title, day=chinese_date(day or ""), find_out=self._find_out(unset)
        )

    def answer(self, entry_id: str, *, note: str | None = None) -> str:
        """Return an entry's whole reply as written: answer, what is not yet known, 依据 and 截至.

        Lines whose placeholder nobody has filled in are left out; what they would have said is
        named once at the end, with one way to find out. `note` is put before the answer.
        """
        entry = self.entries[entry_id]
        lines: list[str] = []
        unset: list[LocalValue] = []
        for line in entry.answer.splitlines():
            missing = [
                self.local[name] for name in PLACEHOLDER.findall(line) if not self.local[name].value
            ]
            if missing:
                unset += [value for value in missing if value not in unset]
            else:
                lines.append(PLACEHOLDER.sub(lambda m: self.local[m[1]].value, line))
        if note:
            lines.insert(0, note)
        if unset:
            find_out = self._find_out(unset)
            labels = "、".join(value.label for value in unset)
            lines.append(self.say("not_yet_known", labels=labels, find_out=find_out))
        if entry.basis:
            lines.append(self.say("basis", basis=entry.basis, as_of=chinese_date(entry.as_of)))
        return "\n".join(lines)

    def _find_out(self, values: Iterable[LocalValue]) -> str:
        return next((v.find_out for v in values if v.find_out), self.say("find_out"))


def chinese_date(written: str) -> str:
    """Return a date as people read it.

    >>> chinese_date("2025"), chinese_date("2026-01"), chinese_date("2026-01-05")
    ('2025年', '2026年1月', '2026年1月5日')
    """
    return "".join(
        f"{int(part)}{unit}" for part, unit in zip(written.split("-"), "年月日", strict=False)
    )
