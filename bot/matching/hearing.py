"""How an utterance is heard: scored by the head, with the phrases it is nearest to. Pure.

Everything here is arrays made by `bot.matching.learning`; nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.matching.features import Features, Floats, Gallery, Sparse, meanings, one_thread

MATTER = "matter:"
OFF_TOPIC = "off_topic:"
NEAR_MISS = "near_miss"
"""Names of classes that are not ours: the first two begin so."""
SHORTLIST = 5
_FEW = 12
_NEAREST = 0.3
"""How much being near to a phrase counts beside the score, where there are few phrases."""
_KINDS_HEARD = 3
"""The nearest phrase of danger is looked for among those of so many kinds, the likeliest."""
_REMEMBERED = 64
"""Utterances kept: danger and understanding read the same words."""


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

    @property
    def none_known(self) -> bool:
        """Whether nothing is known that is not ours."""
        return self.ours == len(self.names)

    @cached_property
    def few_phrases(self) -> bool:
        """Whether entries have so few phrases that the nearest one says as much as all together."""
        return len(self.of_row) < _FEW * len(self.names)

    @cached_property
    def first_rows(self) -> npt.NDArray[np.int64]:
        """The first row of each class."""
        return np.searchsorted(self.of_row, np.arange(len(self.names)))

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

    def scores(self, sparse: Sparse, meaning: Floats) -> tuple[Floats, Floats]:
        """Return the scores, and what the meaning gives of them."""
        grams, values = sparse
        of_meaning = meaning @ self.meaning
        return values @ self.sparse[grams].astype(np.float32) + of_meaning, of_meaning

    def by_grams(self, sparse: Sparse) -> Floats:
        """Return what the grams alone say about classes, and ours or not."""
        grams, values = sparse
        return values @ self.sparse[grams].astype(np.float32)

    def danger_by_grams(self, sparse: Sparse) -> float:
        """Return what the grams alone say about danger or not."""
        grams, values = sparse
        return float(values @ self.sparse[grams, -1].astype(np.float32))


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
            self.lengths[:count],
        )


@dataclass(frozen=True, slots=True)
class Glance:
    """What characters and sounds alone say an utterance is about."""

    place: int
    """The best entry's place among the classes."""
    best: float
    lead: float
    """How far it is before the next entry."""
    strangers: float
    """The best score of what is not ours."""
    ours: float
    """Ours or not."""


@dataclass
class _Voice:
    """One utterance, and what was found out about it so far."""

    sparse: Sparse
    meaning: Floats
    by_grams: Floats
    """How alike it is to every row of the gallery by characters and sounds."""
    length: int
    heard: Heard | None = None
    near_danger: Floats | None = None


