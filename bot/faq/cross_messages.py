"""The desk's own sentences in messages.yaml, held against what the code fills in."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from bot.faq.folder import Folder
from bot.faq.problem import Problem
from bot.faq.schema import MessagesFile
from bot.faq.sentences import REQUIRED_MESSAGES
from bot.faq.source import Loc, Source
from bot.faq.wording import resembling


def sentences(files: Folder) -> Iterator[Problem]:
    """Report sentences missing, unused, or with fields that nobody fills in."""
    source, messages = files.messages, files.messages.model
    if messages is None:
        return
    for name, fields in REQUIRED_MESSAGES.items():
        if name not in messages.messages:
            unused = [other for other in messages.messages if other not in REQUIRED_MESSAGES]
            meant = resembling(name, unused)
            hint = f"是不是写成了 {meant}？改过来" if meant else f"在 messages 下面加一句 {name}"
            about = f"，可用 {_braced(fields)}" if fields else ""
            yield source.problem(("messages",), f"缺少 {name} 这一句", f"{hint}{about}")
    for name, sentence in messages.messages.items():
        allowed = REQUIRED_MESSAGES.get(name)
        if allowed is None:
            meant = resembling(name, [n for n in REQUIRED_MESSAGES if n not in messages.messages])
            hint = f"是不是 {meant}？改过来" if meant else "名字写错了就改，没用了就删"
            what = f"程序用不到 {name} 这一句"
            yield source.problem(("messages", name), what, hint, "warning")
        yield from _fields(source, ("messages", name), sentence, allowed)
    for name, sentence in messages.small_talk.items():
        yield from _fields(source, ("small_talk", name), sentence, frozenset())
    lexicon = files.lexicon
    if lexicon.model is None:
        return
    for name in lexicon.model.small_talk:
        if name not in messages.small_talk:
            what = f"寒暄 {name} 在 messages.yaml 的 small_talk 里没有回答"
            yield lexicon.problem(("small_talk", name), what, f"在那里加一句 {name}，或删掉这里的")
    for name in messages.small_talk:
        if name not in lexicon.model.small_talk:
            what = f"寒暄 {name} 在 lexicon.yaml 的 small_talk 里没有说法"
            yield source.problem(("small_talk", name), what, f"在那里加 {name}，或删掉这一句")


def _fields(
    source: Source[MessagesFile], loc: Loc, sentence: str, allowed: frozenset[str] | None
) -> Iterator[Problem]:
    """Report what `str.format` would stumble over or show as it stands; None allows any name."""
    if "｛" in sentence or "｝" in sentence:
        yield source.problem(loc, f"{loc[-1]} 里的花括号是全角的", "改成英文的 { }")
    try:
        parsed = [part for part in Formatter().parse(sentence) if part[1] is not None]
    except ValueError:
        yield source.problem(loc, f"{loc[-1]} 里的花括号没有配对", "写成 {名字}，左右各一个")
        return
    used = {name or "" for _, name, _, _ in parsed}
    if any(spec or conversion for _, _, spec, conversion in parsed):
        yield source.problem(loc, f"{loc[-1]} 的花括号里不只有名字", "只写名字，如 {number}")
    for name in sorted(used):
        if not name.isidentifier() or (allowed is not None and name not in allowed):
            can = f"这里能用的有：{_braced(allowed)}" if allowed else "这一句里不要用花括号"
            yield source.problem(loc, f"{loc[-1]} 里的 {{{name}}} 程序填不了", can)
    for name in sorted((allowed or frozenset()) - used):
        what = f"{loc[-1]} 里没有用到 {{{name}}}，家长会看不到它"
        yield source.problem(loc, what, f"把 {{{name}}} 写进这一句", "warning")


def _braced(fields: frozenset[str]) -> str:
    return "、".join(f"{{{name}}}" for name in sorted(fields))
