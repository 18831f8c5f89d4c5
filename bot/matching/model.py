"""The trained head: what an utterance is likely to mean, and how sure that is. Pure.

Everything here is arrays made by `bot.matching.learning`; nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.matching.features import Features, Floats, Gallery, meanings

SHORTLIST = 5
_TEMPERATURE = 0.08
_REMEMBERED = 64
"""Utterances whose scores are kept: danger and understanding read the same words."""


@dataclass(frozen=True)
class Labels:
    """What each training row is: a class, and whether that class is one of ours to answer."""

    names: tuple[str, ...]
    """Class names: entries first, then what is not ours."""
    ours: int
    """How many of them, from the front, are entries."""
    of_row: npt.NDArray[np.int32]
    """Grouped by class."""
    alarms: tuple[str, ...] = ()
    """Names of the kinds of danger."""
    alarm_of_row: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """For all rows, also the further ones that only teach danger: its kind, or -1."""

    def rows_of(self, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the rows of the given classes, one class after the other."""
        starts = np.searchsorted(self.of_row, classes)
        ends = np.searchsorted(self.of_row, classes, side="right")
        return np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])


@dataclass(frozen=True)
class Calibration:
    """Logistic weights that turn evidence for a class into the chance that it is right."""

    mean: Floats
    scale: Floats
    weight: Floats
    bias: float

    def __call__(self, evidence: Floats) -> Floats:
        z = ((evidence - self.mean) / self.scale) @ self.weight + np.float32(self.bias)
        return (1 / (1 + np.exp(-z))).astype(np.float32)


@dataclass(frozen=True)
class Head:
    """Linear weights over all features: a column a class, ours-or-not, each danger, danger."""

    sparse: npt.NDArray[np.float16]
    """A row a gram."""
    meaning: Floats

    def scores(self, sparse: tuple[npt.NDArray[np.int32], Floats], meaning: Floats) -> Floats:
        grams, values = sparse
        found: Floats = values @ self.sparse[grams].astype(np.float32) + meaning @ self.meaning
        return found


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance as the model hears it."""

    scores: Floats
    """A column a class, then one for ours or not."""
    alarm: Floats
    """A column a kind of danger, then one for danger or not."""
    ours: tuple[npt.NDArray[np.int64], Floats]
    """Our best classes with the similarity of their nearest phrase."""
    others: tuple[npt.NDArray[np.int64], Floats]


@dataclass(frozen=True)
class Model:
    """Everything learned from one FAQ."""

    labels: Labels
    utterances: tuple[str, ...]
    features: Features
    gallery: Gallery
    head: Head
    ours: Calibration
    others: Calibration
    answer_at: float
    """From this confidence on an entry answers alone."""
    ask_at: float
    """From this confidence on an entry is worth offering."""
    alarm_at: float
    """From this score on a whole message is danger."""
    clause_alarm_at: float
    """From this score on a part of a message is."""
    _heard: dict[str, Heard] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_heard": {}}

    def hear(self, utterances: Sequence[str]) -> list[Heard]:
        """Return how each squeezed utterance scores."""
        new = [u for u in dict.fromkeys(utterances) if u not in self._heard]
        for utterance, meaning in zip(new, meanings(new), strict=True):
            self._heard[utterance] = self._hear(utterance, meaning)
        heard = [self._heard[u] for u in utterances]
        while len(self._heard) > _REMEMBERED:
            del self._heard[next(iter(self._heard))]
        return heard

    def _hear(self, utterance: str, meaning: Floats) -> Heard:
        sparse = self.features.sparse(utterance)
        scores = self.head.scores(sparse, meaning)
        width = len(self.labels.names) + 1
        ours, others = best_classes(scores[None, :width], self.labels)
        classes = np.concatenate([ours[0], others[0]])
        rows = self.labels.rows_of(classes)
        alike = self.gallery.similarity(sparse, meaning, rows)
        counts = np.bincount(self.labels.of_row[rows], minlength=len(self.labels.names))[classes]
        nearest = np.maximum.reduceat(alike, np.cumsum(counts) - counts)
        cut = ours.shape[1]
        return Heard(
            scores[:width],
            scores[width:],
            (ours[0], nearest[:cut]),
            (others[0], nearest[cut:]),
        )

    def alarm(self, utterances: Sequence[str]) -> list[tuple[str, float]]:
        """Return for each squeezed utterance the likeliest kind of danger and its score."""
        return [
            (self.labels.alarms[int(heard.alarm[:-1].argmax())], float(heard.alarm[-1]))
            for heard in self.hear(utterances)
        ]

    def rank(self, utterances: Sequence[str]) -> list[dict[str, float]]:
        """Return for each utterance the chance of being right of the classes on its shortlist."""
        heard = self.hear(utterances)
        scores = np.stack([h.scores for h in heard])
        lengths = np.array([len(u) for u in utterances])
        found: list[dict[str, float]] = [{} for _ in utterances]
        sides = ([h.ours for h in heard], [h.others for h in heard])
        for is_ours, side, across in ((True, *sides), (False, *sides[::-1])):
            classes = np.stack([c for c, _ in side])
            near, far = np.stack([n for _, n in side]), np.stack([n for _, n in across])
            seen = evidence(scores, classes, near, far, lengths, self.labels, ours=is_ours)
            chance = (self.ours if is_ours else self.others)(seen)
            for row, chances in enumerate(found):
                for one, p in zip(classes[row], chance[row], strict=True):
                    chances[self.labels.names[one]] = float(p)
        return found


def best_classes(
    scores: Floats, labels: Labels
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the best classes of ours and of the others, best first, a row an utterance."""
    own = scores[:, : len(labels.names)]
    ours, others = own[:, : labels.ours], own[:, labels.ours :]
    return (
        np.argsort(-ours, axis=1, kind="stable")[:, :SHORTLIST],
        np.argsort(-others, axis=1, kind="stable")[:, :SHORTLIST] + labels.ours,
    )