@dataclass(frozen=True)
class Hearing:
    """All that it takes to hear an utterance."""

    labels: Labels
    features: Features
    gallery: Gallery
    head: Head
    _voices: dict[str, _Voice] = field(default_factory=dict, compare=False, repr=False)
    _grams: dict[str, Sparse] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_voices": {}, "_grams": {}}

    def hear(self, utterances: Sequence[str]) -> Heard:
        """Return how the squeezed utterances score; there must be one."""
        with one_thread():
            return Heard.stack([self._heard(voice) for voice in self.listen(utterances)])

    def near_danger(self, utterances: Sequence[str]) -> Floats:
        """Return how alike the nearest phrase of danger is, and of what only sounds like it."""
        with one_thread():
            return np.stack([self._near_danger(voice) for voice in self.listen(utterances)])

    def danger_by_grams(self, utterance: str) -> float:
        """Return what characters and sounds alone say about danger; quick."""
        return self.head.danger_by_grams(self._sparse(utterance))

    def glance(self, utterance: str) -> Glance:
        """Return what characters and sounds alone say; quick."""
        names, ours = len(self.labels.names), self.labels.ours
        scores = self.head.by_grams(self._sparse(utterance))
        place = int(scores[:ours].argmax())
        rest = np.delete(scores[:ours], place)
        best = float(scores[place])
        return Glance(
            place,
            best,
            best - float(rest.max(initial=-1.0)),
            float(scores[ours:names].max(initial=-1.0)),
            float(scores[names]),
        )

    def listen(self, utterances: Sequence[str]) -> list[_Voice]:
        """Return the utterances' vectors: together takes half as long as one by one."""
        voices = {u: self._voices.get(u) for u in dict.fromkeys(utterances)}
        new = [u for u, voice in voices.items() if voice is None]
        for utterance, meaning in zip(new, meanings(new), strict=True):
            sparse = self._sparse(utterance)
            by_grams = self.gallery.by_grams(sparse)
            voice = _Voice(sparse, meaning, by_grams, len(utterance))
            voices[utterance] = self._voices[utterance] = voice
        forget(self._voices)
        forget(self._grams)
        return [found for u in utterances if (found := voices[u])]

    def _sparse(self, utterance: str) -> Sparse:
        sparse = self._grams.get(utterance)
        if sparse is None:
            sparse = self._grams[utterance] = self.features.sparse(utterance)
        return sparse

    def _heard(self, voice: _Voice) -> Heard:
        if voice.heard is None:
            voice.heard = self._hear(voice)
        return voice.heard

    def _hear(self, voice: _Voice) -> Heard:
        scores, of_meaning = (
            part[None, :] for part in self.head.scores(voice.sparse, voice.meaning)
        )
        width = len(self.labels.names) + 1
        nearest = self._nearest_of_all(voice) if self.labels.few_phrases else None
        ours, others = best_classes(scores[:, :width], self.labels, nearest)
        near, near_meaning = (
            part[None, :]
            for part in self.gallery.nearest(
                voice.by_grams,
                voice.meaning,
                [self.labels.span(one) for one in (*ours[0], *others[0])],
            )
        )
        cut = ours.shape[1]
        return Heard(
            scores[:, :width],
            of_meaning[:, :width],
            scores[:, width:],
            of_meaning[:, width:],
            Shortlist(ours, near[:, :cut], near_meaning[:, :cut]),
            Shortlist(others, near[:, cut:], near_meaning[:, cut:]),
            np.array([voice.length]),
        )

    def _nearest_of_all(self, voice: _Voice) -> Floats:
        """Return how alike the nearest phrase of each class is."""
        size = len(self.labels.of_row)
        alike = voice.by_grams[:size] + self.gallery.meaning[:size] @ voice.meaning
        nearest: Floats = np.maximum.reduceat(alike, self.labels.first_rows)
        return nearest[None, :].clip(min=0.0)

    def _near_danger(self, voice: _Voice) -> Floats:
        if voice.near_danger is None:
            spans = self.labels.danger_spans(self._heard(voice).alarm[0, :-1])
            near, _ = self.gallery.nearest(voice.by_grams, voice.meaning, spans)
            voice.near_danger = np.array([near[:-1].max(initial=0.0), near[-1]], np.float32)
        return voice.near_danger


def forget(kept: dict[str, Any]) -> None:
    """Drop all but the last; another thread may be doing the same."""
    for old in list(kept)[:-_REMEMBERED]:
        kept.pop(old, None)


def best_classes(
    scores: Floats, labels: Labels, near: Floats | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the best classes of ours and of the others, best first, a row an utterance.

    `near` is how alike the nearest phrase of each class is; without it the scores decide alone.
    """
    own = scores[:, : len(labels.names)]
    if near is not None:
        own = own + _NEAREST * near
    ours, others = own[:, : labels.ours], own[:, labels.ours :]
    return (
        np.argsort(-ours, axis=1, kind="stable")[:, :SHORTLIST],
        np.argsort(-others, axis=1, kind="stable")[:, :SHORTLIST] + labels.ours,
    )
