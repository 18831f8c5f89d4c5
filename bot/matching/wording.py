"""Parents' words brought to ours: dialect and slips rewritten, empty words dropped. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.faq.schema import LexiconFile
from bot.text import sentences, squeeze

MOST_QUESTIONS = 6


@dataclass(frozen=True)
class Wording:
    """The lexicon, compiled."""

    rewrites: dict[str, str]
    rewrite_pattern: re.Pattern[str]
    skip_pattern: re.Pattern[str]
    connector_pattern: re.Pattern[str]
    follow_pattern: re.Pattern[str]
    asks_pattern: re.Pattern[str]
    key_terms: tuple[tuple[re.Pattern[str], ...], ...]

    @classmethod
    def of(cls, lexicon: LexiconFile) -> Wording:
        rewrites = {squeeze(a): squeeze(b) for a, b in lexicon.rewrite.items()}
        skip = _any_of([squeeze(w) for w in lexicon.skip])
        return cls(
            rewrites,
            re.compile(_any_of(list(rewrites))),
            re.compile(f"^(?:{skip})+|(?:{skip})+$"),
            re.compile(_any_of(list(lexicon.connectors))),
            re.compile(_any_of([squeeze(w) for w in lexicon.follow_ups])),
            re.compile(_any_of([*lexicon.asks, "?"])),
            tuple(
                tuple(re.compile(_any_of([squeeze(w) for w in term.split("|")])) for term in group)
                for group in lexicon.key_terms
            ),
        )

    def plain(self, text: str) -> str:
        """Return the utterance: squeezed, rewritten, without empty words at its ends."""
        utterance = self.rewrite_pattern.sub(lambda m: self.rewrites[m[0]], squeeze(text))
        return self.skip_pattern.sub("", utterance) or utterance

    def questions(self, text: str) -> list[str]:
        """Return the sentences that ask, when at least two of them do, else nothing.

        A sentence ends at 。？！； or before a connector; what does not ask belongs to the next.
        """
        asking: list[str] = []
        pending = ""
        for sentence in sentences(text):
            start = 0
            cuts = [c.start() for c in self.connector_pattern.finditer(sentence) if c.start()]
            for end in [*cuts, len(sentence)]:
                pending += sentence[start:end]
                start = end
                if self.asks_pattern.search(pending):
                    asking.append(pending)
                    pending = ""
        unique = list(dict.fromkeys(asking))
        return unique[:MOST_QUESTIONS] if len(unique) > 1 else []

    def conflicts(self, said: str, meant: frozenset[tuple[int, int]]) -> bool:
        """Return whether the utterance names a key term that the entry's own words rule out."""
        for group, terms in enumerate(self.key_terms):
            in_said = {t for t, pattern in enumerate(terms) if pattern.search(said)}
            in_meant = {t for g, t in meant if g == group}
            if in_said and in_meant and not in_said & in_meant:
                return True
        return False

    def terms(self, text: str) -> frozenset[tuple[int, int]]:
        """Return the key terms that a text names, as (group, place in it)."""
        return frozenset(
            (group, place)
            for group, terms in enumerate(self.key_terms)
            for place, pattern in enumerate(terms)
            if pattern.search(text)
        )


def _any_of(words: Sequence[str]) -> str:
    """Return a pattern of any of the words, longest first; nothing at all if there are none."""
    usable = sorted({w for w in words if w}, key=lambda w: (-len(w), w))
    return "|".join(map(re.escape, usable)) or r"(?!)"
