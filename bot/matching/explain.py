"""Why a message is understood so: the phrases, words and rules behind it, in Chinese. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz import fuzz, process

from bot.faq.value import Faq
from bot.matching.danger import Judgement
from bot.matching.features import grams
from bot.matching.hearing import MATTER, NEAR_MISS
from bot.matching.model import Model
from bot.matching.reading import Reading
from bot.matching.understand import Understanding
from bot.model import Candidate

_MOST_WORDS = 4
_SHOWN = 0.005
"""Chances below this are not worth a line."""

_RULES = {
    "empty": "没有字",
    "nothing alike": "没有相近的",
    "a bare word": "只有一个词，看不出要问哪一条",
    "a phrase of the FAQ": "和一条说法一字不差",
    "a phrase of another office": "和别的部门的一条说法一字不差",
    "sure": "把握够了",
    "another office": "归别的部门",
    "another office, unsure": "更像别的部门的事",
    "not sure enough": "把握不够",
    "too unsure": "太没把握",
    "several questions": "一句话问了几件事",
    "after the last answer": "接着上一个答复问",
    "a birth date": "给了生日",
}
_DANGER = {
    "harmless": "和一条“听着吓人其实没事”的说法一样",
    "phrase": "和一条危险的说法一字不差",
    "sound": "整句听着像",
    "part": "长话里有一段听着像",
    "signal": "有一组危险的词",
    "": "听着不像",
}


def why(mind: Understanding, text: str) -> list[str]:
    """Return, for staff, how a first message with this text is understood."""
    judged = mind.danger.judge(text)
    if judged.kind is not None:
        return [f"〔按危险处理：{judged.kind.title}〕", _danger(judged, mind)]
    reading = mind.read(text)
    whole = mind.wording.plain(text)
    model = mind.model
    thresholds = f"门槛：{model.answer_at:.2f} 起直接答，{model.ask_at:.2f} 起请家长挑"
    return [
        f"〔规则：{_RULES.get(reading.rule, reading.rule)}；{thresholds}〕",
        *([f"  读作：{whole}"] if whole and whole != text else []),
        f"  {_danger(judged, mind)}",
        *_divided(mind, text, reading),
        *(_candidates(mind, whole, reading) if whole else ()),
        *(_rivals(mind, whole, reading) if whole else ()),
    ]


def _danger(judged: Judgement, mind: Understanding) -> str:
    said = f"“{judged.words}”" if judged.words else ""
    return (
        f"危险：{_DANGER[judged.by]}{said}，{judged.chance:.2f}（{mind.model.alarm_at:.2f} 起报警）"
    )


def _divided(mind: Understanding, text: str, reading: Reading) -> Iterator[str]:
    """Give where the message was cut, or would have been."""
    if reading.rule == "a phrase of the FAQ":
        return
    division, chance = mind.parting.likeliest(text)
    if division is None:
        return
    left, right = (
        f"“{side}”像 {name}（{p:.2f}）"
        for side, name, p in zip(
            (division.cut.left, division.cut.right),
            division.entries,
            division.chances,
            strict=True,
        )
    )
    at = mind.model.divider.asked.at
    told = "分成两问" if chance >= at else "没有分成两问"
    yield f"  {told}：{left}，{right}；把握 {chance:.2f}（{at:.2f} 起分开答）"


def _candidates(mind: Understanding, whole: str, reading: Reading) -> Iterator[str]:
    """Give each candidate: how far it comes, its nearest phrase, what speaks for and against it."""
    for place, candidate in enumerate(reading.candidates):
        entry = mind.faq.entries[candidate.entry]
        parts = [entry.title, _standing(mind.model, reading.candidates, place)]
        _, alike, place = process.extractOne(
            whole, [mind.wording.plain(said) for said in entry.sayings], scorer=fuzz.ratio
        )
        parts.append(f"最像的说法：{entry.sayings[place]}（{alike:.0f} 分像）")
        if words := _words_for(mind, whole, entry.id):
            parts.append("像它的词：" + "、".join(words))
        if mind.ranking.vetoed(whole, entry.id):
            parts.append("关键词相反，压低了")
        yield f"  {candidate.score:.2f} {entry.id}（{'，'.join(parts)}）"


def _standing(model: Model, ranked: Sequence[Candidate], place: int) -> str:
    """Return which threshold the best reaches, or how far behind it another is."""
    best = ranked[0].score
    if place:
        return f"比第一条差 {best - ranked[place].score:.2f}"
    if best >= model.answer_at:
        return "够直接答"
    return "只够请家长挑" if best >= model.ask_at else "不够请家长挑"


def _words_for(mind: Understanding, whole: str, entry: str) -> list[str]:
    """Return the words of the utterance that speak most for an entry."""
    hearing = mind.model.hearing
    if entry not in hearing.labels.names:
        return []
    places, values = hearing.features.sparse(whole)
    column = hearing.labels.names.index(entry)
    speaks = values * hearing.head.sparse[places, column].astype(np.float32)
    known = hearing.features.characters.index
    by_place = {known[gram]: gram.replace(" ", "") for gram in grams(whole) if gram in known}
    found: list[str] = []
    for at in np.argsort(-speaks):
        word = by_place.get(int(places[at]), "")
        if speaks[at] > 0 and len(word) > 1 and not any(word in other for other in found):
            found.append(word)
        if len(found) == _MOST_WORDS:
            break
    return found


def _rivals(mind: Understanding, whole: str, reading: Reading) -> Iterator[str]:
    """Give what is likeliest of all that is not ours."""
    [chances] = mind.ranking.rank([whole])
    others = {n: p for n, p in chances.items() if n not in mind.faq.entries and p >= _SHOWN}
    name = max(others, key=lambda n: others[n], default="")
    if name:
        yield f"  不归我们答的，最像：{_named(mind.faq, name)}，{others[name]:.2f}"


def _named(faq: Faq, name: str) -> str:
    if name == NEAR_MISS:
        return "条目里写了“不是问这个”的话"
    if name.startswith(MATTER):
        matter = faq.matters.get(name.removeprefix(MATTER))
        return f"别的部门的事“{matter.title}”" if matter else name
    return "和上学无关的话"
