"""One utterance read: what the parent means, how sure we are, and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rapidfuzz import fuzz, process

from bot.faq.schema import Entry
from bot.faq.value import Faq
from bot.matching import several
from bot.matching.danger import DangerSense
from bot.matching.model import Model
from bot.matching.training import MATTER
from bot.matching.wording import Wording
from bot.model import Candidate

CANDIDATES_SHOWN = 5
MOST_OFFERED = 3
_SHORT = 14
"""A follow-up is at most this long."""
_VERY_SHORT = 8
"""One this short about a related entry goes on with the last matter."""
_SURE_ALONE = 0.9
_KIN, _FAR = 2.0, 0.6
"""How much likelier an entry related to the last one is, how much less one of another topic."""
_STAYS = 0.65
"""How far a short message that names nothing else is taken to stay with the last matter."""
_CLOSE = 0.6
_FRAGMENT = 4
_NEARLY = 90.0
_CONFLICT = 0.25
_MOST_ANSWERED = 3
_SURE_OTHER = 0.5
"""From this chance of all that is not ours on, its office is named at once."""
_NAMED_FIRST = 0.5
"""Another office is named unless talk that has none is likelier by this much."""
_HARDLY_ASKED = 0.2
"""Below this chance of any entry a part of a message is said to be still open."""
_WORTH_OFFERING = 0.2
"""An entry this much as likely as what is not ours is still offered."""

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


class Kind(StrEnum):
    """What a reading asks for."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ELSEWHERE = "elsewhere"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood, and why."""

    kind: Kind
    entries: tuple[str, ...] = ()
    """Entries to answer, or to offer, in that order."""
    matter: str | None = None
    """Another office's matter."""
    candidates: tuple[Candidate, ...] = ()
    """The ranking, best first."""
    confidence: float = 0.0
    self_contained: bool = True
    """False when only the last answer made sense of it."""
    rule: str = ""
    unclear: tuple[str, ...] = ()
    """Questions in the message that are neither answered nor offered."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a message that asks one thing."""

    entry: str
    chance: float
    text: str


