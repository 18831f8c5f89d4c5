"""Learning the head from phrases, and its confidence from phrases left out and labelled questions.

Kernel ridge has a closed form for leaving each row out, so confidence and thresholds are learned
from how every phrase fares without itself: no split, no second training, no guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.matching.features import Features, Floats, Gallery, meanings
from bot.matching.model import Calibration, Head, Labels, Model, best_classes, evidence
from bot.matching.sounds import Sounds

RIDGE = 1.0
# Parents ask of far more other things than elsewhere.yaml can hold, so each of its phrases counts
# for several when confidence is learned.
_STRANGERS_WEIGHT = 3.0
_EXAMPLE_WEIGHT = 6.0
"""How much a labelled question counts beside a phrase left out."""
_ENOUGH_EXAMPLES = 300
"""From so many labelled questions on they alone set the thresholds."""

Matrix = Any
"""A scipy sparse matrix; scipy ships no types."""


@dataclass(frozen=True)
class Examples:
    """Labelled questions by other hands, which no training row was made from."""

    utterances: Sequence[str]
    right: npt.NDArray[np.bool_]
    """A row an utterance, a column each of our entries: does it answer? None: not ours."""
    danger: npt.NDArray[np.bool_]
    either: npt.NDArray[np.bool_]
    """Where the alarm is welcome but not needed."""


@dataclass(frozen=True)
class Rates:
    """The wanted rates that thresholds are computed for.

    Phrases left out are harder than parents' questions by a factor of about three, and what was
    written to look like danger is closer to it than what parents write; labelled questions are
    like parents' own, and decide when there are enough of them.
    """

    wrong_left_out: float = 0.035
    wrong: float = 0.016
    """Of all questions, those of other offices included: answered wrongly."""
    offer_left_out: float = 0.85
    offer: float = 0.985
    """Of our own: the right entry is at least worth offering."""
    false_alarm_left_out: float = 0.012
    false_alarm: float = 0.005
    clause_false_alarm: float = 0.001
    """Of harmless phrases left out, taken as a part of a message; messages have many parts."""


@dataclass(frozen=True)
class LeftOut:
    """How every row of the head fares when it is left out of training."""

    scores: Floats
    """A column a class, then one for ours or not."""
    nearest: Floats
    """Similarity to the nearest other row of each class."""


@dataclass(frozen=True)
class Lesson:
    """What was learned, with what it was learned from."""

    model: Model
    left_out: LeftOut


def learn(
    utterances: Sequence[str],
    labels: Labels,
    sounds: Sounds,
    examples: Examples,
    rates: Rates = Rates(),
) -> Lesson:
    """Return the model of these squeezed utterances, whose rows are grouped by class.

    Rows beyond `labels.of_row` teach danger only.
    """
    features = Features.learn(utterances, sounds)
    meaning = meanings(utterances)
    grams = _matrix(utterances, features)
    alike = (grams @ grams.T).toarray() + meaning @ meaning.T
    dual, alarm_dual, left_out, harmless = _solve(alike, labels)
    del alike

    def primal(weights: Floats) -> tuple[Floats, Floats]:
        size = len(weights)
        return grams[:size].T @ weights, meaning[:size].T @ weights

    parts = [primal(dual), primal(alarm_dual)]
    head = Head(
        np.hstack([p[0] for p in parts]).astype(np.float16), np.hstack([p[1] for p in parts])
    )
    gallery = Gallery.of(utterances[: len(labels.of_row)], features, meaning[: len(labels.of_row)])

    is_ours = labels.of_row < labels.ours
    importance = np.where(is_ours, 1.0, _STRANGERS_WEIGHT)
    lengths = np.array([len(u) for u in utterances[: len(labels.of_row)]])
    classes = np.arange(len(labels.names))
    right = labels.of_row[:, None] == classes
    found = _judge(left_out, lengths, right, importance, labels, ours=True)
    others = _calibrate([_judge(left_out, lengths, right, importance, labels, ours=False)])

    # The examples are heard by the finished head.
    draft = Model(
        labels, tuple(utterances), features, gallery, head, others, others, 1.0, 0.0, 0.0, 0.0
    )
    plain = ~examples.danger
    asked = [u for u, wanted in zip(examples.utterances, plain, strict=True) if wanted]
    if asked:
        judged = _judge_examples(draft, asked, examples.right[plain])
        ours = _calibrate([found, judged])
    else:
        judged, ours = found, _calibrate([found])
    if len(asked) >= _ENOUGH_EXAMPLES:
        answer_at = judged.answer_threshold(ours, rates.wrong)
        ask_at = judged.offer_threshold(ours, rates.offer)
        calm = np.array([score for _, score in draft.alarm(asked)])[~examples.either[plain]]
        alarm_at = float(np.quantile(calm, 1 - rates.false_alarm))
    else:
        answer_at = found.answer_threshold(ours, rates.wrong_left_out)
        ask_at = found.offer_threshold(ours, rates.offer_left_out)
        alarm_at = float(np.quantile(harmless, 1 - rates.false_alarm_left_out))
    model = Model(
        labels,
        tuple(utterances),
        features,
        gallery,
        head,
        ours,
        others,
        answer_at,
        min(ask_at, answer_at),
        alarm_at,
        max(float(np.quantile(harmless, 1 - rates.clause_false_alarm)), alarm_at),
    )
    return Lesson(model, left_out)


def _matrix(utterances: Sequence[str], features: Features) -> Matrix:
    """Return the utterances' grams as one sparse matrix."""
    from scipy.sparse import csr_array

    found = [features.sparse(u) for u in utterances]
    starts = np.concatenate([[0], np.cumsum([len(g) for g, _ in found])])
    values = np.concatenate([v for _, v in found])
    return csr_array(
        (values, np.concatenate([g for g, _ in found]), starts),
        shape=(len(found), features.width),
    )


