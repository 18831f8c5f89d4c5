"""The trained head: kernel ridge over all phrases, and the calibration of its scores.

Ridge has a closed form for leaving each phrase out, so confidence and thresholds are learned
from how every phrase fares without itself: no split, no second training, no guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.matching.features import Features, Floats, Gallery
from bot.matching.sounds import Sounds

RIDGE = 1.0
SHORTLIST = 5
_TEMPERATURE = 0.08
# Parents ask of far more other things than elsewhere.yaml can hold, so each of its phrases counts
# for several when confidence is learned.
_STRANGERS_WEIGHT = 3.0
_EXAMPLE_WEIGHT = 6.0
"""How much a labelled question counts beside a phrase left out."""
_ENOUGH_EXAMPLES = 300
"""From so many labelled questions on they alone set the thresholds."""


@dataclass(frozen=True)
class Labels:
    """What each training row is: a class, and whether that class is one of ours to answer."""

    names: tuple[str, ...]
    """Class names: entries first, then what is not ours."""
    ours: int
    """How many of them, from the front, are entries."""
    of_row: npt.NDArray[np.int32]
    alarms: tuple[str, ...] = ()
    """Names of the kinds of danger."""
    alarm_of_row: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """For all rows, also the further ones that only teach danger: its kind, or -1."""


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
    wrong: float = 0.02
    """Of all questions, those of other offices included: answered wrongly."""
    offer_left_out: float = 0.85
    offer: float = 0.985
    """Of our own: the right entry is at least worth offering."""
    false_alarm_left_out: float = 0.012
    false_alarm: float = 0.005
    clause_false_alarm: float = 0.001
    """Of harmless phrases left out, taken as a part of a message; messages have many parts."""


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
class Ranking:
    """The best classes of one side for each utterance, best first, with their chances."""

    classes: npt.NDArray[np.int64]
    chance: Floats


@dataclass(frozen=True)
class Model:
    """Everything learned from one FAQ."""

    labels: Labels
    utterances: tuple[str, ...]
    gallery: Gallery
    weights: Floats
    """One row a training utterance; a column a class, the last one for ours or not."""
    ours: Calibration
    others: Calibration
    answer_at: float
    """From this confidence on an entry answers alone."""
    ask_at: float
    """From this confidence on an entry is worth offering."""
    alarm_weights: Floats
    """A column a kind of danger, the last one for danger or not."""
    alarm_at: float
    """From this score on a whole message is danger."""
    clause_alarm_at: float
    """From this score on a part of a message is."""

    def alarm(self, utterances: Sequence[str]) -> list[tuple[str, float]]:
        """Return for each squeezed utterance the likeliest kind of danger and its score."""
        scores = self.gallery.similarity(utterances) @ self.alarm_weights
        best = scores[:, :-1].argmax(axis=1)
        return [
            (self.labels.alarms[kind], float(score))
            for kind, score in zip(best, scores[:, -1], strict=True)
        ]

    def rank(self, utterances: Sequence[str]) -> tuple[Ranking, Ranking]:
        """Return the shortlists of our entries and of what is not ours, a row an utterance."""
        alike = self.gallery.similarity(utterances)[:, : len(self.labels.of_row)]
        view = View(alike @ self.weights, class_maximum(alike, self.labels), self.labels)
        lengths = np.array([len(u) for u in utterances])
        found = []
        for is_ours, calibration in ((True, self.ours), (False, self.others)):
            classes, evidence = shortlist(view, lengths, ours=is_ours)
            found.append(Ranking(classes, calibration(evidence)))
        return found[0], found[1]


@dataclass(frozen=True)
class View:
    """Scores of a batch of utterances: by the head, and by the nearest phrase of each class."""

    scores: Floats
    """A column a class, the last one for ours or not."""
    nearest: Floats
    labels: Labels

    def side(self, matrix: Floats, *, ours: bool) -> Floats:
        cut = self.labels.ours
        return matrix[:, :cut] if ours else matrix[:, cut : len(self.labels.names)]


def class_maximum(alike: Floats, labels: Labels) -> Floats:
    """Return the similarity to the nearest row of each class; rows are grouped by class."""
    starts = np.searchsorted(labels.of_row, np.arange(len(labels.names)))
    return np.maximum.reduceat(alike, starts, axis=1)


def shortlist(
    view: View, lengths: npt.NDArray[np.int64], *, ours: bool
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return per utterance the best classes of one side, and the evidence for each of them.

    Evidence: the class's score and its lead over the rest of its side and over the other side;
    ours-or-not; its share and its side's share of all scores; the same leads by nearest phrase;
    how near anything is; the length.
    """
    own = view.scores[:, :-1]
    scope = view.scores[:, -1:] if ours else -view.scores[:, -1:]
    side, across = view.side(own, ours=ours), view.side(own, ours=not ours)
    near_side = view.side(view.nearest, ours=ours)
    near_across = view.side(view.nearest, ours=not ours)
    classes = np.argsort(-side, axis=1)[:, : min(SHORTLIST, side.shape[1])]
    rows = np.arange(len(own))[:, None]
    score, near = side[rows, classes], near_side[rows, classes]
    share = np.exp((own - own.max(axis=1, keepdims=True)) / _TEMPERATURE)
    share /= share.sum(axis=1, keepdims=True)
    of_side = view.side(share, ours=ours).sum(axis=1, keepdims=True)
    evidence = np.stack(
        np.broadcast_arrays(
            score,
            score - _best_other(side, score),
            score - across.max(axis=1, keepdims=True),
            scope,
            np.log(view.side(share, ours=ours)[rows, classes] + 1e-6),
            np.log(of_side + 1e-6),
            np.log(1 - of_side + 1e-6),
            near,
            near - _best_other(near_side, near),
            near - near_across.max(axis=1, keepdims=True),
            view.nearest.max(axis=1, keepdims=True),
            np.log(lengths + 1.0)[:, None],
        ),
        axis=2,
    ).astype(np.float32)
    return classes + (0 if ours else view.labels.ours), evidence


