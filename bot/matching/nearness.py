"""How sure the nearest phrase makes, where too few phrases can be left out to learn it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.matching.features import Floats

_PIECES = (15, 16, 19, 20)
"""Of the evidence: how near the nearest phrase is and how far before the next entry's, by all and
by meaning alone."""
ANSWER_AT, OFFER_AT = 0.5, 0.1
"""No entry answers below the first of these chances; from the second on it is worth offering."""


@dataclass(frozen=True)
class Nearness:
    """Turns evidence into a chance by a few weights that were learned elsewhere."""

    bias: float
    weights: tuple[float, ...]

    def __call__(self, evidence: Floats) -> Floats:
        """Return the chance for each row of evidence (its last axis)."""
        raw = evidence[..., _PIECES] @ np.array(self.weights, np.float32) + self.bias
        chance: Floats = (1 / (1 + np.exp(-raw))).astype(np.float32)
        return chance


GENERIC = Nearness(-6.9, (1.9, 1.7, 1.1, 1.1))
"""Learned once from paraphrases of Chinese and English questions, one known phrase to each."""
