"""One utterance read: what the parent means, how sure we are, and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from bot.faq.value import Faq
from bot.matching.danger import DangerSense
from bot.matching.model import Model
from bot.matching.training import MATTER
from bot.matching.wording import Wording
from bot.model import Candidate

CANDIDATES_SHOWN = 5
MOST_OFFERED = 3
_CONTEXT_TRUST = 0.9
"""What only the last answer explains is a little less sure."""
_SHORT = 14
"""A follow-up is at most this long."""
_FRAGMENT = 4
_NEARLY = 90.0
_CONFLICT = 0.25
_MOST_ANSWERED = 3


_RULES = {
    "empty": "没有字",
    "nothing alike": "没有相近的",
    "a bare word": "只有一个词，看不出要问哪一条",
    "sure": "把握够了",
    "another office": "归别的部门",
    "another office, unsure": "更像别的部门的事",
    "not sure enough": "把握不够",
    "too unsure": "太没把握",
    "several questions": "一句话问了几件事",
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


@dataclass(frozen=True)
class Understanding:
    """A Faq with the model trained on it (or on the one before: new words count at once)."""

    faq: Faq
    model: Model
    wording: Wording
    exact: Mapping[str, str]
    """Plain phrase -> entry, for phrases of one entry only."""
    exact_texts: Sequence[str]
    bare: frozenset[str]
    meant: Mapping[str, frozenset[tuple[int, int]]]
    """Key terms in each entry's own question."""
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
        meant = {}
        for entry in faq.entries.values():
            own = [wording.terms(wording.plain(t)) for t in (entry.question, *entry.phrases)]
            often = {term for terms in own for term in terms}
            meant[entry.id] = frozenset(
                term
                for term in often
                if sum(term in terms for terms in own) >= max(1, len(own) // 12)
            )
        return cls(faq, model, wording, exact, tuple(exact), frozenset(bare), meant, DangerSense.of(faq, model, wording))

    # ---------------------------------------------------------------- ranking

    def rank(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """Return, for each plain piece, class name -> chance of being right."""
        usable = [p for p in pieces if p]
        found: list[dict[str, float]] = []
        if usable:
            names = self.model.labels.names
            ours, others = self.model.rank(usable)
            for row in range(len(usable)):
                found.append(
                    {
                        names[c]: float(p)
                        for side in (ours, others)
                        for c, p in zip(side.classes[row], side.chance[row], strict=True)
                        if names[c] in self.faq.entries or not _is_entry(names[c])
                    }
                )
        ranked = iter(found)
        return [self._adjust(p, next(ranked)) if p else {} for p in pieces]

    def _adjust(self, piece: str, chances: dict[str, float]) -> dict[str, float]:
        """Let exact and nearly exact phrases speak, and key terms veto."""
        near = process.extractOne(
            piece, self.exact_texts, scorer=fuzz.ratio, score_cutoff=_NEARLY
        )
        if near and (len(piece) > _FRAGMENT or near[1] == 100):
            entry = self.exact[near[0]]
            sure = 1.0 if near[1] == 100 else 0.9 + (near[1] - _NEARLY) / 200
            chances[entry] = max(chances.get(entry, 0.0), sure)
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
            near = process.extractOne(
                self.wording.plain(text), entry.phrases, scorer=fuzz.ratio
            )
            phrase = f"，最像的说法：{near[0]}" if near else ""
            lines.append(f"  {candidate.score:.2f} {entry.id}（{entry.title}{phrase}）")
        return lines

    def read(self, text: str, *, after: str | None = None) -> Reading:
        """Return what the text asks for; `after` is the entry of the last answer, if any."""
        whole = self.wording.plain(text)
        if not whole:
            return Reading(Kind.UNCLEAR, rule="empty")
        questions = self.wording.questions(text)
        plain = [self.wording.plain(q) for q in questions]
        context = self._context(whole, after)
        ranked = self.rank([whole, *context, *plain])
        chances = ranked[0]
        needs_context = False
        if context:
            chances, needs_context = self._with_context(whole, chances, ranked[1], after)
        if questions and not needs_context:
            several = self._several(questions, ranked[1 + len(context) :], chances)
            if several:
                return several
        return self._decide(whole, chances, self_contained=not needs_context)

    def _context(self, whole: str, after: str | None) -> list[str]:
        entry = self.faq.entries.get(after or "")
        if entry is None or len(whole) > _SHORT:
            return []
        return [self.wording.plain(entry.title + whole)]

    def _with_context(
        self, whole: str, alone: dict[str, float], joined: dict[str, float], after: str | None
    ) -> tuple[dict[str, float], bool]:
        """Return the chances in the light of the last answer, and whether it was needed."""
        assert after is not None
        last = self.faq.entries[after]
        sure_alone = max((p for n, p in alone.items() if n in self.faq.entries), default=0.0)
        marked = bool(self.wording.follow_pattern.match(whole)) or len(whole) <= 5
        if sure_alone >= self.model.answer_at and not marked:
            return alone, False
        kin = {after, *last.related}
        kin |= {e.id for e in self.faq.entries.values() if e.topic == last.topic}
        merged = dict(alone)
        for name, chance in joined.items():
            if name in kin:
                merged[name] = max(merged.get(name, 0.0), chance * _CONTEXT_TRUST)
        best = max(merged, key=lambda n: merged[n])
        helped = best in kin and merged[best] > alone.get(best, 0.0)
        return merged, helped or marked

    def _several(
        self,
        questions: Sequence[str],
        ranked: Sequence[dict[str, float]],
        whole: dict[str, float],
    ) -> Reading | None:
        """Return an answer to two or three different questions, if the message asks them."""
        found: dict[str, float] = {}
        unclear: list[str] = []
        for question, chances in zip(questions, ranked, strict=True):
            best = max(chances, key=lambda n: chances[n], default="")
            if best in self.faq.entries and chances[best] >= self.model.answer_at:
                found[best] = max(found.get(best, 0.0), chances[best])
            else:
                unclear.append(question)
        if len(found) < 2:
            return None
        ordered = list(found)[:_MOST_ANSWERED]
        return Reading(
            Kind.ANSWER,
            tuple(ordered),
            candidates=self._candidates(whole | {n: found[n] for n in ordered}),
            confidence=min(found[n] for n in ordered),
            rule="several questions",
            unclear=tuple(unclear),
        )

    def _decide(
        self, whole: str, chances: dict[str, float], *, self_contained: bool
    ) -> Reading:
        candidates = self._candidates(chances)
        if not candidates:
            return Reading(Kind.UNCLEAR, rule="nothing alike")
        top = candidates[0]
        others = {n: p for n, p in chances.items() if n not in self.faq.entries}
        other = max(others, key=lambda n: others[n], default="")
        other_chance = others.get(other, 0.0)
        matter = other.removeprefix(MATTER) if other.startswith(MATTER) else None
        bare = self._is_bare(whole)

        def reading(kind: Kind, rule: str, entries: tuple[str, ...] = ()) -> Reading:
            return Reading(
                kind,
                entries,
                matter if kind is Kind.ELSEWHERE else None,
                candidates,
                other_chance if kind is Kind.ELSEWHERE else top.score,
                self_contained,
                rule,
            )

        offered = tuple(c.entry for c in candidates[:MOST_OFFERED])
        if bare and self_contained:
            return reading(Kind.SUGGEST, "a bare word", offered)
        if top.score >= self.model.answer_at and top.score > other_chance:
            return reading(Kind.ANSWER, "sure", (top.entry,))
        if matter and other_chance > top.score and other_chance >= self.model.ask_at:
            return reading(Kind.ELSEWHERE, "another office")
        if top.score >= self.model.ask_at and top.score > other_chance * 0.5:
            return reading(Kind.SUGGEST, "not sure enough", offered)
        if matter and other_chance > top.score:
            return reading(Kind.ELSEWHERE, "another office, unsure")
        return reading(Kind.UNCLEAR, "too unsure")

    def _is_bare(self, whole: str) -> bool:
        if whole in self.bare:
            return True
        return len(whole) <= _FRAGMENT and whole not in self.exact

    def _candidates(self, chances: Mapping[str, float]) -> tuple[Candidate, ...]:
        ours = [(n, p) for n, p in chances.items() if n in self.faq.entries]
        ours.sort(key=lambda item: -item[1])
        return tuple(Candidate(n, round(min(p, 1.0), 4)) for n, p in ours[:CANDIDATES_SHOWN])


def _is_entry(name: str) -> bool:
    return "." in name