def _best_other(matrix: Floats, own: Floats) -> Floats:
    """Return, for each listed value, the highest one among all other columns."""
    if matrix.shape[1] < 2:
        return np.zeros_like(own)
    top2 = -np.partition(-matrix, 1, axis=1)[:, :2]
    first, second = top2[:, :1], top2[:, 1:]
    return np.where(own >= first, second, first)


def train(
    utterances: Sequence[str],
    labels: Labels,
    sounds: Sounds,
    examples: Examples,
    rates: Rates = Rates(),
) -> Model:
    """Return the model of these squeezed utterances, whose rows are grouped by class.

    Rows beyond `labels.of_row` teach danger only. Confidence and thresholds come from every
    utterance left out of training, and from the labelled examples.
    """
    gallery = Gallery.of(utterances, Features.learn(utterances, sounds))
    everything = gallery.compare(utterances)
    asked = gallery.compare(examples.utterances)
    alarm_weights, harmless_scores = _train_alarm(everything, labels)

    size = len(labels.of_row)
    alike = everything[:size, :size]
    rows = np.arange(size)
    is_ours = labels.of_row < labels.ours
    target = np.zeros((size, len(labels.names) + 1), np.float32)
    target[rows, labels.of_row] = 1
    target[:, -1] = np.where(is_ours, 1, -1)
    weights, left_out = _ridge(alike, target)

    alike[rows, rows] = -1
    view = View(left_out, class_maximum(alike, labels), labels)
    lengths = np.array([len(u) for u in utterances[:size]])
    importance = np.where(is_ours, 1.0, _STRANGERS_WEIGHT)
    found = _Judged.of(view, lengths, labels.of_row[:, None] == np.arange(labels.ours), importance)

    others_of_row = labels.of_row[:, None] - labels.ours == np.arange(
        len(labels.names) - labels.ours
    )
    others = _calibrate([_Judged.of(view, lengths, others_of_row, importance, ours=False)])

    plain = ~examples.danger
    enough = int(plain.sum()) >= _ENOUGH_EXAMPLES
    if plain.any():
        alike = asked[plain][:, :size]
        view = View(alike @ weights, class_maximum(alike, labels), labels)
        lengths = np.array([len(u) for u in examples.utterances])[plain]
        weight = np.full(len(alike), _EXAMPLE_WEIGHT)
        judged = _Judged.of(view, lengths, examples.right[plain], weight)
        ours = _calibrate([found, judged])
    else:
        judged = found
        ours = _calibrate([found])
    if enough:
        answer_at = judged.answer_threshold(ours, rates.wrong)
        ask_at = judged.offer_threshold(ours, rates.offer)
        calm = asked[plain & ~examples.either] @ alarm_weights[:, -1]
        alarm_at = float(np.quantile(calm, 1 - rates.false_alarm))
    else:
        answer_at = found.answer_threshold(ours, rates.wrong_left_out)
        ask_at = found.offer_threshold(ours, rates.offer_left_out)
        alarm_at = float(np.quantile(harmless_scores, 1 - rates.false_alarm_left_out))
    clause_alarm_at = float(np.quantile(harmless_scores, 1 - rates.clause_false_alarm))
    return Model(
        labels,
        tuple(utterances),
        gallery,
        weights,
        ours,
        others,
        answer_at,
        min(ask_at, answer_at),
        alarm_weights,
        alarm_at,
        max(clause_alarm_at, alarm_at),
    )


