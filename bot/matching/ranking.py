"""What utterances may mean, by the model and by the FAQ's own words as they are now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from bot.faq.schema import Entry
from bot.faq.value import Faq
from bot.matching.division import Chances, Side
from bot.matching.model import Model
from bot.matching.wording import Wording

_SHORTEST_NEARLY = 5
_NEARLY = 90.0
_CONFLICT = 0.25


@dataclass(frozen=True)
class Ranking:
    """Entries with the model trained on them, or on those before: new words count at once."""

    entries: Mapping[str, Entry]
    model: Model
    wording: Wording
    exact: Mapping[str, str]
    """Plain phrase -> entry, for phrases of one entry only."""
    phrases: Mapping[str, Sequence[str]]
    """The same by entry."""
    meant: Mapping[str, frozenset[tuple[int, int]]]
    """Key terms that any of an entry's own words name."""
    bare: frozenset[str]
    """Plain words too bare to mean one entry, whatever phrase they are."""
    gone: frozenset[str]
    """Entries that the model was trained on and the Faq no longer has."""

    @classmethod
    def of(cls, faq: Faq, model: Model, wording: Wording) -> Ranking:
        bare = frozenset(wording.plain(word) for topic in faq.topics for word in topic.bare)
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
        labels = model.hearing.labels
        gone = frozenset(labels.names[: labels.ours]) - faq.entries.keys()
        return cls(faq.entries, model, wording, exact, phrases, meant, bare, gone)

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
        if not pieces:
            return []
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
        if len(whole) >= _SHORTEST_NEARLY:
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
