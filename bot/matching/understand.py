"""One utterance read: what the parent means, how sure we are, and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from bot.faq.schema import DangerKind, Entry
from bot.faq.value import Faq
from bot.matching import several
from bot.matching.danger import DangerSense
from bot.matching.hearing import MATTER
from bot.matching.model import Model
from bot.matching.reading import MOST_OFFERED, Kind, Reading, candidates
from bot.matching.several import Chances, Cut, Division, Side
from bot.matching.wording import Wording
from bot.model import Candidate

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
    gone: frozenset[str]
    """Entries that the model was trained on and the Faq no longer has."""

    @classmethod
    def of(cls, faq: Faq, model: Model) -> Understanding:
        wording = Wording.of(faq.lexicon)
        bare = {wording.plain(word) for topic in faq.topics for word in topic.bare}
        sayings = {
            entry.id: tuple(map(wording.plain, entry.sayings)) for entry in faq.entries.values()
        }
        exact: dict[str, str] = {}
        for name, said in sayings.items():
            for text in said:
                if text not in bare:
                    exact.setdefault(text, name)
        phrases: dict[str, list[str]] = {}
        for text, name in exact.items():
            phrases.setdefault(name, []).append(text)
        meant = {
            name: frozenset(term for text in said for term in wording.terms(text))
            for name, said in sayings.items()
        }
        matters = {
            wording.plain(text): matter.id
            for matter in faq.elsewhere.matters
            for text in matter.sayings
        }
        labels = model.hearing.labels
        return cls(
            faq,
            model,
            wording,
            exact,
            phrases,
            matters,
            frozenset(bare),
            meant,
            DangerSense.of(faq, model, wording),
            frozenset(labels.names[: labels.ours]) - faq.entries.keys(),
        )

    # ---------------------------------------------------------------- ranking

    def rank(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """Return, for each plain piece, class name -> chance of being right.

        A piece that is a phrase of the FAQ is surely that, also before the model has learned it.
        """
        usable = [p for p in pieces if p]
        ranked = iter(self.model.rank(usable) if usable else ())
        return [self._known(piece, next(ranked)) if piece else {} for piece in pieces]

    def hear(self, texts: Sequence[str]) -> list[Side]:
        """Return what each text, which says something, may mean, with what speaks for it."""
        pieces = [self.wording.plain(text) for text in texts]
        return [
            replace(side, chances=self._known(piece, side.chances))
            for piece, side in zip(pieces, self.model.sides(pieces), strict=True)
        ]

    def _known(self, piece: str, chances: Chances) -> dict[str, float]:
        """Return the chances of what the FAQ still has, and of what it has by this very phrase."""
        known = {name: p for name, p in chances.items() if name not in self.gone}
        return known | ({self.exact[piece]: 1.0} if piece in self.exact else {})

    def weigh(self, whole: str, chances: Chances) -> dict[str, float]:
        """Return the chances after the FAQ's own phrases and key terms had their say."""
        return self.veto(whole, self._nearly(whole, dict(chances)))

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

    def veto(self, whole: str, chances: Chances) -> dict[str, float]:
        """Return the chances after key terms spoke against entries that mean the other thing."""
        return {n: p * _CONFLICT if self.vetoed(whole, n) else p for n, p in chances.items()}

    def vetoed(self, whole: str, entry: str) -> bool:
        """Return whether a key term in the plain utterance rules the entry out."""
        return entry in self.meant and self.wording.conflicts(whole, self.meant[entry])

    # ---------------------------------------------------------------- reading

    def sense(self, text: str) -> DangerKind | None:
        """Return the kind of danger that the message tells of, None when it tells of none."""
        # What reading it would need as well: together takes half as long as one after the other.
        whole = self.wording.plain(text)
        if whole and whole not in self.exact:
            parts = [whole, *self.danger.parts(text), *_sides(self.cuts(text))]
            self.model.listen([p for p in map(self.wording.plain, parts) if p])
        return self.danger.sense(text)

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
                candidates=candidates(self.rank([whole])[0], self.faq.entries),
                confidence=1.0,
                rule="a phrase of another office",
            )
        last = self.faq.entries.get(after or "")
        if last is not None and len(whole) <= _SHORT:
            return self._follow_up(text, whole, last)
        cuts = self.cuts(text)
        heard, *sides = self.hear([text, *_sides(cuts)])
        divided = self._divided(heard, cuts, sides)
        if divided is not None:
            return self._several(self._parts(divided, _MOST_ANSWERED), heard.chances)
        chances = self.weigh(whole, heard.chances)
        twice = dict(self._said_twice(sides))
        for entry, chance in twice.items():
            chances[entry] = max(chances.get(entry, 0.0), chance)
        return self.decide(whole, chances)

    def _phrase(self, text: str, whole: str, after: str | None) -> Reading:
        """Return the answer to one of the FAQ's own phrases, word for word."""
        entry = self.exact[whole]
        [chances] = self.rank([whole])
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
            self.veto(said, chances)
            for said, chances in zip(
                (whole, joined_words), self.rank([whole, joined_words]), strict=True
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
        if sure and not marked and (best not in kin or len(whole) > _VERY_SHORT):
            return self.decide(whole, alone)
        if sure and (best in kin or ours[best] >= _SURE_ALONE):
            return replace(self.decide(whole, alone), self_contained=False)
        weighed = {
            n: min(p * (_KIN if n in kin else 1.0 if _topic(n) == last.topic else _FAR), 0.99)
            for n, p in ours.items()
        }
        if not self.vetoed(whole, last.id):
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

    def cuts(self, text: str) -> list[Cut]:
        """Return the places where a second question may well begin."""
        return several.promising(
            several.cuts(text, self.wording),
            lambda side: self.model.hearing.glance(self.wording.plain(side)),
            self.model.divider.promising,
        )

    def likeliest_division(self, text: str, cuts: Sequence[Cut]) -> tuple[Division | None, float]:
        """Return how the message would be cut in two, and the chance that it asks two things."""
        whole, *sides = self.hear([text, *_sides(cuts)])
        return self._division(whole, cuts, sides)

    def _division(
        self, whole: Side, cuts: Sequence[Cut], sides: Sequence[Side]
    ) -> tuple[Division | None, float]:
        found = [
            (self.model.divider.asked.chance(division.evidence), division)
            for place, cut in enumerate(cuts)
            if not self._same(*sides[2 * place : 2 * place + 2])
            for division in several.divisions(
                cut, whole, sides[2 * place], sides[2 * place + 1], self.faq.entries
            )
            if min(division.chances) >= self.model.ask_at
        ]
        chance, division = max(found, key=lambda each: each[0], default=(0.0, None))
        return division, chance

    def _divided(self, whole: Side, cuts: Sequence[Cut], sides: Sequence[Side]) -> Division | None:
        """Return the likeliest division of a message into two questions, if it is believed."""
        division, chance = self._division(whole, cuts, sides)
        return division if chance >= self.model.divider.asked.at else None

    def _parts(self, divided: Division, most: int) -> dict[str, _Part]:
        """Return what the two sides ask, by entry, in the order asked."""
        parts: dict[str, _Part] = {}
        # A side that leaves its subject to the other says little alone.
        believed = self.model.divider.asked.chance(divided.evidence)
        for place, side in enumerate((divided.cut.left, divided.cut.right)):
            cuts = self.cuts(side) if most > len(divided.entries) else []
            whole, *sides = self.hear([side, *_sides(cuts)])
            again = self._divided(whole, cuts, sides)
            if again is not None:
                parts |= self._parts(again, most - 1)
            else:
                entry = divided.entries[place]
                chance = max(divided.chances[place], believed)
                parts.setdefault(entry, _Part(entry, chance, side))
        return parts

    def _said_twice(self, sides: Sequence[Side]) -> Iterator[tuple[str, float]]:
        """Give what both sides of a cut surely ask, with the chance of the weaker."""
        for pair in zip(sides[::2], sides[1::2], strict=True):
            if same := self._same(*pair):
                yield same

    def _same(self, left: Side, right: Side) -> tuple[str, float] | None:
        """Return what both surely ask, with the chance of the weaker; None when they do not."""
        (entry, chance), (other, too) = (
            several.best(side.chances, self.faq.entries) for side in (left, right)
        )
        sure = min(chance, too)
        return (entry, sure) if entry == other and sure >= self.model.answer_at else None

    def _several(self, parts: Mapping[str, _Part], whole: Chances) -> Reading:
        """Return the answer to two or three different questions."""
        asked = list(parts.values())[:_MOST_ANSWERED]
        return Reading(
            Kind.ANSWER,
            tuple(part.entry for part in asked),
            candidates=candidates(
                {**whole} | {part.entry: part.chance for part in asked}, self.faq.entries
            ),
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
            if several.best(chances, self.faq.entries)[1] < _HARDLY_ASKED
        ]

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


def _topic(entry_id: str) -> str:
    return entry_id.partition(".")[0]


def _sides(cuts: Sequence[Cut]) -> list[str]:
    """Return left and right of each cut, one after the other."""
    return [side for cut in cuts for side in (cut.left, cut.right)]