def evidence(
    scores: Floats,
    classes: npt.NDArray[np.int64],
    near: Floats,
    near_across: Floats,
    lengths: npt.NDArray[np.int64],
    labels: Labels,
    *,
    ours: bool,
) -> Floats:
    """Return the evidence for each listed class of one side, a vector each.

    The class's score and its lead over the rest of its side and over the other side; ours-or-not;
    its share and its side's share of all scores; the same leads by nearest phrase, among the
    listed; how near anything is; the length.
    """
    own, cut = scores[:, : len(labels.names)], labels.ours
    scope = scores[:, -1:] if ours else -scores[:, -1:]
    side, across = (own[:, :cut], own[:, cut:]) if ours else (own[:, cut:], own[:, :cut])
    rows = np.arange(len(own))[:, None]
    score = own[rows, classes]
    share = np.exp((own - own.max(axis=1, keepdims=True)) / _TEMPERATURE)
    share /= share.sum(axis=1, keepdims=True)
    shares = share[:, :cut] if ours else share[:, cut:]
    of_side = shares.sum(axis=1, keepdims=True)
    far = near_across.max(axis=1, keepdims=True)
    return np.stack(
        np.broadcast_arrays(
            score,
            score - _best_other(side, score),
            score - across.max(axis=1, keepdims=True),
            scope,
            np.log(share[rows, classes] + 1e-6),
            np.log(of_side + 1e-6),
            np.log(1 - of_side + 1e-6),
            near,
            near - _best_other(near, near),
            near - far,
            np.maximum(near.max(axis=1, keepdims=True), far),
            np.log(lengths + 1.0)[:, None],
        ),
        axis=2,
    ).astype(np.float32)


def _best_other(matrix: Floats, own: Floats) -> Floats:
    """Return, for each listed value, the highest one among all other columns."""
    if matrix.shape[1] < 2:
        return np.zeros_like(own)
    top2 = -np.partition(-matrix, 1, axis=1)[:, :2]
    first, second = top2[:, :1], top2[:, 1:]
    return np.where(own >= first, second, first)