@dataclass(frozen=True)
class _Judged:
    """Shortlists of one side with the evidence for each class, and which of them are right."""

    evidence: Floats
    right: npt.NDArray[np.bool_]
    importance: npt.NDArray[np.float64]
    answerable: npt.NDArray[np.bool_]
    """Whether any class of this side is right at all."""

    @classmethod
    def of(
        cls,
        view: View,
        lengths: npt.NDArray[np.int64],
        right: npt.NDArray[np.bool_],
        importance: npt.NDArray[np.float64],
        *,
        ours: bool = True,
    ) -> _Judged:
        classes, evidence = shortlist(view, lengths, ours=ours)
        listed = classes - (0 if ours else view.labels.ours)
        found = np.take_along_axis(right, listed, axis=1)
        return cls(evidence, found, importance, np.any(right, axis=1))

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


def _ridge(alike: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return the dual weights, and the scores of every row when it is left out of training."""
    from scipy.linalg import cho_factor, cho_solve

    kernel = alike.copy()
    rows = np.arange(len(kernel))
    kernel[rows, rows] += RIDGE
    factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    inverse = cho_solve(factor, np.eye(len(rows), dtype=np.float32), check_finite=False)
    weights = inverse @ target
    return weights, target - weights / np.diag(inverse)[:, None]


def _train_alarm(alike: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Return the weights for danger, and what each harmless row scores when left out."""
    rows = np.arange(len(alike))
    danger = labels.alarm_of_row >= 0
    target = np.zeros((len(alike), len(labels.alarms) + 1), np.float32)
    target[rows[danger], labels.alarm_of_row[danger]] = 1
    target[:, -1] = np.where(danger, 1, -1)
    weights, left_out = _ridge(alike, target)
    return weights, left_out[~danger, -1]


def _calibrate(judged: Sequence[_Judged]) -> Calibration:
    from sklearn.linear_model import LogisticRegression

    columns = judged[0].evidence.shape[-1]
    flat = np.concatenate([j.evidence.reshape(-1, columns) for j in judged])
    right = np.concatenate([j.right.ravel() for j in judged])
    importance = np.concatenate([np.repeat(j.importance, j.right.shape[1]) for j in judged])
    mean, scale = flat.mean(axis=0), flat.std(axis=0) + np.float32(1e-6)
    head = LogisticRegression(max_iter=3000).fit((flat - mean) / scale, right, importance)
    return Calibration(mean, scale, head.coef_[0].astype(np.float32), float(head.intercept_[0]))