@dataclass(frozen=True)
class Understanding:
    """A Faq with the model trained on it (or on the one before: new words count at once)."""

    faq: Faq
    model: Model
    wording: Wording
    exact: Mapping[str, str]
    """Plain phrase -> entry, for phrases of one entry only."""
    phrases: Mapping[str, Sequence[str]]
    """The same by entry."""
    matters: Mapping[str, str]
    """Plain phrase -> another office's matter."""
    bare: frozenset[str]
    meant: Mapping[str, frozenset[tuple[int, int]]]
    """Key terms that any of an entry's own words name."""
    danger: DangerSense

    @classmethod
    def of(cls, faq: Faq, model: Model) -> Understanding:
        wording = Wording.of(faq.lexicon)
        exact: dict[str, str] = {}
        bare = {wording.plain(word) for topic in faq.topics for word in topic.bare}
        for entry in faq.entries.values():
            for text in (entry.question, entry.title, *entry.phrases):
                exact.setdefault(wording.plain(text), entry.id)
        for word in bare:
            exact.pop(word, None)
        meant = {
            entry.id: frozenset(
                term
                for text in (entry.question, entry.title, *entry.phrases)
                for term in wording.terms(wording.plain(text))
            )
            for entry in faq.entries.values()
        }
        danger = DangerSense.of(faq, model, wording)
        phrases: dict[str, list[str]] = {}
        for text, name in exact.items():
            phrases.setdefault(name, []).append(text)
        matters = {
            wording.plain(text): matter.id
            for matter in faq.elsewhere.matters
            for text in (matter.title, *matter.phrases)
        }
        return cls(faq, model, wording, exact, phrases, matters, frozenset(bare), meant, danger)

    # ---------------------------------------------------------------- ranking

    def rank(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """Return, for each plain piece, class name -> chance of being right."""
        usable = [p for p in pieces if p]
        found = [
            {n: p for n, p in chances.items() if n in self.faq.entries or not _is_entry(n)}
            for chances in (self.model.rank(usable) if usable else ())
        ]
        ranked = iter(found)
        return [self._veto(p, self._recall(p, next(ranked))) if p else {} for p in pieces]

    def _recall(self, piece: str, chances: dict[str, float]) -> dict[str, float]:
        """Let one of the FAQ's own phrases speak."""
        if piece in self.exact:
            chances[self.exact[piece]] = 1.0
        return chances

    def _nearly(self, whole: str, chances: dict[str, float]) -> dict[str, float]:
        """Let a phrase that differs by a slip of the finger speak."""
        if len(whole) > _FRAGMENT:
            for entry in [name for name in chances if name in self.phrases]:
                near = process.extractOne(
                    whole, self.phrases[entry], scorer=fuzz.ratio, score_cutoff=_NEARLY
                )
                if near:
                    sure = 0.9 + (near[1] - _NEARLY) / 200
                    chances[entry] = max(chances[entry], sure)
        return chances

    def _veto(self, piece: str, chances: dict[str, float]) -> dict[str, float]:
        """Let key terms speak against entries that mean the other thing."""
        for name in chances:
            if name in self.meant and self.wording.conflicts(piece, self.meant[name]):
                chances[name] *= _CONFLICT
        return chances

    # ---------------------------------------------------------------- reading

    def why(self, text: str) -> list[str]:
        """Return in Chinese, for staff, how a first message with this text was understood."""
        kind = self.danger.sense(text)
        if kind is not None:
            return [f"〔按危险处理：{kind.title}〕"]
        reading = self.read(text)
        thresholds = f"{self.model.answer_at:.2f} 起直接答，{self.model.ask_at:.2f} 起请家长挑"
        lines = [f"〔规则：{_RULES.get(reading.rule, reading.rule)}；{thresholds}〕"]
        for candidate in reading.candidates:
            entry = self.faq.entries[candidate.entry]
            near = process.extractOne(self.wording.plain(text), entry.phrases, scorer=fuzz.ratio)
            phrase = f"，最像的说法：{near[0]}"
            lines.append(f"  {candidate.score:.2f} {entry.id}（{entry.title}{phrase}）")
        return lines

    def read(self, text: str, *, after: str | None = None) -> Reading:
        """Return what the text asks for; `after` is the entry of the last answer, if any."""
        whole = self.wording.plain(text)
        if not whole:
            return Reading(Kind.UNCLEAR, rule="empty")
        if whole in self.exact:
            return self._phrase(text, whole, after)
        if whole in self.matters:
            return Reading(
                Kind.ELSEWHERE,
                matter=self.matters[whole],
                candidates=self._candidates(self.rank([whole])[0]),
                confidence=1.0,
                rule="a phrase of another office",
            )
        last = self.faq.entries.get(after or "")
        if last is not None and len(whole) <= _SHORT:
            return self._follow_up(text, whole, last)
        parts = self._parts(text, _MOST_ANSWERED)
        [chances] = self.rank([whole])
        if len(parts) > 1:
            return self._several(parts, chances)
        for part in parts.values():
            chances[part.entry] = max(chances.get(part.entry, 0.0), part.chance)
        return self._decide(whole, self._veto(whole, self._nearly(whole, chances)))

    def _phrase(self, text: str, whole: str, after: str | None) -> Reading:
        """Return the answer to one of the FAQ's own phrases, word for word."""
        entry = self.exact[whole]
        [chances] = self.rank([whole])
        return Reading(
            Kind.ANSWER,
            (entry,),
            candidates=self._candidates(chances | {entry: 1.0}),
            confidence=1.0,
            self_contained=after is None or not self.wording.follows(text),
            rule="a phrase of the FAQ",
        )

    def _follow_up(self, text: str, whole: str, last: Entry) -> Reading:
        """Return what a short message means right after the answer to `last`.

        What stands on its own is taken so. Else the last matter is one more thing that may be
        meant, entries related to it are likelier and other topics less likely; two that are
        close are offered.
        """
        joined_words = self.wording.agreeing(self.wording.plain(last.title), whole) + whole
        alone, joined = self.rank([whole, joined_words])
        ours = {n: p for n, p in alone.items() if n in self.faq.entries}
        others = {n: p for n, p in alone.items() if n not in ours}
        best = max(ours, key=lambda n: ours[n], default="")
        sure = bool(best) and ours[best] >= self.model.answer_at
        marked = self.wording.follows(text)
        if max(others.values(), default=0.0) >= self.model.answer_at:
            return self._decide(whole, alone)
        kin = {last.id, *last.related}
        if sure and not marked and (best not in kin or len(whole) > _VERY_SHORT):
            return self._decide(whole, alone)
        if sure and (best in kin or ours[best] >= _SURE_ALONE):
            return replace(self._decide(whole, alone), self_contained=False)
        weighed = {
            n: min(p * (_KIN if n in kin else 1.0 if _topic(n) == last.topic else _FAR), 0.99)
            for n, p in ours.items()
        }
        if not self.wording.conflicts(whole, self.meant[last.id]):
            stays = max(joined.get(last.id, 0.0) * _STAYS, weighed.get(last.id, 0.0))
            weighed[last.id] = stays
        ranked = self._candidates(weighed)
        if not ranked or ranked[0].score < self.model.ask_at:
            return self._decide(whole, alone)
        close = tuple(c.entry for c in ranked[:MOST_OFFERED] if c.score > ranked[0].score * _CLOSE)
        clear = len(close) == 1 and ranked[0].score >= self.model.answer_at
        if clear and (not self._is_bare(whole) or best == last.id):
            kind, shown = Kind.ANSWER, ranked[:1]
        else:
            kind, shown = Kind.SUGGEST, ranked[:MOST_OFFERED]
        return Reading(
            kind,
            tuple(c.entry for c in shown),
            candidates=ranked,
            confidence=ranked[0].score,
            self_contained=False,
            rule="after the last answer",
        )

    def _parts(self, text: str, most: int) -> dict[str, _Part]:
        """Return what a message asks, by entry, in the order asked.

        One thing gives nothing, unless it is surely asked twice.
        """
        cuts = several.cuts(text, self.wording) if most > 1 else []
        if not cuts:
            return {}
        pieces = [text, *(side for cut in cuts for side in (cut.left, cut.right))]
        whole, *sides = self.rank([self.wording.plain(piece) for piece in pieces])
        top = max((p for n, p in whole.items() if n in self.faq.entries), default=0.0)
        found: tuple[float, list[_Part]] = (several.FROM, [])
        for place, cut in enumerate(cuts):
            left, right = (
                several.best(sides[2 * place + side], self.faq.entries.__contains__)
                for side in (0, 1)
            )
            sure = min(left[1], right[1])
            if left[0] == right[0] and sure >= self.model.answer_at:
                return {left[0]: _Part(left[0], sure, text)}
            if left[0] and right[0] and left[0] != right[0]:
                seen = several.evidence(cut, whole, top, left, right)
                believed = several.chance(seen)
                if believed >= found[0]:
                    found = believed, [_Part(*left, cut.left), _Part(*right, cut.right)]
        parts: dict[str, _Part] = {}
        for part in found[1]:
            parts |= self._parts(part.text, most - 1) or {part.entry: part}
        return parts

    def _several(self, parts: Mapping[str, _Part], whole: dict[str, float]) -> Reading:
        """Return the answer to two or three different questions."""
        asked = list(parts.values())[:_MOST_ANSWERED]
        return Reading(
            Kind.ANSWER,
            tuple(part.entry for part in asked),
            candidates=self._candidates(whole | {part.entry: part.chance for part in asked}),
            confidence=min(part.chance for part in asked),
            rule="several questions",
            unclear=tuple(left for part in asked for left in self._unclear(part)),
        )

    def _unclear(self, part: _Part) -> list[str]:
        """Return the questions in a part that its entry does not answer."""
        questions = self.wording.questions(part.text)
        ranked = self.rank([self.wording.plain(question) for question in questions])
        return [
            question
            for question, chances in zip(questions, ranked, strict=True)
            if several.best(chances, self.faq.entries.__contains__)[1] < _HARDLY_ASKED
        ]

    def decide(self, whole: str, chances: dict[str, float]) -> Reading:
        """Return what to do about one plain question, from the chance of each class."""
        return self._decide(whole, self._veto(whole, chances))

    def _decide(self, whole: str, chances: dict[str, float]) -> Reading:
        candidates = self._candidates(chances)
        if not candidates:
            return Reading(Kind.UNCLEAR, rule="nothing alike")
        top = candidates[0]
        others = {n: p for n, p in chances.items() if n not in self.faq.entries}
        other_chance = max(others.values(), default=0.0)
        named = {n: p for n, p in others.items() if n.startswith(MATTER)}
        other = max(named, key=lambda n: named[n], default="")
        matter = (
            other.removeprefix(MATTER)
            if named.get(other, 0.0) > other_chance * _NAMED_FIRST
            else None
        )
        bare = self._is_bare(whole, top)

        def reading(kind: Kind, rule: str, entries: tuple[str, ...] = ()) -> Reading:
            return Reading(
                kind,
                entries,
                matter if kind is Kind.ELSEWHERE else None,
                candidates,
                other_chance if kind is Kind.ELSEWHERE else top.score,
                rule=rule,
            )

        offered = tuple(c.entry for c in candidates[:MOST_OFFERED])
        if bare and (whole in self.bare or top.score > max(other_chance, self.model.ask_at)):
            return reading(Kind.SUGGEST, "a bare word", offered)
        if top.score >= self.model.answer_at and top.score > other_chance:
            return reading(Kind.ANSWER, "sure", (top.entry,))
        if matter and other_chance > top.score and sum(others.values()) >= _SURE_OTHER:
            return reading(Kind.ELSEWHERE, "another office")
        if top.score >= max(self.model.ask_at, other_chance * _WORTH_OFFERING):
            return reading(Kind.SUGGEST, "not sure enough", offered)
        if matter and other_chance > top.score:
            return reading(Kind.ELSEWHERE, "another office, unsure")
        return reading(Kind.UNCLEAR, "too unsure")

    def _is_bare(self, whole: str, top: Candidate | None = None) -> bool:
        """Return whether this is a mere word that several entries may be meant by."""
        if whole in self.bare:
            return True
        sure = top is not None and top.score >= _SURE_ALONE
        return len(whole) <= _FRAGMENT and whole not in self.exact and not sure

    def _candidates(self, chances: Mapping[str, float]) -> tuple[Candidate, ...]:
        ours = [(n, p) for n, p in chances.items() if n in self.faq.entries]
        ours.sort(key=lambda item: -item[1])
        return tuple(Candidate(n, round(min(p, 1.0), 4)) for n, p in ours[:CANDIDATES_SHOWN])


def _topic(entry_id: str) -> str:
    return entry_id.partition(".")[0]


def _is_entry(name: str) -> bool:
    return "." in name
