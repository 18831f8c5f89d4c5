"""Confidence: trees that turn evidence into a chance, and the thresholds for wanted rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bot.matching.features import Floats
from bot.matching.trees import Trees
from bot.matching.weighted import Weighted

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]
C = TypeVar("C", Trees, Weighted)

_FOLDS = 3
"""Thresholds are read from what trees say of rows they did not grow on."""


@dataclass(frozen=True)
class Judged:
    """Shortlists with the evidence for each of their items, and which of them are right."""

    evidence: Floats
    right: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float64]
    """How much each utterance counts."""
    answerable: npt.NDArray[np.bool_]
    """Whether any class of this side is right at all."""

    def answer_threshold(self, chance: Floats, wrong_rate: float) -> float:
        """Return the lowest confidence at which wrong answers stay within their rate of all."""
        counted = self.weight > 0
        chance, right = chance[counted], self.right[counted]
        top, rows = chance.argmax(axis=1), np.arange(len(chance))
        confidence, good = chance[rows, top], right[rows, top]
        order = np.argsort(-confidence)
        wrong = np.cumsum(~good[order])
        allowed = int(np.searchsorted(wrong, wrong_rate * len(chance), side="right"))
        return float(confidence[order][min(allowed, len(order) - 1)])

    def offer_threshold(self, chance: Floats, offer_rate: float) -> float:
        """Return the confidence that the right entry reaches for its rate of our questions."""
        best = np.where(self.right, chance, 0).max(axis=1)
        ours = best[self.answerable & (self.weight > 0)]
        if not ours.any():
            return 0.0
        # Where it is missing from too many shortlists no threshold reaches the rate.
        return float(
            np.quantile(ours, 1 - offer_rate) or np.quantile(ours[ours > 0], 1 - offer_rate)
        )


def grow(judged: Sequence[Judged], folds: int = _FOLDS) -> tuple[Trees, list[Floats]]:
    """Return trees that turn evidence into a chance, and each part's chances by other trees.

    The latter have not seen the utterance that they judge.
    """
    return _learn(judged, folds, _fit)


def weigh(judged: Sequence[Judged]) -> tuple[Weighted, list[Floats]]:
    """Return weights in place of the trees: better where there are few utterances."""
    return _learn(judged, _FOLDS, _balance)


def _learn(
    judged: Sequence[Judged], folds: int, fit: Callable[[Floats, Bools, Doubles], C]
) -> tuple[C, list[Floats]]:
    seen = np.concatenate([one.evidence for one in judged])
    right = np.concatenate([one.right for one in judged])
    weight = np.concatenate([one.weight for one in judged])
    chance = np.zeros(right.shape, np.float32)
    fold = np.arange(len(seen)) % max(folds, 1)
    for held in range(folds):
        learned = fit(seen[fold != held], right[fold != held], weight[fold != held])
        chance[fold == held] = learned(seen[fold == held])
    cuts = np.cumsum([len(one.evidence) for one in judged])[:-1]
    return fit(seen, right, weight), np.split(chance, cuts)


def _fit(seen: Floats, right: Bools, weight: Doubles) -> Trees:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    # Few rows allow fine distinctions only by chance.
    smallest, leaves = (
        int(np.clip(right.size // 500, 5, 60)),
        int(np.clip(right.size // 200, 2, 12)),
    )
    trees = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.08,
        max_leaf_nodes=leaves,
        min_samples_leaf=smallest,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=0,
    )
    if not right.size or right.all() or not right.any():
        return Trees.constant(float(right.mean()) if right.size else 0.0)
    flat = seen.reshape(-1, seen.shape[-1])
    # A second thread gains little here and loses much where the other core is busy.
    with threadpool_limits(1, user_api="openmp"):
        trees.fit(flat, right.ravel(), np.repeat(weight, right.shape[1]))
    return Trees.of(trees)


def _balance(seen: Floats, right: Bools, weight: Doubles) -> Weighted:
    from sklearn.linear_model import LogisticRegression

    flat = seen.reshape(-1, seen.shape[-1])
    if right.all() or not right.any():
        return Weighted(50.0 if right.any() else -50.0, (0.0,) * flat.shape[1])
    mean, scale = flat.mean(axis=0), flat.std(axis=0) + 1e-6
    # Strongly held back: the pieces say much the same, and few rows tell them apart.
    fitted = LogisticRegression(C=0.005, max_iter=3000).fit(
        (flat - mean) / scale, right.ravel(), sample_weight=np.repeat(weight, right.shape[1])
    )
    weights = fitted.coef_[0] / scale
    return Weighted(float(fitted.intercept_[0] - weights @ mean), tuple(map(float, weights)))
