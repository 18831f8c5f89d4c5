"""The shape of every file under faq/, shared by the loader, the console and editors.

Field descriptions are Chinese: they are the completion help staff see in their editor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.model import topic_of

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")

TopicId = Literal["enrollment", "safety", "aid", "special_education", "general"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
EntryId = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
YearOrMonth = Annotated[str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2]))?$")]
Date = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


Weekday = Literal["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_CLOCK = r"([01]\d|2[0-4]):[0-5]\d"
Hours = Annotated[str, StringConstraints(pattern=rf"^{_CLOCK}-{_CLOCK}$")]
_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
Days = Annotated[str, StringConstraints(pattern=rf"^{_DAY}(至{_DAY})?$")]


MEANINGS: Mapping[str, str] = {
    "危险": "crisis",
    "别的部门": "elsewhere",
    "请家长挑": "suggest",
    "没听懂": "fallback",
    "寒暄": "small_talk",
    "转人工": "handoff",
    "命令": "command",
}
"""What staff call a decision that names no entry."""
MEANING = rf"^([a-z_]+\.[a-z0-9_]+|{'|'.join(MEANINGS)})$"
Meaning = Annotated[str, StringConstraints(pattern=MEANING)]


class Part(BaseModel):
    """Strict, frozen, and refusing unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Standing(StrEnum):
    """Where a day lies in an answer's validity window."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"


class Entry(Part):
    """One FAQ entry: what parents ask and the one answer they get."""

    id: EntryId = Field(description="条目编号，如 enrollment.timeline；定了就不要改")
    title: Annotated[Text, StringConstraints(max_length=16)] = Field(
        description="按钮上的短标题，不超过16个字"
    )
    question: Text = Field(description="标准问法，一整句")
    phrases: tuple[Text, ...] = Field(
        min_length=1, description="家长的各种说法，发布时至少12种，彼此要真的不一样"
    )
    not_for: tuple[Text, ...] = Field(default=(), description="听着像、其实不归这一条答的问法")
    answer: Text = Field(
        description="答复：第一行就是答案（不超过40字），再写怎么办、去哪里问；"
        "{{名字}} 是占位符，没填时它所在的整行不显示"
    )
    basis: Text = Field(description="依据，如《义务教育法》第11条")
    as_of: YearOrMonth = Field(description='截至，加引号，如 "2025" 或 "2026-01"')
    facts: tuple[str, ...] = Field(min_length=1, description="docs/facts.md 里的事实号")
    related: tuple[EntryId, ...] = Field(default=(), description="家长接着常问的条目编号")
    owner: Text = Field(description="由哪一组同事维护，如 招生")
    review_by: Date = Field(description='最迟复核日期，加引号，如 "2027-03-01"')
    valid_from: Date | None = Field(
        default=None,
        description='从哪天起才能用这条答复，加引号，如 "2027-05-01"；不写就是现在就能用',
    )
    valid_until: Date | None = Field(
        default=None,
        description='用到哪天为止（含当天），加引号，如 "2027-08-31"；过了就不再发；'
        "不写就是一直能用",
    )
    published: bool = Field(
        default=True, description="写 false 就是草稿：家长看不到，也不会被答到；不写就是已发布"
    )

    @property
    def topic(self) -> str:
        return topic_of(self.id)

    @property
    def sayings(self) -> tuple[str, ...]:
        """All the ways it is asked: the standard question, the title, the phrases."""
        return (self.question, self.title, *self.phrases)

    def standing(self, today: date) -> Standing:
        """Return whether the answer may be given on that day."""
        if self.valid_until and today.isoformat() > self.valid_until:
            return Standing.EXPIRED
        if self.valid_from and today.isoformat() < self.valid_from:
            return Standing.NOT_YET
        return Standing.VALID

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(PLACEHOLDER.findall(self.answer)))


class TopicFile(Part):
    """enrollment.yaml, safety.yaml, aid.yaml, special_education.yaml, general.yaml."""

    topic: TopicId = Field(description="大类编号，与文件名相同")
    title: Text = Field(description="大类名称，菜单上显示，如 入学")
    bare: tuple[Text, ...] = Field(
        default=(), description="只说这些字看不出要问哪一条，机器人会请家长挑，如 报名、材料"
    )
    examples: tuple[EntryId, ...] = Field(
        min_length=3, max_length=8, description="菜单里点这个大类时先列出的条目"
    )
    entries: tuple[Entry, ...]


class Matter(Part):
    """A matter parents bring but another office settles."""

    id: Name = Field(description="编号，小写字母和下划线")
    title: Text = Field(description="这件事叫什么，如 社保")
    phrases: tuple[Text, ...] = Field(min_length=3, description="家长的说法，至少3种")
    door: Text = Field(description="该去哪里，一两句；电话只用 docs/facts.md 第12节的")
    facts: tuple[str, ...] = Field(min_length=1, description="docs/facts.md 里的事实号，如 W2")

    @property
    def sayings(self) -> tuple[str, ...]:
        """All the ways it is brought: the title, the phrases."""
        return (self.title, *self.phrases)


class OffTopic(Part):
    """Messages that no office answers: kept so that the desk does not mistake them."""

    id: Name = Field(description="编号，小写字母和下划线")
    phrases: tuple[Text, ...] = Field(min_length=3, description="说法，至少3种")


class ElsewhereFile(Part):
    """elsewhere.yaml."""

    matters: tuple[Matter, ...] = Field(description="归别的部门办的事")
    off_topic: tuple[OffTopic, ...] = Field(description="闲聊、广告、乱码等，不必答")


class DangerKind(Part):
    """One kind of danger: how it sounds and what is said at once."""

    id: Name
    title: Text = Field(description="给工作人员看的名称")
    entry: EntryId | None = Field(default=None, description="对应的条目编号，没有就不写")
    phrases: tuple[Text, ...] = Field(min_length=5, description="危险的说法，整句")
    signals: tuple[tuple[Text, ...], ...] = Field(
        default=(),
        description="一句话里同时出现这一组的词就按危险处理；一格里的几个词用 | 隔开，任一即可",
    )
    reply: Text = Field(description="紧急答复：先打哪个号码，接下来几分钟做什么，不要做什么")


class DangerFile(Part):
    """danger.yaml."""

    kinds: tuple[DangerKind, ...] = Field(min_length=1)
    harmless: tuple[Text, ...] = Field(description="只是听着吓人、其实不危险的整句说法")
    harmless_words: tuple[Text, ...] = Field(
        default=(), description="夸张的口头话，判断危险前先拿掉，如 笑死、累死了"
    )
    calm_words: tuple[Text, ...] = Field(
        default=(), description="说明只是打听、预防或早已过去的词，如 讲座、预防、去年"
    )


class MessagesFile(Part):
    """messages.yaml: every sentence of the desk's own, by name."""

    messages: dict[Name, Text] = Field(description="名字: 一句话；{…} 里的字段由程序填")
    small_talk: dict[Name, Text] = Field(description="寒暄的回答，名字与 lexicon.yaml 的相同")


