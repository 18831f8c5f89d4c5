"""Is this danger now? Signals that staff wrote, and what the trained alarm hears. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.faq.schema import DangerKind
from bot.faq.value import Faq
from bot.matching.model import Model
from bot.matching.wording import Wording
from bot.text import clauses, squeeze

_MOST_HEARD = 24
"""Pairs of clauses the alarm listens to in one message; signals are looked for in all."""
_SHORTEST_HEARD = 4
_PLAINLY_HARMLESS = -0.6
"""Scores run from -1, harmless, to 1, danger."""


@dataclass(frozen=True)
class DangerSense:
    """danger.yaml, compiled."""

    kinds: Mapping[str, DangerKind]
    signals: Sequence[tuple[DangerKind, tuple[re.Pattern[str], ...]]]
    figurative: re.Pattern[str]
    calm: re.Pattern[str]
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
            frozenset(wording.plain(text) for text in danger.harmless),
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
        parts = clauses(text)
        pairs = [a + b for a, b in zip(parts, parts[1:], strict=False)] or [whole]
        kind, score = self._heard(whole, pairs if len(parts) > 2 else [])
        if score >= self.model.alarm_at:
            return kind
        for pair in pairs:
            signalled = self._signalled(squeeze(pair))
            if signalled is None:
                continue
            if max(score, self._heard(self.wording.plain(pair), [])[1]) >= _PLAINLY_HARMLESS:
                return signalled
        return None

    def _signalled(self, said: str) -> DangerKind | None:
        if self.calm.search(said):
            return None
        said = self.figurative.sub("，", said)
        for kind, cells in self.signals:
            if all(cell.search(said) for cell in cells):
                return kind
        return None

    def _heard(self, whole: str, pairs: Sequence[str]) -> tuple[DangerKind, float]:
        """Return the likeliest kind in the message or any pair of clauses, and its score."""
        pieces = [whole, *(self.wording.plain(pair) for pair in _ends(pairs))]
        pieces = [p for p in dict.fromkeys(pieces) if p == whole or len(p) >= _SHORTEST_HEARD]
        kind, score = max(self.model.alarm(pieces), key=lambda heard: heard[1])
        return self.kinds[kind], score


def _ends(pairs: Sequence[str]) -> Sequence[str]:
    half = _MOST_HEARD // 2
    return pairs if len(pairs) <= _MOST_HEARD else [*pairs[:half], *pairs[-half:]]


def _any_of(words: Sequence[str]) -> str:
    usable = sorted({squeeze(w) for w in words} - {""}, key=lambda w: (-len(w), w))
    return "|".join(map(re.escape, usable)) or r"(?!)"
