"""Is this danger now? Signals that staff wrote, and what the trained alarm hears. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.faq.schema import DangerKind
from bot.faq.value import Faq
from bot.matching.model import Model
from bot.matching.wording import Wording
from bot.text import clauses, squeeze

_MOST_HEARD = 24
"""Pairs of clauses the alarm listens to in one message; signals are looked for in all."""
_SHORTEST_HEARD = 4
_LONG = 45
"""Longer messages are listened to pair by pair as well: one clause may hold it."""
_WORD_ALARM = 0.85
"""A mere word (救命, not 结束) has to sound much like danger."""
_STORY = 250
"""So has a whole that is longer than any phrase."""
_DROWNING = 60
_PLAINLY_HARMLESS = 0.01
"""Below this chance of danger no signal counts."""


@dataclass(frozen=True)
class DangerSense:
    """danger.yaml, compiled."""

    kinds: Mapping[str, DangerKind]
    signals: Sequence[tuple[DangerKind, tuple[re.Pattern[str], ...]]]
    figurative: re.Pattern[str]
    calm: re.Pattern[str]
    exact: Mapping[str, str]
    """Plain phrase -> kind: what staff wrote down counts at once."""
    harmless: frozenset[str]
    model: Model
    wording: Wording

    @classmethod
    def of(cls, faq: Faq, model: Model, wording: Wording) -> DangerSense:
        danger = faq.danger
        signals = [
            (kind, tuple(re.compile(_any_of(cell.split("|"))) for cell in group))
            for kind in danger.kinds
            for group in kind.signals
        ]
        return cls(
            {kind.id: kind for kind in danger.kinds},
            signals,
            re.compile(_any_of(danger.harmless_words)),
            re.compile(_any_of(danger.calm_words)),
            {wording.plain(text): kind.id for kind in danger.kinds for text in kind.phrases},
            frozenset(map(wording.plain, [*danger.harmless, *_calm_phrases(faq)])),
            model,
            wording,
        )

    def sense(self, text: str) -> DangerKind | None:
        """Return the kind of danger that the message tells of, None when it tells of none.

        The alarm alone decides from its threshold on; below it a signal counts, unless the
        alarm plainly hears something harmless.
        """
        whole = self.wording.plain(text)
        if not whole or whole in self.harmless:
            return None
        if whole in self.exact:
            return self.kinds[self.exact[whole]]
        parts = clauses(text)
        pairs = [a + b for a, b in pairwise(parts)] or [whole]
        [(kind, score)] = self.model.alarm([whole])
        enough = self.model.alarm_at
        if len(whole) < _SHORTEST_HEARD:
            enough = max(enough, _WORD_ALARM)
        elif len(whole) > _STORY:
            enough = self.model.clause_alarm_at
        if score >= enough:
            return self.kinds[kind]
        if len(whole) > _LONG:
            heard, loudest = self._loudest(pairs)
            if loudest >= self.model.clause_alarm_at:
                return self.kinds[heard]
        for pair in pairs:
            signalled = self._signalled(squeeze(pair))
            if signalled and self._likely(pair, score, len(whole)) >= _PLAINLY_HARMLESS:
                return signalled
        return None

    def _likely(self, pair: str, score: float, length: int) -> float:
        """Return the chance of danger where a signal is: a long message may drown its part."""
        return score if length <= _DROWNING else max(score, self._loudest([pair])[1])

    def _signalled(self, said: str) -> DangerKind | None:
        if self.calm.search(said):
            return None
        said = self.figurative.sub("，", said)
        for kind, cells in self.signals:
            if all(cell.search(said) for cell in cells):
                return kind
        return None

    def _loudest(self, parts: Sequence[str]) -> tuple[str, float]:
        """Return the part that sounds most like danger: its kind and score."""
        pieces = [self.wording.plain(part) for part in _ends(parts)]
        pieces = [piece for piece in pieces if len(piece) >= _SHORTEST_HEARD]
        if not pieces:
            return "", 0.0
        return max(self.model.alarm(pieces), key=lambda heard: heard[1])


def _calm_phrases(faq: Faq) -> Iterator[str]:
    """Give what staff wrote down as questions of entries that have nothing to do with danger."""
    about_danger = {kind.entry.partition(".")[0] for kind in faq.danger.kinds if kind.entry}
    for entry in faq.entries.values():
        if entry.topic not in about_danger:
            yield from (entry.question, entry.title, *entry.phrases)


def _ends(pairs: Sequence[str]) -> Sequence[str]:
    half = _MOST_HEARD // 2
    return pairs if len(pairs) <= _MOST_HEARD else [*pairs[:half], *pairs[-half:]]


def _any_of(words: Sequence[str]) -> str:
    usable = sorted({squeeze(w) for w in words} - {""}, key=lambda w: (-len(w), w))
    return "|".join(map(re.escape, usable)) or r"(?!)"