class LexiconFile(Part):
    """lexicon.yaml: how parents' words map to ours."""

    skip: tuple[Text, ...] = Field(description="不带意思的词，如 请问、您好")
    rewrite: dict[Text, Text] = Field(description="方言、错字和别名: 通常的说法")
    key_terms: tuple[tuple[Text, ...], ...] = Field(
        description="互相冲突的关键词，一组里答错一个就是答错，如 [小学, 初中]；同义词用 | 隔开"
    )
    names: tuple[Text, ...] = Field(description="本区的学校和地名，写错同音字时认得出来")
    connectors: tuple[Text, ...] = Field(description="引出另一个问题的词，如 另外、还有")
    asks: tuple[Text, ...] = Field(description="一听就是在问的词，如 怎么、多少、能不能")
    follow_ups: tuple[Text, ...] = Field(description="接着上文问的词，如 那、呢")
    commands: dict[Name, tuple[Text, ...]] = Field(description="命令: 家长的各种说法")
    small_talk: dict[Name, tuple[Text, ...]] = Field(description="寒暄: 家长的各种说法")


class LocalValue(Part):
    """One placeholder of the district's own."""

    label: Text = Field(description="没填时在答复末尾怎么称呼它，如 招生咨询电话")
    explain: Text = Field(description="该填什么、到哪里核对")
    value: str = Field(default="", description="填在这里，加引号；没核实就留空")
    find_out: str = Field(default="", description="没填时请家长怎么打听；不写就用通常的那句")