def _solve(alike: Floats, labels: Labels) -> tuple[Floats, Floats, LeftOut, Floats]:
    """Return the dual weights of head and alarm, and the left-out scores of both.

    The factor of the first rows alone is the upper left block of the factor of all, so one
    factoring serves both.
    """
    from scipy.linalg.lapack import spotrf

    size, rows = len(labels.of_row), np.arange(len(alike))
    kernel = np.array(alike, dtype=np.float32, order="F")
    kernel[rows, rows] += RIDGE
    factor, info = spotrf(kernel, lower=True, overwrite_a=True)
    if info:
        raise ArithmeticError(f"the kernel is not positive definite at row {info}")
    own_factor = np.array(factor[:size, :size], order="F")

    danger = labels.alarm_of_row >= 0
    target = np.zeros((len(alike), len(labels.alarms) + 1), np.float32)
    target[rows[danger], labels.alarm_of_row[danger]] = 1
    target[:, -1] = np.where(danger, 1, -1)
    alarm_dual, alarm_left_out = _ridge(factor, target)
    del factor, kernel

    target = np.zeros((size, len(labels.names) + 1), np.float32)
    target[rows[:size], labels.of_row] = 1
    target[:, -1] = np.where(labels.of_row < labels.ours, 1, -1)
    dual, scores = _ridge(own_factor, target)

    own = alike[:size, :size]
    own[rows[:size], rows[:size]] = -1
    starts = np.searchsorted(labels.of_row, np.arange(len(labels.names)))
    nearest = np.maximum.reduceat(own, starts, axis=1)
    return dual, alarm_dual, LeftOut(scores, nearest), alarm_left_out[~danger, -1]


def _ridge(factor: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return the dual weights and the scores of every row left out; overwrites the factor."""
    from scipy.linalg.lapack import spotri, spotrs

    weights, _ = spotrs(factor, target, lower=True)
    inverse, _ = spotri(factor, lower=True, overwrite_c=True)
    return np.ascontiguousarray(weights), target - weights / np.diag(inverse)[:, None]


@dataclass(frozen=True)
class _Judged:
    """Shortlists of one side with the evidence for each class, and which of them are right."""

    evidence: Floats
    right: npt.NDArray[np.bool_]
    importance: npt.NDArray[np.float64]
    answerable: npt.NDArray[np.bool_]
    """Whether any class of this side is right at all."""

    def answer_threshold(self, calibration: Calibration, wrong_rate: float) -> float:
        """Return the lowest confidence at which wrong answers stay within their rate of all."""
        chance = calibration(self.evidence)
        top = chance.argmax(axis=1)
        rows = np.arange(len(chance))
        confidence, good = chance[rows, top], self.right[rows, top]
        order = np.argsort(-confidence)
        wrong = np.cumsum(~good[order])
        allowed = int(np.searchsorted(wrong, wrong_rate * len(chance), side="right"))
        return float(confidence[order][min(allowed, len(order) - 1)])

    def offer_threshold(self, calibration: Calibration, offer_rate: float) -> float:
        """Return the confidence that the right entry reaches for its rate of our questions."""
        chance = np.where(self.right, calibration(self.evidence), 0).max(axis=1)
        return float(np.quantile(chance[self.answerable], 1 - offer_rate))


def _judge(
    left_out: LeftOut,
    lengths: npt.NDArray[np.int64],
    right: npt.NDArray[np.bool_],
    importance: npt.NDArray[np.float64],
    labels: Labels,
    *,
    ours: bool,
) -> _Judged:
    """Return how the rows left out would be shortlisted."""
    sides = best_classes(left_out.scores, labels)
    listed, across = sides if ours else sides[::-1]
    near = np.take_along_axis(left_out.nearest, listed, axis=1)
    far = np.take_along_axis(left_out.nearest, across, axis=1)
    seen = evidence(left_out.scores, listed, near, far, lengths, labels, ours=ours)
    found = np.take_along_axis(right, listed, axis=1)
    mine = right[:, : labels.ours] if ours else right[:, labels.ours :]
    return _Judged(seen, found, importance, np.any(mine, axis=1))


def _judge_examples(model: Model, asked: Sequence[str], right: npt.NDArray[np.bool_]) -> _Judged:
    heard = model.hear(asked)
    classes = np.stack([h.ours[0] for h in heard])
    seen = evidence(
        np.stack([h.scores for h in heard]),
        classes,
        np.stack([h.ours[1] for h in heard]),
        np.stack([h.others[1] for h in heard]),
        np.array([len(u) for u in asked]),
        model.labels,
        ours=True,
    )
    found = np.take_along_axis(right, classes, axis=1)
    weight = np.full(len(asked), _EXAMPLE_WEIGHT)
    return _Judged(seen, found, weight, np.any(right, axis=1))


def _calibrate(judged: Sequence[_Judged]) -> Calibration:
    from sklearn.linear_model import LogisticRegression

    columns = judged[0].evidence.shape[-1]
    flat = np.concatenate([j.evidence.reshape(-1, columns) for j in judged])
    right = np.concatenate([j.right.ravel() for j in judged])
    importance = np.concatenate([np.repeat(j.importance, j.right.shape[1]) for j in judged])
    mean, scale = flat.mean(axis=0), flat.std(axis=0) + np.float32(1e-6)
    head = LogisticRegression(max_iter=3000).fit((flat - mean) / scale, right, importance)
    return Calibration(mean, scale, head.coef_[0].astype(np.float32), float(head.intercept_[0]))
