"""How well every entry is understood through the words it would still have: leave-one-out. Pure.

Each phrase is read by a model that has never learned it. Ridge has those models in closed form:
with G the inverse of the regularised kernel and W the weights, leaving row i out gives the weights
W - G[:, i] W[i] / G[i, i]. What a phrase still lends is its grams' place in the vocabulary and its
share in the calibration, both of which thousands of others make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from bot.faq.value import Faq
from bot.matching.features import Floats, Gallery
from bot.matching.model import RIDGE, Model
from bot.matching.understand import MOST_OFFERED, Kind, Reading, Understanding


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How one phrase of an entry was read without having been learned."""

    entry: str
    phrase: str
    reading: Reading

    @property
    def place(self) -> int | None:
        """Return the entry's 0-based place in the ranking, None beyond what is shown."""
        ranked = [candidate.entry for candidate in self.reading.candidates]
        return ranked.index(self.entry) if self.entry in ranked else None

    @property
    def first(self) -> bool:
        return self.place == 0

    @property
    def near(self) -> bool:
        """Return whether the entry is answered or among the first three."""
        answered = self.reading.kind is Kind.ANSWER and self.entry in self.reading.entries
        return answered or (self.place is not None and self.place < MOST_OFFERED)

    @property
    def reached(self) -> bool:
        """Return whether the parent sees the entry at once: answered, or offered."""
        shown = self.reading.kind in (Kind.ANSWER, Kind.SUGGEST)
        return shown and self.entry in self.reading.entries

    @property
    def wrong(self) -> bool:
        """Return whether only something else is answered."""
        return self.reading.kind is Kind.ANSWER and self.entry not in self.reading.entries


@dataclass(frozen=True, slots=True)
class Shares:
    """What became of an entry's phrases when each was left out, 0–1."""

    name: str
    phrases: int
    near: float
    """Answered or among the first three of the ranking."""
    reached: float
    """Answered or offered, as decided."""
    first: float
    wrong: float

    @classmethod
    def of(cls, name: str, read: Sequence[LeftOut]) -> Shares:
        size = max(1, len(read))
        return cls(
            name,
            len(read),
            sum(r.near for r in read) / size,
            sum(r.reached for r in read) / size,
            sum(r.first for r in read) / size,
            sum(r.wrong for r in read) / size,
        )


def left_out(mind: Understanding, rows: Sequence[int] | None = None) -> Iterator[LeftOut]:
    """Give every phrase of every entry, in file order, as read without it.

    With `rows`, only the phrases at these places of the training utterances. Takes some 10 ms a
    phrase, and memory for two square matrices over all training rows.
    """
    model = mind.model
    learned = model.utterances[: len(model.labels.of_row)]
    row_of = {text: row for row, text in enumerate(learned)}
    alike = model.gallery.compare(learned)
    inverse = _inverse(alike[:, : len(learned)].copy())
    wanted = None if rows is None else frozenset(rows)
    for entry, phrase in _phrases(mind.faq):
        plain = mind.wording.plain(phrase)
        row = row_of.get(plain)
        if row is None or (wanted is not None and row not in wanted):
            continue
        exact = {text: owner for text, owner in mind.exact.items() if text != plain}
        ignorant = without(model, row, inverse[row], {plain: alike[row]})
        blind = replace(mind, model=ignorant, exact=exact, exact_texts=tuple(exact))
        yield LeftOut(entry, phrase, blind.read(phrase))


def by_entry(read: Sequence[LeftOut]) -> list[Shares]:
    """Return the shares of each entry, the worst first."""
    groups: dict[str, list[LeftOut]] = {}
    for one in read:
        groups.setdefault(one.entry, []).append(one)
    shares = [Shares.of(entry, group) for entry, group in groups.items()]
    return sorted(shares, key=lambda s: (s.near, s.reached, s.first, s.name))


def table(read: Sequence[LeftOut]) -> Iterator[str]:
    """Give the lines of a table for people: the whole, then every entry, the worst first."""
    yield "前三  答或供选  第一  答错  句数  条目"
    for s in (Shares.of("全部", read), *by_entry(read)):
        figures = "  ".join(f"{100 * f:5.1f}" for f in (s.near, s.reached, s.first, s.wrong))
        yield f"{figures}  {s.phrases:5d}  {s.name}"


def without(
    model: Model, row: int, inverse_row: Floats, known: Mapping[str, Floats] | None = None
) -> Model:
    """Return the model that never learned one row, given that row of the kernel's inverse.

    `known` holds similarities that need not be computed again.
    """
    weights = model.weights - np.outer(inverse_row / inverse_row[row], model.weights[row])
    parts = {f.name: getattr(model.gallery, f.name) for f in fields(Gallery) if f.compare}
    blind = _Blind(**parts, _known=dict(known or {}), row=row)
    return replace(model, weights=weights, gallery=blind)


@dataclass(frozen=True)
class _Blind(Gallery):
    """A gallery whose one row is like nothing."""

    row: int = -1

    def similarity(self, utterances: Sequence[str]) -> Floats:
        alike = super().similarity(utterances)
        alike[:, self.row] = -1
        return alike


def _inverse(kernel: Floats) -> Floats:
    """Return the inverse of the regularised kernel; overwrites it."""
    from scipy.linalg import lapack

    size = len(kernel)
    kernel[np.arange(size), np.arange(size)] += RIDGE
    factor, _ = lapack.spotrf(kernel.T, lower=1, overwrite_a=1)
    half, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    lower: Floats = np.tril(half, -1)
    return lower + lower.T + np.diag(np.diag(half))


def _phrases(faq: Faq) -> Iterator[tuple[str, str]]:
    for entry in faq.entries.values():
        for phrase in entry.phrases:
            yield entry.id, phrase