class LocalFile(Part):
    """local.yaml."""

    values: dict[Name, LocalValue]


class HoursFile(Part):
    """hours.yaml."""

    answered_days: int = Field(ge=1, le=60, description="答复后几天没有动静就自动了结")
    waiting_parent_days: int = Field(ge=1, le=60, description="问了家长几天没回就自动了结")
    come_back_days: int = Field(ge=1, le=60, description="了结后几天内再来，仍算原来那一件")
    duty: str = Field(default="", description="值守时间的说法；不写就照 week 说给家长听")
    week: dict[Weekday, tuple[Hours, ...]] = Field(
        default={},
        description='每天的值守时段，如 周一: ["09:00-12:00", "14:00-17:30"]；没写的那天没人值守',
    )
    holidays: tuple[Days, ...] = Field(
        default=(), description='放假的日子，如 "2027-01-01"，或一段 "2027-02-05至2027-02-11"'
    )
    workdays: tuple[Days, ...] = Field(
        default=(), description="调休要上班的休息日，写法同上；按一周里第一个值守日的时段上班"
    )
    first_reply_minutes: int = Field(
        default=120, ge=5, le=10_000, description="转给人工后，多少个工作分钟内要有第一次回复"
    )
    resolution_minutes: int = Field(
        default=1950, ge=30, le=100_000, description="转给人工后，多少个工作分钟内要了结"
    )
    warn_percent: int = Field(default=75, ge=10, le=99, description="时限用掉百分之几时先提醒一次")
    urgent_minutes: int = Field(
        default=10, ge=1, le=1_000, description="紧急的多少分钟内要有人接手，昼夜都算"
    )
    owner_silent_minutes: int = Field(
        default=390, ge=10, le=10_000, description="负责人多少个工作分钟没有动静，就转给别人接手"
    )


class MenuItem(Part):
    """What one button of the account's menu does: exactly one thing."""

    name: Text = Field(description="按钮上的字；大类最多16个字节（5个汉字），下面的最多60个字节")
    topic: TopicId | None = Field(default=None, description="点了就打开这个大类")
    entry: EntryId | None = Field(default=None, description="点了就答这一条")
    command: Name | None = Field(
        default=None, description="点了等于说这个命令，如 handoff（转人工）、my_inquiries、menu"
    )
    url: str | None = Field(default=None, description="点了打开这个网址，以 https:// 开头")

    @property
    def key(self) -> str:
        """What WeChat reports when it is tapped; empty for an address."""
        for kind in ("topic", "entry", "command"):
            if value := getattr(self, kind):
                return f"{kind}.{value}"
        return ""


class MenuButton(MenuItem):
    """One of the three buttons: does something itself, or opens up to five below it."""

    buttons: tuple[MenuItem, ...] = Field(
        default=(), max_length=5, description="点开后的按钮，最多5个；写了它，自己就不再写别的"
    )


class MenuFile(Part):
    """menu.yaml."""

    buttons: tuple[MenuButton, ...] = Field(
        max_length=3, description="公众号底部的菜单，最多3个；改好后运行 run_bot.py wechat menu"
    )


class MustLine(Part):
    """A text, and what it must be taken for."""

    text: Text = Field(description="家长的话，一整句")
    expect: Meaning = Field(description=f"该由哪一条答：条目编号；或者：{'、'.join(MEANINGS)}")


class MustNotLine(Part):
    """A text, and what it must never be taken for."""

    text: Text = Field(description="家长的话，一整句")
    never: Meaning = Field(description=f"绝不能拿哪一条来答：条目编号；或者：{'、'.join(MEANINGS)}")


class KnownFailure(MustLine):
    """A text that is not yet taken for what it should be."""

    since: YearOrMonth = Field(description='什么时候发现的，加引号，如 "2026-11"')
    why: Text = Field(description="为什么还没改好，打算怎么办")


class MustFile(Part):
    """tests/must.yaml."""

    must: tuple[MustLine, ...] = Field(default=(), description="一定要答对的话")
    must_not: tuple[MustNotLine, ...] = Field(default=(), description="绝不能那样答的话")
    known_failures: tuple[KnownFailure, ...] = Field(
        default=(), description="知道现在还答不对的话；答对了 check --exam 会请您删掉"
    )
