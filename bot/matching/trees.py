"""Boosted trees as plain arrays: evidence in, chance out. Pure.

Grown by scikit-learn (`bot.matching.learning`), which nothing at answer time has to import.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_NEVER = 1e-6

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Trees:
    """A row a tree, a column a node; a leaf leads to itself."""

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    bias: float
    depth: int

    @classmethod
    def of(cls, grown: Any) -> Trees:
        """Return the arrays of a fitted HistGradientBoostingClassifier of two classes."""
        nodes = [predictors[0].nodes for predictors in grown._predictors]
        shape = len(nodes), max(map(len, nodes))
        own = np.tile(np.arange(shape[1], dtype=np.int32), (shape[0], 1))
        feature, left, right = np.zeros(shape, np.int32), own.copy(), own.copy()
        threshold, value = np.zeros(shape), np.zeros(shape)
        for row, tree in enumerate(nodes):
            inner = np.flatnonzero(tree["is_leaf"] == 0)
            feature[row, inner] = tree["feature_idx"][inner]
            threshold[row, inner] = tree["num_threshold"][inner]
            left[row, inner] = tree["left"][inner]
            right[row, inner] = tree["right"][inner]
            value[row, : len(tree)] = tree["value"]
        depth = max(int(tree["depth"].max()) for tree in nodes)
        bias = float(np.ravel(grown._baseline_prediction)[0])
        return cls(feature, threshold, left, right, value, bias, depth)

    @classmethod
    def constant(cls, chance: float) -> Trees:
        """Return what gives every row the same chance."""
        none, zero = np.zeros((1, 1), np.int32), np.zeros((1, 1))
        odds = math.log((chance + _NEVER) / (1 - chance + _NEVER))
        return cls(none, zero, none, none, zero, odds, 0)

    def __call__(self, evidence: Floats) -> Floats:
        """Return the chance for each row of evidence (its last axis)."""
        rows = evidence.reshape(-1, evidence.shape[-1])
        values = rows.ravel()
        # Flat places: a tree's nodes stand behind one another, a row's pieces too.
        tree = np.arange(len(self.feature))[:, None] * self.feature.shape[1]
        row = np.arange(len(rows))[None, :] * rows.shape[1]
        at = np.repeat(tree, len(rows), axis=1)
        for _ in range(self.depth):
            low = values.take(row + self.feature.take(at)) <= self.threshold.take(at)
            at = tree + np.where(low, self.left.take(at), self.right.take(at))
        raw = self.bias + self.value.take(at).sum(axis=0)
        chance: Floats = (1 / (1 + np.exp(-raw))).astype(np.float32)
        return chance.reshape(evidence.shape[:-1])
