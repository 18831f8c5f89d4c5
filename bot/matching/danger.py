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
from bot.model import topic_of
from bot.text import squeeze

_MOST_HEARD = 3
"""Pairs of clauses the alarm listens to, the loudest; signals are looked for in all."""
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


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a message tells of danger, and what decided it."""

    kind: DangerKind | None
    by: str = ""
    """harmless, phrase, sound, part, signal, or nothing."""
    chance: float = 0.0
    words: str = ""
    """The part of the message that decided it, when it was not the whole."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Words that tell of danger together."""

    kind: DangerKind
    cells: Sequence[Sequence[str]]
    """Of each cell any word, squeezed, has to be there."""

    def in_(self, said: str) -> bool:
        return all(any(word in said for word in cell) for cell in self.cells)


@dataclass(frozen=True)
class DangerSense:
    """danger.yaml, compiled."""

    kinds: Mapping[str, DangerKind]
    signals: Sequence[Signal]
    first_cells: re.Pattern[str]
    """Any word of any signal's first cell: without one no signal can fire."""
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
            Signal(kind, [_words(cell.split("|")) for cell in group])
            for kind in danger.kinds
            for group in kind.signals
        ]
        return cls(
            {kind.id: kind for kind in danger.kinds},
            signals,
            re.compile(_any_of([word for signal in signals for word in signal.cells[0]])),
            re.compile(_any_of(danger.harmless_words)),
            re.compile(_any_of(danger.calm_words)),
            {wording.plain(text): kind.id for kind in danger.kinds for text in kind.phrases},
            frozenset(map(wording.plain, [*danger.harmless, *_calm_phrases(faq)])),
            model,
            wording,
        )

    def sense(self, text: str) -> DangerKind | None:
        """Return the kind of danger that the message tells of, None when it tells of none."""
        return self.judge(text).kind

    def judge(self, text: str) -> Judgement:
        """Return whether the message tells of danger, and what speaks for it.

        The alarm alone decides from its threshold on; below it a signal counts, unless the
        alarm plainly hears something harmless.
        """
        whole = self.wording.plain(text)
        if not whole or not self.kinds:
            return Judgement(None)
        if whole in self.harmless:
            return Judgement(None, "harmless")
        if whole in self.exact:
            return Judgement(self.kinds[self.exact[whole]], "phrase", 1.0)
        [(kind, chance)] = self.model.alarm([whole])
        enough = self.model.alarm_at
        if len(whole) < _SHORTEST_HEARD:
            enough = max(enough, _WORD_ALARM)
        elif len(whole) > _STORY:
            enough = self.model.clause_alarm_at
        if chance >= enough:
            return Judgement(self.kinds[kind], "sound", chance)
        part, kind, loudest = self._loudest(self.parts(text))
        if loudest >= self.model.clause_alarm_at:
            return Judgement(self.kinds[kind], "part", loudest, part)
        pairs = self._pairs(text) or [whole]
        signals = self._signals(pairs)
        for pair in pairs if signals else ():
            signalled = self._signalled(squeeze(pair), signals)
            if signalled:
                likely = self._likely(pair, chance, len(whole))
                if likely >= _PLAINLY_HARMLESS:
                    return Judgement(signalled, "signal", likely, pair)
        return Judgement(None, "", chance)

    def parts(self, text: str) -> list[str]:
        """Return the parts of a long message that are listened to as well, plain."""
        if not self.kinds or len(self.wording.plain(text)) <= _LONG:
            return []
        pieces = [self.wording.plain(part) for part in self._pairs(text)]
        return self.model.loudest([p for p in pieces if len(p) >= _SHORTEST_HEARD], _MOST_HEARD)

    def _pairs(self, text: str) -> list[str]:
        """Return every two clauses that stand side by side, as one."""
        return [one + other for one, other in pairwise(self.wording.clauses(text))]

    def _likely(self, pair: str, chance: float, length: int) -> float:
        """Return the chance of danger where a signal is: a long message may drown its part."""
        if length <= _DROWNING:
            return chance
        return max(chance, self._loudest([self.wording.plain(pair)])[2])

    def _signals(self, pairs: Sequence[str]) -> list[Signal]:
        """Return those that may be in one of the pairs: few words are in all of them."""
        said = "，".join(map(squeeze, pairs))
        return [s for s in self.signals if s.in_(said)] if self.first_cells.search(said) else []

    def _signalled(self, said: str, signals: Sequence[Signal]) -> DangerKind | None:
        if self.calm.search(said):
            return None
        said = self.figurative.sub("，", said)
        return next((signal.kind for signal in signals if signal.in_(said)), None)

    def _loudest(self, pieces: Sequence[str]) -> tuple[str, str, float]:
        """Return the plain piece that sounds most like danger, as what kind, with its chance."""
        heard = self.model.alarm(pieces) if pieces else []
        told = [(piece, *each) for piece, each in zip(pieces, heard, strict=True)]
        return max(told, key=lambda each: each[2], default=("", "", 0.0))


def _calm_phrases(faq: Faq) -> Iterator[str]:
    """Give what staff wrote down as questions of entries that have nothing to do with danger."""
    about_danger = {topic_of(kind.entry) for kind in faq.danger.kinds if kind.entry}
    for entry in faq.entries.values():
        if entry.topic not in about_danger:
            yield from entry.sayings


def _words(written: Sequence[str]) -> list[str]:
    """Return the words squeezed, longest first."""
    return sorted({squeeze(w) for w in written} - {""}, key=lambda w: (-len(w), w))


def _any_of(words: Sequence[str]) -> str:
    return "|".join(map(re.escape, _words(words))) or r"(?!)"
