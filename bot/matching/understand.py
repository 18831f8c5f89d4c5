"""One utterance read: what the parent means, how sure we are, and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.faq.schema import DangerKind, Entry
from bot.faq.value import Faq
from bot.matching.danger import DangerSense
from bot.matching.division import Chances
from bot.matching.hearing import MATTER
from bot.matching.model import Model
from bot.matching.parting import Part, Parting
from bot.matching.ranking import Ranking
from bot.matching.reading import MOST_OFFERED, Kind, Reading, candidates
from bot.matching.wording import Wording
from bot.model import Candidate, topic_of

_SHORT = 14
"""A follow-up is at most this long."""
_VERY_SHORT = 8
"""One this short about a related entry goes on with the last matter."""
_SURE_ALONE = 0.9
_CLAIMED = 0.95
"""From this chance on the last matter's name before it claims a message not quite sure alone."""
_KIN, _FAR = 2.0, 0.6
"""How much likelier an entry related to the last one is, how much less one of another topic."""
_STAYS = 0.65
"""How far a short message that names nothing else is taken to stay with the last matter."""
_CLOSE = 0.6
_FRAGMENT = 4
_SURE_OTHER = 0.5
"""From this chance of all that is not ours on, its office is named at once."""
_NAMED_FIRST = 0.5
"""Another office is named unless talk that has none is likelier by this much."""
_WORTH_OFFERING = 0.2
"""An entry this much as likely as what is not ours is still offered."""


@dataclass(frozen=True)
class Understanding:
    """A Faq that tells what is meant."""

    faq: Faq
    ranking: Ranking
    parting: Parting
    matters: Mapping[str, str]
    """Plain phrase -> another office's matter."""
    danger: DangerSense

    @classmethod
    def of(cls, faq: Faq, model: Model) -> Understanding:
        wording = Wording.of(faq.lexicon, spaced=faq.spaced)
        ranking = Ranking.of(faq, model, wording)
        matters = {
            wording.plain(text): matter.id
            for matter in faq.elsewhere.matters
            for text in matter.sayings
        }
        danger = DangerSense.of(faq, model, wording)
        return cls(faq, ranking, Parting(ranking), matters, danger)

    @property
    def model(self) -> Model:
        return self.ranking.model

    @property
    def wording(self) -> Wording:
        return self.ranking.wording

    def sense(self, text: str) -> DangerKind | None:
        """Return the kind of danger that the message tells of, None when it tells of none."""
        # What reading it would need as well: together takes half as long as one after the other.
        whole = self.wording.plain(text)
        if whole and whole not in self.ranking.exact:
            parts = [whole, *self.danger.parts(text), *self.parting.sides(text)]
            self.model.listen([p for p in map(self.wording.plain, parts) if p])
        return self.danger.sense(text)

    def read(self, text: str, *, after: str | None = None) -> Reading:
        """Return what the text asks for; `after` is the entry of the last answer, if any."""
        whole = self.wording.plain(text)
        if not whole:
            return Reading(Kind.UNCLEAR, rule="empty")
        if whole in self.ranking.exact:
            return self._phrase(text, whole, after)
        if whole in self.matters:
            return Reading(
                Kind.ELSEWHERE,
                matter=self.matters[whole],
                candidates=candidates(self.ranking.rank([whole])[0], self.faq.entries),
                confidence=1.0,
                rule="a phrase of another office",
            )
        last = self.faq.entries.get(after or "")
        if last is not None and len(whole) <= _SHORT:
            return self._follow_up(text, whole, last)
        heard = self.parting.hear(text)
        divided = self.parting.divided(text, heard)
        if divided is not None:
            return self._several(self.parting.parts(divided), heard[0].chances)
        chances = self.ranking.weigh(whole, heard[0].chances)
        for entry, chance in self.parting.said_twice(heard):
            chances[entry] = max(chances.get(entry, 0.0), chance)
        return self.decide(whole, chances)

    def _several(self, parts: Mapping[str, Part], whole: Chances) -> Reading:
        """Return the answer to two or three different questions."""
        chances = {part.entry: part.chance for part in parts.values()}
        return Reading(
            Kind.ANSWER,
            tuple(parts),
            candidates=candidates({**whole, **chances}, self.faq.entries),
            confidence=min(chances.values()),
            rule="several questions",
            unclear=tuple(u for part in parts.values() for u in self.parting.unanswered(part)),
        )

    def _phrase(self, text: str, whole: str, after: str | None) -> Reading:
        """Return the answer to one of the FAQ's own phrases, word for word."""
        entry = self.ranking.exact[whole]
        [chances] = self.ranking.rank([whole])
        return Reading(
            Kind.ANSWER,
            (entry,),
            candidates=candidates(chances | {entry: 1.0}, self.faq.entries),
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
        alone, joined = (
            self.ranking.veto(said, chances)
            for said, chances in zip(
                (whole, joined_words), self.ranking.rank([whole, joined_words]), strict=True
            )
        )
        ours = {n: p for n, p in alone.items() if n in self.faq.entries}
        others = {n: p for n, p in alone.items() if n not in ours}
        best = max(ours, key=lambda n: ours[n], default="")
        sure = bool(best) and ours[best] >= self.model.answer_at
        marked = self.wording.follows(text)
        if max(others.values(), default=0.0) >= self.model.answer_at:
            return self.decide(whole, alone)
        kin = {last.id, *last.related}
        doubtful = ours.get(best, 0.0) < _SURE_ALONE and not self._is_bare(whole)
        claimed = doubtful and joined.get(last.id, 0.0) >= _CLAIMED
        another = best not in kin and not claimed
        if sure and not marked and (another or (best in kin and len(whole) > _VERY_SHORT)):
            return self.decide(whole, alone)
        if sure and (best in kin or ours[best] >= _SURE_ALONE):
            return replace(self.decide(whole, alone), self_contained=False)
        weighed = {
            n: min(p * (_KIN if n in kin else 1.0 if topic_of(n) == last.topic else _FAR), 0.99)
            for n, p in ours.items()
        }
        if not self.ranking.vetoed(whole, last.id):
            stays = max(joined.get(last.id, 0.0) * _STAYS, weighed.get(last.id, 0.0))
            weighed[last.id] = stays
        ranked = candidates(weighed, self.faq.entries)
        if not ranked or ranked[0].score < self.model.ask_at:
            return self.decide(whole, alone)
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

    def decide(self, whole: str, chances: Mapping[str, float]) -> Reading:
        """Return what to do about one plain question, from the chance of each class."""
        ranked = candidates(chances, self.faq.entries)
        if not ranked:
            return Reading(Kind.UNCLEAR, rule="nothing alike")
        top = ranked[0]
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
                ranked,
                other_chance if kind is Kind.ELSEWHERE else top.score,
                rule=rule,
            )

        offered = tuple(c.entry for c in ranked[:MOST_OFFERED])
        if bare and (
            whole in self.ranking.bare or top.score > max(other_chance, self.model.ask_at)
        ):
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
        if whole in self.ranking.bare:
            return True
        sure = top is not None and top.score >= _SURE_ALONE
        return len(whole) <= _FRAGMENT and whole not in self.ranking.exact and not sure
