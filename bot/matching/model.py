"""The trained head: what an utterance is likely to mean, and how sure that is. Pure.

Everything here is arrays made by `bot.matching.learning`; nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.matching.features import Features, Floats, Gallery, meanings
from bot.matching.trees import Trees

SHORTLIST = 5
_TEMPERATURE = 0.08
_KINDS_HEARD = 3
"""The nearest phrase of danger is looked for among those of so many kinds, the likeliest."""
_REMEMBERED = 64
"""Utterances whose scores are kept: danger and understanding read the same words."""


@dataclass(frozen=True)
class Labels:
    """What each training row is: a class, and whether that class is one of ours to answer.

    Rows are grouped: entries, what is not ours, then for the alarm alone the kinds of danger and
    what only sounds like them.
    """

    names: tuple[str, ...]
    """Class names: entries first, then what is not ours."""
    ours: int
    """How many of them, from the front, are entries."""
    of_row: npt.NDArray[np.int32]
    """The class of every row but the last ones, which teach danger only."""
    alarms: tuple[str, ...] = ()
    """Names of the kinds of danger."""
    alarm_of_row: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """For all rows: its kind of danger, or -1."""
    undecided: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """For all rows: whether danger is as good an answer to it as its class."""

    def span(self, one: int) -> tuple[int, int]:
        """Return the first row of a class and the one after its last."""
        begin, end = np.searchsorted(self.of_row, [one, one + 1])
        return int(begin), int(end)

    def danger_spans(self, scores: Floats) -> list[tuple[int, int]]:
        """Return the rows of the likeliest kinds of danger, and last of what only sounds so."""
        size, kinds = len(self.of_row), self.alarm_of_row[len(self.of_row) :]
        told = int((kinds >= 0).sum())
        likeliest = np.sort(np.argsort(-scores)[:_KINDS_HEARD])
        spans = [np.searchsorted(kinds[:told], [kind, kind + 1]) for kind in likeliest]
        return [
            *((size + int(begin), size + int(end)) for begin, end in spans),
            (size + told, size + len(kinds)),
        ]


@dataclass(frozen=True)
class Head:
    """Linear weights over all features: a column a class, ours-or-not, each danger, danger."""

    sparse: npt.NDArray[np.float16]
    """A row a gram."""
    meaning: Floats

    def scores(
        self, sparse: tuple[npt.NDArray[np.int32], Floats], meaning: Floats
    ) -> tuple[Floats, Floats]:
        """Return the scores, and what the meaning gives of them."""
        grams, values = sparse
        # Not @: threads cost more than they give for so little, most of all on a busy machine.
        of_meaning = np.einsum("i,ij->j", meaning, self.meaning)
        of_grams = np.einsum("i,ij->j", values, self.sparse[grams].astype(np.float32))
        return of_grams + of_meaning, of_meaning


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The best classes of one side; a row an utterance."""

    classes: npt.NDArray[np.int64]
    near: Floats
    """How alike the nearest phrase of each is."""
    near_meaning: Floats
    """How alike by meaning alone."""

    @classmethod
    def stack(cls, lists: Sequence[Shortlist]) -> Shortlist:
        return cls(
            np.concatenate([one.classes for one in lists]),
            np.concatenate([one.near for one in lists]),
            np.concatenate([one.near_meaning for one in lists]),
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """Some utterances as the model hears them; a row an utterance."""

    scores: Floats
    """A column a class, then one for ours or not."""
    of_meaning: Floats
    """What the meaning gives of them."""
    alarm: Floats
    """A column a kind of danger, then one for danger or not."""
    alarm_of_meaning: Floats
    ours: Shortlist
    others: Shortlist
    alike: Floats
    """How alike the nearest phrase of danger is, and of what only sounds like it."""
    lengths: npt.NDArray[np.int64]

    @classmethod
    def stack(cls, heard: Sequence[Heard]) -> Heard:
        return cls(
            np.concatenate([h.scores for h in heard]),
            np.concatenate([h.of_meaning for h in heard]),
            np.concatenate([h.alarm for h in heard]),
            np.concatenate([h.alarm_of_meaning for h in heard]),
            Shortlist.stack([h.ours for h in heard]),
            Shortlist.stack([h.others for h in heard]),
            np.concatenate([h.alike for h in heard]),
            np.concatenate([h.lengths for h in heard]),
        )

    def first(self, count: int) -> Heard:
        """Return the first so many utterances."""
        ours, others = (
            Shortlist(side.classes[:count], side.near[:count], side.near_meaning[:count])
            for side in (self.ours, self.others)
        )
        return Heard(
            self.scores[:count],
            self.of_meaning[:count],
            self.alarm[:count],
            self.alarm_of_meaning[:count],
            ours,
            others,
            self.alike[:count],
            self.lengths[:count],
        )


@dataclass(frozen=True)
class Hearing:
    """All that it takes to hear an utterance."""

    labels: Labels
    features: Features
    gallery: Gallery
    head: Head
    _heard: dict[str, Heard] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_heard": {}}

    def hear(self, utterances: Sequence[str]) -> Heard:
        """Return how the squeezed utterances score; there must be one."""
        new = [u for u in dict.fromkeys(utterances) if u not in self._heard]
        for utterance, meaning in zip(new, meanings(new), strict=True):
            self._heard[utterance] = self._hear(utterance, meaning)
        heard = Heard.stack([self._heard[u] for u in utterances])
        while len(self._heard) > _REMEMBERED:
            del self._heard[next(iter(self._heard))]
        return heard

    def _hear(self, utterance: str, meaning: Floats) -> Heard:
        sparse = self.features.sparse(utterance)
        scores, of_meaning = (part[None, :] for part in self.head.scores(sparse, meaning))
        width = len(self.labels.names) + 1
        ours, others = best_classes(scores[:, :width], self.labels)
        spans = [self.labels.span(one) for one in (*ours[0], *others[0])]
        listed = len(spans)
        spans += self.labels.danger_spans(scores[0, width:-1])
        alike = self.gallery.similarity(sparse, meaning, spans)
        near, near_meaning = (
            np.array([[pair[part].max(initial=0.0) for pair in alike]], np.float32)
            for part in (0, 1)
        )
        cut = ours.shape[1]
        return Heard(
            scores[:, :width],
            of_meaning[:, :width],
            scores[:, width:],
            of_meaning[:, width:],
            Shortlist(ours, near[:, :cut], near_meaning[:, :cut]),
            Shortlist(others, near[:, cut:listed], near_meaning[:, cut:listed]),
            np.array([[near[0, listed:-1].max(initial=0.0), near[0, -1]]], np.float32),
            np.array([len(utterance)]),
        )


@dataclass(frozen=True)
class Model:
    """Everything learned from one FAQ."""

    hearing: Hearing
    utterances: tuple[str, ...]
    """What it was learned from, a row each."""
    ours: Trees
    others: Trees
    danger: Trees
    answer_at: float
    """From this confidence on an entry answers alone."""
    ask_at: float
    """From this confidence on an entry is worth offering."""
    alarm_at: float
    """From this chance on a whole message is danger."""
    clause_alarm_at: float
    """From this chance on a part of a message is."""

    def hear(self, utterances: Sequence[str]) -> None:
        """Hear the utterances together, which takes half as long as one by one."""
        if utterances:
            self.hearing.hear(utterances)

    def alarm(self, utterances: Sequence[str]) -> list[tuple[str, float]]:
        """Return for each squeezed utterance the likeliest kind of danger and its chance."""
        heard = self.hearing.hear(utterances)
        chances = self.danger(alarm_evidence(heard))
        kinds = heard.alarm[:, :-1].argmax(axis=1)
        return [
            (self.hearing.labels.alarms[kind], float(chance))
            for kind, chance in zip(kinds, chances, strict=True)
        ]

    def rank(self, utterances: Sequence[str]) -> list[dict[str, float]]:
        """Return for each utterance the chance of being right of the classes on its shortlist."""
        heard = self.hearing.hear(utterances)
        labels = self.hearing.labels
        found: list[dict[str, float]] = [{} for _ in utterances]
        for ours, side in ((True, heard.ours), (False, heard.others)):
            trees = self.ours if ours else self.others
            chance = trees(evidence(heard, labels, ours=ours))
            for row, chances in enumerate(found):
                for one, p in zip(side.classes[row], chance[row], strict=True):
                    chances[labels.names[one]] = float(p)
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


def evidence(heard: Heard, labels: Labels, *, ours: bool) -> Floats:
    """Return what speaks for each shortlisted class of one side: utterances x classes x pieces.

    For the whole score and then for its two parts: the score, its lead on the own side, its lead
    over the other. Ours or not; the share of all scores, of the side, of the other side. The
    nearest phrase, its lead among the listed and over the other side's nearest, by all and by
    meaning alone; how near anything is; the length.
    """
    mine, across = (heard.ours, heard.others) if ours else (heard.others, heard.ours)
    cut = labels.ours
    sides = (slice(0, cut), slice(cut, -1)) if ours else (slice(cut, -1), slice(0, cut))
    rows = np.arange(len(heard.scores))[:, None]
    columns = []
    for scores in (heard.scores, heard.of_meaning, heard.scores - heard.of_meaning):
        score = scores[rows, mine.classes]
        columns += [
            score,
            score - _best_other(scores[:, sides[0]], score),
            score - scores[:, sides[1]].max(axis=1, keepdims=True, initial=-1.0),
            scores[:, -1:] if ours else -scores[:, -1:],
        ]
    own = heard.scores[:, :-1]
    share = np.exp((own - own.max(axis=1, keepdims=True)) / _TEMPERATURE)
    share /= share.sum(axis=1, keepdims=True)
    of_side = (share[:, :cut] if ours else share[:, cut:]).sum(axis=1, keepdims=True)
    far = across.near.max(axis=1, keepdims=True, initial=0.0)
    columns += [
        np.log(share[rows, mine.classes] + 1e-6),
        np.log(of_side + 1e-6),
        np.log(1 - of_side + 1e-6),
        mine.near,
        mine.near - _best_other(mine.near, mine.near),
        mine.near - far,
        np.maximum(mine.near.max(axis=1, keepdims=True, initial=0.0), far),
        mine.near_meaning,
        mine.near_meaning - _best_other(mine.near_meaning, mine.near_meaning),
        mine.near - mine.near_meaning,
        np.log(heard.lengths + 1.0)[:, None],
    ]
    return np.stack(np.broadcast_arrays(*columns), axis=2).astype(np.float32)


def alarm_evidence(heard: Heard) -> Floats:
    """Return what speaks for danger: utterances x pieces.

    Danger or not, by all, by meaning and by the rest; the two likeliest kinds; the nearest phrase
    of danger, of what only sounds like it, of anything else, and its lead; the length.
    """
    score, by_meaning = heard.alarm[:, -1], heard.alarm_of_meaning[:, -1]
    kinds = np.sort(heard.alarm[:, :-1], axis=1)
    near, harmless = heard.alike.T
    calm = np.concatenate([heard.ours.near, heard.others.near], axis=1).max(axis=1, initial=0.0)
    columns = [
        score,
        by_meaning,
        score - by_meaning,
        kinds[:, -1],
        kinds[:, -2] if kinds.shape[1] > 1 else np.zeros_like(score),
        near,
        calm,
        harmless,
        near - np.maximum(calm, harmless),
        np.log(heard.lengths + 1.0),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _best_other(matrix: Floats, own: Floats) -> Floats:
    """Return, for each listed value, the highest one among all other columns."""
    if matrix.shape[1] < 2:
        return np.zeros_like(own)
    top2 = -np.partition(-matrix, 1, axis=1)[:, :2]
    first, second = top2[:, :1], top2[:, 1:]
    return np.where(own >= first, second, first)
