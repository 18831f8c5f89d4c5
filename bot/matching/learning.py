"""Learning the head from phrases, and its confidence from phrases left out and labelled questions.

Kernel ridge has a closed form for leaving each row out, so confidence and thresholds are learned
from how every phrase fares without itself: no split, no second training of the head, no guess.
Matters of other offices are left out whole: parents ask of far more of them than are known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot.matching import ridge
from bot.matching.confidence import Judged, grow, weigh
from bot.matching.features import Features, Floats, Gallery, meanings
from bot.matching.hearing import Head, Heard, Hearing, Labels, Shortlist, best_classes
from bot.matching.model import Model, alarm_evidence, evidence
from bot.matching.ridge import Matrix, Scores
from bot.matching.several import GENERIC
from bot.matching.sounds import Sounds
from bot.matching.trees import Trees
from bot.matching.weighted import ANSWER_AT, NEARNESS, OFFER_AT, Weighted

# Parents ask of far more other things than elsewhere.yaml can hold, so each of its phrases counts
# for several when confidence is learned.
_STRANGERS_WEIGHT = 3.0
_EXAMPLE_WEIGHT = 6.0
"""How much a labelled question counts beside a phrase left out."""
_WRONG_FOR_STRANGERS = 0.07
"""The wanted rate of wrong answers where nothing is known that is not ours: each entry left out
stands in for it, and is nearer than most of what people ask."""
_OFFERED_OF_FEW = 0.87
"""The wanted rate of offers where entries have few phrases: one of few is missed the more."""
_ENOUGH_ANSWERABLE = 60
"""With fewer phrases to leave out and labelled questions nothing can be learned from them."""
_ENOUGH_FOR_TREES = 400
"""With fewer of them, and nothing known that is not ours, trees learn what is chance."""
_ENOUGH_EXAMPLES = 300
"""From so many labelled questions on they alone set the thresholds."""
_LOT = 64


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

    left_out: tuple[float, float, float] = (0.035, 0.93, 0.012)
    """Of phrases left out: answered wrongly (of all, other offices' included); the right entry is
    at least worth offering (of ours); danger is heard where none is."""
    parents: tuple[float, float, float] = (0.015, 0.985, 0.006)
    """The same of labelled questions."""
    clause_false_alarm: float = 0.002
    """Of harmless phrases left out, taken as a part of a message; messages have many parts."""


@dataclass(frozen=True)
class Lesson:
    """What was learned, with what it was learned from."""

    model: Model
    left_out: Heard
    """How the head hears every row that it did not learn."""
    confidence: Floats
    """A row an utterance: the chances of its shortlist of ours, by trees that had not seen it."""


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
    lengths = np.array([len(u) for u in utterances])
    head, left_out, strangers_out, near_danger = _head(
        _matrix(utterances, features), meaning, lengths, labels
    )
    hearing = Hearing(labels, features, Gallery.of(utterances, features, meaning), head)

    plain = ~examples.danger
    judged = [_left_out(strangers_out, labels)]
    told = []
    if labels.alarms:
        weight_told = np.where(labels.undecided, 0.0, 1.0)
        told.append(_alarming(left_out, near_danger, labels.alarm_of_row >= 0, weight_told))
    if examples.utterances:
        # In lots no larger than what the hearing remembers.
        lots = list(_lots(examples.utterances))
        asked = Heard.stack([hearing.hear(lot) for lot in lots])
        weight_here = np.where(plain, _EXAMPLE_WEIGHT, 0.0)
        judged.append(_judge(asked, examples.right, weight_here, labels, ours=True))
        if labels.alarms:
            near = np.concatenate([hearing.near_danger(lot) for lot in lots])
            weight_here = np.where(examples.either, 0.0, _EXAMPLE_WEIGHT)
            told.append(_alarming(asked, near, examples.danger, weight_here))
    ours, chances = _ours(judged, labels)
    own = left_out.first(len(labels.of_row))
    right = labels.of_row[:, None] == np.arange(len(labels.names))
    weight = np.where(labels.of_row < labels.ours, 1.0, _STRANGERS_WEIGHT)
    others, _ = grow([_judge(own, right, weight, labels, ours=False)], folds=0)

    enough = int(plain.sum()) >= _ENOUGH_EXAMPLES
    at = int(enough)
    wrong, offer, false_alarm = rates.parents if enough else rates.left_out
    if labels.none_known:
        wrong = wrong if enough else _WRONG_FOR_STRANGERS
        offer = _OFFERED_OF_FEW if labels.few_phrases else offer
    answer_at = judged[at].answer_threshold(chances[at], wrong)
    ask_at = judged[at].offer_threshold(chances[at], offer)
    if ours is NEARNESS:
        answer_at, ask_at = max(answer_at, ANSWER_AT), OFFER_AT
    danger, alarm_at, clause_alarm_at = _alarm(told, at, false_alarm, rates.clause_false_alarm)
    model = Model(
        hearing,
        tuple(utterances),
        ours,
        others,
        danger,
        answer_at,
        min(ask_at, answer_at),
        alarm_at,
        clause_alarm_at,
        GENERIC,
    )
    return Lesson(model, own, chances[0][: len(labels.of_row)])


def _left_out(strangers_out: Heard, labels: Labels) -> Judged:
    """Return how phrases fare that are left out, and strangers that are left out with their kind.

    The only phrase of an entry cannot be left out: nothing would be right.
    """
    size = len(labels.of_row)
    right = labels.of_row[:, None] == np.arange(len(labels.names))
    alone = np.bincount(labels.of_row)[labels.of_row] == 1
    weight = np.where(labels.of_row < labels.ours, 1.0 - alone, _STRANGERS_WEIGHT)
    if len(strangers_out.lengths) > size:
        right, weight = np.vstack([right, right & False]), np.append(weight, np.ones(size))
    return _judge(strangers_out, right, weight, labels, ours=True)


def _ours(judged: Sequence[Judged], labels: Labels) -> tuple[Trees | Weighted, list[Floats]]:
    """Return what turns evidence into a chance, and the chances of what it was learned from."""
    answerable = sum(int((one.answerable & (one.weight > 0)).sum()) for one in judged)
    if answerable < _ENOUGH_ANSWERABLE:
        return NEARNESS, [NEARNESS(one.evidence) for one in judged]
    if labels.none_known and answerable < _ENOUGH_FOR_TREES:
        return weigh(judged)
    return grow(judged)


def _alarm(
    told: Sequence[Judged], at: int, false_alarm: float, clause_false_alarm: float
) -> tuple[Trees, float, float]:
    """Return what hears danger, and the thresholds for whole messages and for parts of one.

    Nothing is heard where no kind of danger is known.
    """
    if not told:
        return Trees.constant(0.0), 1.0, 1.0
    danger, alarms = grow(told)
    calm = [(one.weight > 0) & ~one.right[:, 0] for one in told]
    harmless = alarms[0][calm[0], 0]
    alarm_at = float(np.quantile(alarms[at][calm[at], 0], 1 - false_alarm))
    clause_alarm_at = float(np.quantile(harmless, 1 - clause_false_alarm))
    return danger, alarm_at, max(clause_alarm_at, alarm_at)


def _lots(utterances: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(utterances), _LOT):
        yield utterances[start : start + _LOT]


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


def _head(
    grams: Matrix, meaning: Floats, lengths: npt.NDArray[np.int64], labels: Labels
) -> tuple[Head, Heard, Heard, Floats]:
    """Return the head, how it hears every row left out, and its own rows with strangers unknown.

    Strangers are left out with their whole class. Last, how near each row is to danger.
    """
    size, count, width = len(labels.of_row), len(lengths), len(labels.names)
    rows = np.arange(size)
    danger = labels.alarm_of_row >= 0
    cuts = np.searchsorted(labels.of_row, np.arange(width + 1))
    groups = [*pairwise(cuts.tolist()), (size, size + int(danger.sum()))]
    groups.append((groups[-1][1], count))
    near = np.zeros((count, len(groups)), np.float32)
    near_meaning = np.zeros_like(near)

    def watch(start: int, alike: Floats, of_meaning: Floats) -> None:
        here = np.arange(len(alike))
        for kernel, best in ((alike, near), (of_meaning, near_meaning)):
            kernel[here, start + here] = -1
            for column, (begin, end) in enumerate(groups):
                best[start + here, column] = kernel[:, begin:end].max(axis=1, initial=0.0)

    inverse = ridge.inverse_factor(grams, meaning, watch)

    target = np.zeros((size, width + 1), np.float32)
    target[rows, labels.of_row] = 1
    target[:, -1] = np.where(labels.of_row < labels.ours, 1, -1)
    # Where nothing is known that is not ours, each entry is left out in turn to be a stranger.
    strangers = groups[:width] if labels.none_known else groups[labels.ours : width]
    weights, own, unknown = ridge.solve(inverse, grams[:size], meaning[:size], target, strangers)

    target = np.zeros((count, len(labels.alarms) + 1), np.float32)
    target[danger, labels.alarm_of_row[danger]] = 1
    target[:, -1] = np.where(danger, 1, np.where(labels.undecided, 0, -1))
    alarm_weights, alarm, _ = ridge.solve(inverse, grams, meaning, target)
    del inverse

    head = Head(
        np.hstack([weights.sparse, alarm_weights.sparse]).astype(np.float16),
        np.hstack([weights.meaning, alarm_weights.meaning]),
    )
    # What teaches danger only was not learned by the classes, so nothing is to be left out.
    beyond = meaning[size:] @ weights.meaning
    total = np.vstack([own.total, grams[size:] @ weights.sparse + beyond])
    of_meaning = np.vstack([own.of_meaning, beyond])
    hear = partial(_heard, labels=labels, lengths=lengths)
    left_out = hear(total, of_meaning, alarm, near, near_meaning)
    # Rows of a class that nobody knows have no neighbours in it either.
    stranger = rows if labels.none_known else rows[labels.of_row >= labels.ours]
    near[stranger, labels.of_row[stranger]] = 0
    near_meaning[stranger, labels.of_row[stranger]] = 0
    total[:size][stranger] = unknown.total[stranger]
    of_meaning[:size][stranger] = unknown.of_meaning[stranger]
    strangers_out = hear(total, of_meaning, alarm, near, near_meaning).first(size)
    if labels.none_known:
        strangers_out = Heard.stack([left_out.first(size), strangers_out])
    return head, left_out, strangers_out, near[:, -2:].copy()


def _heard(
    total: Floats,
    of_meaning: Floats,
    alarm: Scores,
    near: Floats,
    near_meaning: Floats,
    *,
    labels: Labels,
    lengths: npt.NDArray[np.int64],
) -> Heard:
    listed = near[: len(total), : len(labels.names)] if labels.few_phrases else None
    sides = [
        Shortlist(
            side,
            np.take_along_axis(near, side, axis=1),
            np.take_along_axis(near_meaning, side, axis=1),
        )
        for side in best_classes(total, labels, listed)
    ]
    return Heard(
        total.copy(),
        of_meaning.copy(),
        alarm.total,
        alarm.of_meaning,
        sides[0],
        sides[1],
        lengths,
    )


def _judge(
    heard: Heard,
    right: npt.NDArray[np.bool_],
    weight: npt.NDArray[np.float64],
    labels: Labels,
    *,
    ours: bool,
) -> Judged:
    """Return how these utterances are shortlisted; `right` has a column a class."""
    listed = (heard.ours if ours else heard.others).classes
    mine = right[:, : labels.ours] if ours else right[:, labels.ours :]
    return Judged(
        evidence(heard, labels, ours=ours),
        np.take_along_axis(right, listed, axis=1),
        weight,
        np.any(mine, axis=1),
    )


def _alarming(
    heard: Heard,
    near_danger: Floats,
    danger: npt.NDArray[np.bool_],
    weight: npt.NDArray[np.float64],
) -> Judged:
    """Return the alarm as a shortlist of one."""
    seen = alarm_evidence(heard, near_danger)
    return Judged(seen[:, None], danger[:, None], weight, danger)
