"""What only several files together, or a rendered answer, can show to be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain

from pydantic import BaseModel

from bot.faq import cross_hours, cross_menu, cross_messages
from bot.faq.folder import Folder, Said
from bot.faq.problem import Problem, errors
from bot.faq.schema import PLACEHOLDER
from bot.faq.source import Source
from bot.faq.value import Faq
from bot.faq.wording import resembling
from bot.text import squeeze

FEWEST_PHRASES = 12
"""Ways of asking that a published entry must know."""
FIRST_LINE = 40
"""Characters that the answer itself may have."""
WHOLE_ANSWER = 400
"""Characters of an answer as sent, basis and date included."""

_BRACES = re.compile(r"\{\{|\}\}|[｛｝]")


def check(files: Folder, *, to_serve: bool = True) -> list[Problem]:
    """Return the problems between files; what a missing file would tell is left out.

    How many phrases an entry needs and how long its answer may be are rules for what is served.
    """
    fillings = [*_placeholders(files), *cross_messages.sentences(files)]
    faq = files.faq()
    rules: list[Problem] = []
    if to_serve:
        rules += [*_same_phrase(files), *_few_phrases(files), *_first_lines(files)]
        rules += _lengths(files, faq) if faq and not errors(fillings) else ()
    return [
        *fillings,
        *cross_menu.menu(files),
        *cross_hours.hours(files),
        *_ids(files),
        *_references(files),
        *_dates(files),
        *rules,
    ]


def _ids(files: Folder) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for source, loc, entry in files.entries():
        here = f"{source.file} 第{source.place((*loc, 'id'))[0]}行"
        if entry.id in seen:
            yield source.problem(
                (*loc, "id"),
                f"编号 {entry.id} 和 {seen[entry.id]}的重复",
                "两条内容相同就删去一条，不同就换一个编号",
            )
        seen.setdefault(entry.id, here)
        topic = source.file.removesuffix(".yaml")
        if entry.topic != topic:
            yield source.problem(
                (*loc, "id"),
                f"编号 {entry.id} 不是以 {topic}. 开头",
                f"改成 {topic}.{entry.id.partition('.')[2]}，或把这一条移到 {entry.topic}.yaml",
            )
    for source in files.topics:
        topic = source.file.removesuffix(".yaml")
        if source.model and source.model.topic != topic:
            what = f"topic 写的是 {source.model.topic}，文件却是 {source.file}"
            yield source.problem(("topic",), what, f"改成 topic: {topic}")
    if elsewhere := files.elsewhere.model:
        kinds = {
            "matters": [kind.id for kind in elsewhere.matters],
            "off_topic": [kind.id for kind in elsewhere.off_topic],
        }
        for part, ids in kinds.items():
            yield from _repeats(files.elsewhere, part, ids)
    if danger := files.danger.model:
        yield from _repeats(files.danger, "kinds", [kind.id for kind in danger.kinds])


def _repeats(source: Source[BaseModel], part: str, ids: list[str]) -> Iterator[Problem]:
    for place, name in enumerate(ids):
        if (first := ids.index(name)) < place:
            line = source.place((part, first, "id"))[0]
            what = f"编号 {name} 和第{line}行的重复"
            yield source.problem((part, place, "id"), what, "合并这两条，或者换一个编号")


def _references(files: Folder) -> Iterator[Problem]:
    """Report names of entries that do not exist, unless a topic file could not be read."""
    if not all(source.model for source in files.topics):
        return
    known = [entry.id for _, _, entry in files.entries()]
    drafts = {entry.id for _, _, entry in files.entries() if not entry.published}

    def unknown(name: str) -> tuple[str, str] | None:
        if name in known:
            return None
        meant = resembling(name, known)
        return f"没有编号为 {name} 的条目", (
            f"是不是 {meant}？改过来" if meant else "改成有的编号，或者删掉"
        )

    for source in files.topics:
        for place, name in enumerate(source.model.examples if source.model else ()):
            if words := unknown(name):
                yield source.problem(("examples", place), *words)
            elif name in drafts:
                what = f"菜单里的 {name} 还是草稿，家长看不到"
                yield source.problem(("examples", place), what, "发布它，或者换一条", "warning")
    for source, loc, entry in files.entries():
        for place, name in enumerate(entry.related):
            if words := unknown(name):
                yield source.problem((*loc, "related", place), *words)
            elif name == entry.id:
                what = f"{name} 把自己写成了相关条目"
                yield source.problem((*loc, "related", place), what, "删掉这一个")
    for place, kind in enumerate(files.danger.model.kinds if files.danger.model else ()):
        if kind.entry and (words := unknown(kind.entry)):
            yield files.danger.problem(("kinds", place, "entry"), *words)
        elif kind.entry in drafts:
            what = f"{kind.id} 对应的条目 {kind.entry} 还是草稿"
            yield files.danger.problem(("kinds", place, "entry"), what, "先发布那一条，或者不写")


def _placeholders(files: Folder) -> Iterator[Problem]:
    local = files.local.model
    for source, loc, entry in files.entries():
        for number, line in enumerate(entry.answer.splitlines()):
            names = PLACEHOLDER.findall(line)
            if names and number == 0:
                yield source.problem(
                    (*loc, "answer"),
                    f"{entry.id} 的答复第一行里有占位符 {names[0]}",
                    "第一行总要显示，占位符挪到后面的行",
                )
            for name in names:
                if local and name not in local.values:
                    meant = resembling(name, list(local.values))
                    yield source.problem(
                        (*loc, "answer"),
                        f"{entry.id} 的占位符 {name} 在 local.yaml 里没有",
                        f"是不是 {meant}？改过来" if meant else f"在 local.yaml 里加一项 {name}",
                        text_line=number,
                    )
            if _BRACES.search(PLACEHOLDER.sub("", line)):
                yield source.problem(
                    (*loc, "answer"),
                    f"{entry.id} 的答复里花括号没写对",
                    "占位符写成 {{名字}}，用英文花括号，左右各两个",
                    text_line=number,
                )
        for name in ("title", "question", "basis"):
            if "{{" in getattr(entry, name):
                what = f"{entry.id} 的 {name} 里有占位符，家长会原样看到"
                yield source.problem((*loc, name), what, "占位符只能写在 answer 里")
    for place, matter in enumerate(files.elsewhere.model.matters if files.elsewhere.model else ()):
        if "{{" in matter.door:
            what = f"{matter.id} 的 door 里有占位符，家长会原样看到"
            yield files.elsewhere.problem(("matters", place, "door"), what, "改成12345等确定的去处")
    for place, kind in enumerate(files.danger.model.kinds if files.danger.model else ()):
        if "{{" in kind.reply:
            what = f"{kind.id} 的 reply 里有占位符，家长会原样看到"
            yield files.danger.problem(("kinds", place, "reply"), what, "紧急答复里只写确定的号码")


def _dates(files: Folder) -> Iterator[Problem]:
    for source, loc, entry in files.entries():
        for name in ("review_by", "valid_from", "valid_until"):
            try:
                date.fromisoformat(getattr(entry, name) or entry.review_by)
            except ValueError:
                what = f"{entry.id} 的 {name} {getattr(entry, name)} 没有这一天"
                yield source.problem((*loc, name), what, "改成日历上有的日期")
        if entry.valid_from and entry.valid_until and entry.valid_from > entry.valid_until:
            what = f"{entry.id} 还没到能用的那天（{entry.valid_from}）就过期了"
            yield source.problem((*loc, "valid_until"), what, "改成不早于 valid_from 的日期")


def _few_phrases(files: Folder) -> Iterator[Problem]:
    for source, loc, entry in files.entries():
        lacking = FEWEST_PHRASES - len(entry.phrases)
        if entry.published and lacking > 0:
            what = f"{entry.id} 的 phrases 只有{len(entry.phrases)}项，发布至少要{FEWEST_PHRASES}项"
            remedy = f"再补{lacking}项，或者先写 published: false 存成草稿"
            yield source.problem((*loc, "phrases"), what, remedy)


def _first_lines(files: Folder) -> Iterator[Problem]:
    for source, loc, entry in files.entries():
        if (length := len(entry.answer.splitlines()[0])) > FIRST_LINE:
            yield source.problem(
                (*loc, "answer"),
                f"{entry.id} 的答复第一行有{length}个字，最多{FIRST_LINE}个字",
                "第一行只留答案，其余移到下一行",
            )


def _lengths(files: Folder, faq: Faq) -> Iterator[Problem]:
    faq = replace(faq, entries={**faq.entries, **faq.drafts})
    empty = {name: value.model_copy(update={"value": ""}) for name, value in faq.local.items()}
    bare = replace(faq, local=empty)
    for source, loc, entry in files.entries():
        longest = max(len(bare.answer(entry.id)), len(faq.answer(entry.id)))
        if longest > WHOLE_ANSWER:
            yield source.problem(
                (*loc, "answer"),
                f"{entry.id} 的整条答复（含依据和截至）有{longest}个字，最多{WHOLE_ANSWER}个字",
                f"至少删去{longest - WHOLE_ANSWER}个字",
            )


def _same_phrase(files: Folder) -> Iterator[Problem]:
    """Report a phrase that leads to two places; within one entry `lint` does."""
    questions = (
        Said(entry.question, squeeze(entry.question), entry.id, source, (*loc, "question"))
        for source, loc, entry in files.entries()
    )
    phrases = list(files.entry_phrases())
    first: dict[str, Said] = {}
    for said in chain(questions, phrases, files.elsewhere_phrases()):
        other = first.setdefault(said.bare, said)
        if other.owner == said.owner and other.source is said.source:
            continue
        if said.bare:  # mere punctuation can be an off-topic phrase
            yield said.problem(
                f"{said.owner} 的“{said.text}”和 {other.where} {other.owner} 的一样",
                "只留在真正该答它的那一处",
            )
    own = {(said.owner, said.bare) for said in phrases}
    for said in phrases:
        if not said.bare:
            yield said.problem(f"{said.owner} 的说法“{said.text}”里没有字", "写一句话，或者删掉")
    for source, loc, entry in files.entries():
        for place, text in enumerate(entry.not_for):
            if (entry.id, squeeze(text)) in own:
                what = f"{entry.id} 的“{text}”又在 phrases 里，又在 not_for 里"
                yield source.problem((*loc, "not_for", place), what, "两处只留一处")
