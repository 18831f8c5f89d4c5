"""Kernel ridge: weights, and in closed form the score of every row that was left out. Pure.

One matrix of rows x rows is held, whatever is asked of it: the kernel turns into its Cholesky
factor and that into the factor's inverse, in place. The leading block of the inverse factor is
the inverse factor of the leading rows, so the same matrix serves the leading rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.matching.features import Floats

RIDGE = 1.0
_BLOCK = 1024

Matrix = Any
"""A scipy sparse matrix; scipy ships no types."""


@dataclass(frozen=True)
class Weights:
    """A column a target."""

    sparse: Floats
    meaning: Floats


@dataclass(frozen=True)
class Scores:
    """A row an utterance, a column a target."""

    total: Floats
    of_meaning: Floats
    """What the embedding gives of the total; the rest is of characters and sounds."""


def inverse_factor(
    grams: Matrix, meaning: Floats, watch: Callable[[int, Floats, Floats], None]
) -> Floats:
    """Return the inverse of the kernel's lower Cholesky factor.

    `watch` is shown the kernel and the meaning's part of it, some rows at a time, as
    (first row, rows, rows).
    """
    from scipy.linalg.lapack import spotrf, strtri

    size = len(meaning)
    kernel = np.empty((size, size), np.float32, order="F")
    across = grams.T.tocsr()
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        of_meaning = meaning[start:stop] @ meaning.T
        alike = np.asarray((grams[start:stop] @ across).toarray() + of_meaning, np.float32)
        kernel[:, start:stop] = alike.T
        watch(start, alike, of_meaning)
    kernel[np.arange(size), np.arange(size)] += RIDGE
    factor, row = spotrf(kernel, lower=1, clean=1, overwrite_a=1)
    if row:
        raise ArithmeticError(f"the kernel is not positive definite at row {row}")
    inverse, _ = strtri(factor, lower=1, overwrite_c=1)
    return np.asarray(inverse)


def solve(
    inverse: Floats,
    grams: Matrix,
    meaning: Floats,
    target: Floats,
    together: Sequence[tuple[int, int]] = (),
) -> tuple[Weights, Scores, Scores]:
    """Return the leading rows' weights, and each row's scores when it is left out.

    The second scores leave out the rows start:stop in `together` at once: a whole class that was
    never heard of.
    """
    size = len(target)
    lower = inverse[:size, :size]
    dual = lower.T @ (lower @ target)
    spread = np.einsum("ij,ij->j", lower, lower)
    through = lower.T @ (lower @ meaning)
    weights = Weights(grams.T @ dual, meaning.T @ dual)
    step = dual / spread[:, None]
    own = np.einsum("ij,ij->i", meaning, through)
    heard = meaning @ weights.meaning
    alone = Scores(target - step, heard - step * own[:, None])
    total, of_meaning = alone.total.copy(), alone.of_meaning.copy()
    for start, stop in together:
        part = lower[start:, start:stop]
        shift = np.linalg.solve((part.T @ part).astype(np.float64), dual[start:stop])
        total[start:stop] = target[start:stop] - shift
        lost = (meaning[start:stop] @ through[start:stop].T).astype(np.float64) @ shift
        of_meaning[start:stop] = heard[start:stop] - lost
    return weights, alone, Scores(total, of_meaning)
