"""A chance as a weighted sum of evidence, for FAQs too small to grow trees on. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.matching.features import Floats

_NEAR = (15, 16, 19, 20)
"""Of the evidence: how near the nearest phrase is and how far before the next entry's, by all and
by meaning alone."""
ANSWER_AT, OFFER_AT = 0.5, 0.1
"""By nearness alone no entry answers below the first of these chances; from the second on it is
worth offering."""


@dataclass(frozen=True)
class Weighted:
    """Turns evidence into a chance by a weight for each of its pieces, or for some."""

    bias: float
    weights: tuple[float, ...]
    pieces: tuple[int, ...] | None = None

    def __call__(self, evidence: Floats) -> Floats:
        """Return the chance for each row of evidence (its last axis)."""
        seen = evidence if self.pieces is None else evidence[..., self.pieces]
        raw = (seen @ np.array(self.weights) + self.bias).clip(-50.0)
        chance: Floats = (1 / (1 + np.exp(-raw))).astype(np.float32)
        return chance


NEARNESS = Weighted(-6.9, (1.9, 1.7, 1.1, 1.1), _NEAR)
"""Learned once from paraphrases of Chinese and English questions, one known phrase to each."""
