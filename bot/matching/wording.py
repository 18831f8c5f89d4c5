"""Parents' words brought to ours: dialect and slips rewritten, empty words dropped. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from bot.faq.schema import LexiconFile
from bot.text import clauses, fold, spaced_out, squeeze

MOST_QUESTIONS = 6
# Spoken words have no marks: 吗 ends a question wherever it stands.
_SPOKEN_END = re.compile(r"(?<=吗)(?=[^?。])")
# 会不会, 有没有, 交没交, and sentences that end in a question word: grammar, not vocabulary.
_ASKS = re.compile(r"(.)[不没]\1|(?:[吗么呢嘛否不没]|没得)[?。]?$|\?")
_NUMBER = re.compile(r"(?<![\d.])\(?[1-9][.、)](?!\d)")
_LISTED = re.compile(r"其?[一二三四](?:是|来)|[其第][一二三四]")
"""Marks of a list: 2、 anywhere, 二是 or 第二 where a clause begins."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A clause of a message, or a part of one."""

    text: str
    """Folded; ends with ? or 。 where a question or a sentence does."""
    opens: bool
    """Whether a connector or its number in a list says that something new begins."""


@dataclass(frozen=True)
class Wording:
    """The lexicon, compiled."""

    rewrites: dict[str, str]
    rewrite_pattern: re.Pattern[str]
    skip: tuple[str, ...]
    """Empty words."""
    skip_first: re.Pattern[str]
    skip_last: re.Pattern[str]
    connector_pattern: re.Pattern[str]
    follow_pattern: re.Pattern[str]
    asks_pattern: re.Pattern[str]
    key_terms: tuple[tuple[re.Pattern[str], ...], ...]
    spaced: bool = False
    """Whether the FAQ is in a language that puts spaces between its words."""

    @classmethod
    def of(cls, lexicon: LexiconFile, *, spaced: bool = False) -> Wording:
        folded = partial(_folded, spaced=spaced)
        any_of = partial(_any_of, whole_words=spaced)
        rewrites = {folded(a): folded(b) for a, b in lexicon.rewrite.items()}
        skip = [folded(w) for w in lexicon.skip]
        gap = " ?" if spaced else ""
        follow_ups = any_of([folded(w) for w in lexicon.follow_ups])
        return cls(
            rewrites,
            re.compile(any_of(list(rewrites))),
            tuple(word for word in skip if word),
            re.compile(rf"^(?:(?:{any_of(skip)}){gap})+"),
            re.compile(rf"(?:{gap}(?:{any_of(skip)}))+$"),
            re.compile(any_of(list(lexicon.connectors))),
            re.compile(f"^(?:{follow_ups})|(?:{follow_ups})$"),
            re.compile(f"{any_of(list(lexicon.asks))}|\\?"),
            tuple(
                tuple(re.compile(any_of([folded(w) for w in term.split("|")])) for term in group)
                for group in lexicon.key_terms
            ),
            spaced,
        )

    def plain(self, text: str) -> str:
        """Return the utterance: squeezed, rewritten, without empty words at its ends."""
        return self.core(text) or self._rewritten(text)

    def core(self, text: str) -> str:
        """Return the utterance, nothing when it has only empty words."""
        said = self.skip_first.sub("", self._rewritten(text))
        # Most end in none: to look for where they begin takes longer than all the rest.
        return self.skip_last.sub("", said) if said.endswith(self.skip) else said

    def _rewritten(self, text: str) -> str:
        return self.rewrite_pattern.sub(lambda m: self.rewrites[m[0]], self._folded(text))

    def _folded(self, text: str) -> str:
        return _folded(text, spaced=self.spaced)

    def clauses(self, text: str) -> list[str]:
        """Return the parts of a message between its marks."""
        return clauses(text, spaced=self.spaced)

    def pieces(self, text: str) -> list[Piece]:
        """Return the clauses of a message, cut before connectors and after 吗 as well."""
        listed = _NUMBER.split(fold(text))
        if len(listed) < 3:
            listed = [text]
        found = []
        for item, part in enumerate(listed):
            for place, clause in enumerate(clauses(part, keep_ends=True, spaced=self.spaced)):
                connected = {cut.start() for cut in self.connector_pattern.finditer(clause)}
                cuts = connected | {cut.start() for cut in _SPOKEN_END.finditer(clause)}
                if _LISTED.match(clause) or (item and not place):
                    connected.add(0)
                found += [
                    Piece(clause[a:b], a in connected)
                    for a, b in pairwise(sorted({0, *cuts, len(clause)}))
                ]
        return found

    def questions(self, text: str) -> list[str]:
        """Return the parts of a message that ask, when there are at least two, else nothing.

        A part ends with a clause that asks, or before a connector; what does not ask belongs to
        the next part, at the very end to the last one.
        """
        parts: list[str] = []
        pending = ""
        pieces = self.pieces(text)
        for place, piece in enumerate(pieces, 1):
            pending += piece.text.rstrip("。")
            opened = place < len(pieces) and pieces[place].opens
            if (opened and self.core(pending)) or self.asks_pattern.search(piece.text):
                parts.append(pending)
                pending = ""
        if pending and parts:
            parts[-1] += pending
        unique = list(dict.fromkeys(parts))
        return unique[:MOST_QUESTIONS] if len(unique) > 1 else []

    def asks(self, text: str) -> bool:
        """Return whether folded text asks for something."""
        return bool(_ASKS.search(text) or self.asks_pattern.search(text))

    def follows(self, text: str) -> bool:
        """Return whether the text begins or ends like something that goes on from before."""
        return bool(self.follow_pattern.search(self._folded(text)))

    def agreeing(self, earlier: str, now: str) -> str:
        """Return the earlier words with key terms replaced by what is said now instead."""
        for terms in self.key_terms:
            said = [found for term in terms if (found := term.search(now))]
            if len(said) == 1:
                for term in terms:
                    if not term.search(now):
                        earlier = term.sub(said[0][0], earlier)
        return earlier

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


def _folded(text: str, *, spaced: bool) -> str:
    return spaced_out(text) if spaced else squeeze(text)


def _any_of(words: Sequence[str], *, whole_words: bool = False) -> str:
    """Return a pattern of any of the words, longest first; nothing at all if there are none."""
    usable = sorted({w for w in words if w}, key=lambda w: (-len(w), w))
    found = "|".join(map(re.escape, usable)) or r"(?!)"
    return rf"\b(?:{found})\b" if whole_words else found
