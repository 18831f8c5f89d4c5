"""What a member of staff wants changed in faq/, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.editing.notation import Value
from bot.faq.schema import Entry, HoursFile
from bot.model import topic_of


@dataclass(frozen=True, slots=True)
class Edit:
    """New values for one thing in one file: an entry, a matter, a local value."""

    file: str
    part: str
    """`entries`, `matters` or `values`, else one of `WITHOUT_ID`."""
    name: str
    """Its id; for what has none, what staff call it."""
    values: Mapping[str, Value]
    new: bool = False
    """It does not exist yet; `values` is all of it."""

    @property
    def words(self) -> str:
        """What is changed, for the history."""
        what = _NEW[self.part] if self.new else "、".join(LABELS.get(n, n) for n in self.values)
        return f"{self.name}：{what}"


@dataclass(frozen=True, slots=True)
class Settlement:
    """Messages of the learning queue, and what becomes of them."""

    places: tuple[int, ...]
    outcome: str
    target: str
    """The entry or matter they are about."""
    rejected: tuple[str, ...] = ()
    """Entries they were taken for and are not about."""


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that is published in one step."""

    edits: tuple[Edit, ...]
    why: str = ""
    """Where it comes from, when not from the form: a group of the learning queue."""
    settles: Settlement | None = None

    @property
    def words(self) -> str:
        said = "；".join(edit.words for edit in self.edits)
        return f"{said}（{self.why}）" if self.why and said else said or self.why

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edit.file for edit in self.edits))


_NEW = {"entries": "新条目", "matters": "别的部门的新事"}

LABELS: Mapping[str, str] = {
    "title": "短标题",
    "question": "标准问法",
    "phrases": "说法",
    "not_for": "不归这一条的说法",
    "answer": "答复",
    "basis": "依据",
    "as_of": "截至",
    "facts": "事实号",
    "related": "相关条目",
    "owner": "负责人",
    "review_by": "复核日期",
    "valid_from": "生效日期",
    "valid_until": "失效日期",
    "published": "是否发布",
    "value": "占位符的值",
    "find_out": "怎么打听",
    "duty": "值守时间的说法",
    "holidays": "放假的日子",
    "workdays": "调休上班的日子",
    "answered_days": "答复后没动静就了结",
    "waiting_parent_days": "问了没回就了结",
    "come_back_days": "了结后再来算原来那件",
    "first_reply_minutes": "首次回复时限",
    "resolution_minutes": "了结时限",
    "warn_percent": "提前提醒",
    "urgent_minutes": "紧急接手时限",
    "owner_silent_minutes": "负责人没动静",
}
"""Fields as staff call them."""

WITHOUT_ID = ("", "week", "messages", "small_talk")
"""Parts that hold fields themselves, not things with an id; empty is the whole file."""

FIELD_ORDER: tuple[str, ...] = tuple(Entry.model_fields)
HOURS_ORDER: tuple[str, ...] = tuple(HoursFile.model_fields)


def fields_of(entry: Entry) -> dict[str, Value]:
    """Return an entry's fields as the YAML holds them, those with their default left out."""
    values: dict[str, Value] = {}
    for name, described in Entry.model_fields.items():
        value = getattr(entry, name)
        if value != described.default:
            values[name] = value
    return values


def difference(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields of `after` that are not as before; None takes one away."""
    changed: dict[str, Value] = {n: v for n, v in after.items() if before.get(n) != v}
    return changed


def entry_file(entry_id: str) -> str:
    """Return the file that an entry stands in."""
    return f"{topic_of(entry_id)}.yaml"


def lines_of(text: str) -> Iterator[str]:
    """Give the lines of a text area that say something."""
    return (line.strip() for line in text.split("\n") if line.strip())
