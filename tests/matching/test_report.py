"""What stands without a phrase: the closed form against really training without it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from bot.faq.value import Faq
from bot.matching.features import Gallery
from bot.matching.model import RIDGE, Model
from bot.matching.report import LeftOut, Shares, by_entry, left_out, table, without
from bot.matching.understand import Kind, Reading, Understanding
from bot.model import Candidate

Doubles = npt.NDArray[np.float64]


def really_without(model: Model, row: int, asked: list[str]) -> tuple[Doubles, Doubles]:
    """Return the scores, and the likeness to each row left, after training without one row."""
    rows = [r for r in range(len(model.labels.of_row)) if r != row]
    utterances = [model.utterances[r] for r in rows]
    gallery = Gallery.of(utterances, model.gallery.features)
    kernel = gallery.compare(utterances).astype(np.float64)
    labels = model.labels.of_row[rows]
    target = np.zeros((len(rows), len(model.labels.names) + 1))
    target[np.arange(len(rows)), labels] = 1
    target[:, -1] = np.where(labels < model.labels.ours, 1, -1)
    weights = np.linalg.solve(kernel + RIDGE * np.eye(len(rows)), target)
    alike = gallery.compare(asked).astype(np.float64)
    return alike @ weights, alike


def test_the_closed_form_equals_training_without_each_row(model: Model) -> None:
    size = len(model.labels.of_row)
    kernel = model.gallery.compare(model.utterances[:size])[:, :size]
    inverse = np.linalg.inv(kernel.astype(np.float64) + RIDGE * np.eye(size)).astype(np.float32)
    for row in range(size):
        asked = [model.utterances[row], "初中住校补多少", "校车"]
        ignorant = without(model, row, inverse[row])
        alike = ignorant.gallery.similarity(asked)[:, :size]
        scores, likeness = really_without(model, row, asked)
        np.testing.assert_allclose(alike @ ignorant.weights, scores, atol=2e-4)
        np.testing.assert_allclose(np.delete(alike, row, axis=1), likeness, atol=1e-5)
        assert (alike[:, row] < 0).all(), "the row itself is like nothing"


def test_every_phrase_is_read_without_itself(faq: Faq, mind: Understanding) -> None:
    read = list(left_out(mind))
    assert [(one.entry, one.phrase) for one in read] == [
        (entry.id, phrase) for entry in faq.entries.values() for phrase in entry.phrases
    ]
    assert all(mind.read(one.phrase).confidence == 1 for one in read), "learned, it is exact"
    assert any(one.reading.confidence < 1 for one in read)
    assert any(not one.first for one in read)


def test_only_some_rows(mind: Understanding) -> None:
    wanted = "校车开得飞快,家长找谁".replace(",", "")
    row = mind.model.utterances.index(wanted)
    [one] = left_out(mind, [row])
    assert one.phrase == "校车开得飞快，家长找谁"


def judged(entry: str, kind: Kind, *ranked: str) -> LeftOut:
    answered = ranked[:1] if kind is Kind.ANSWER else ranked[:3] if kind is Kind.SUGGEST else ()
    candidates = tuple(Candidate(name, 0.5) for name in ranked)
    return LeftOut(entry, "说法", Reading(kind, tuple(answered), candidates=candidates))


@pytest.mark.parametrize(
    ("one", "first", "near", "reached", "wrong"),
    [
        (judged("a.a", Kind.ANSWER, "a.a", "b.b"), True, True, True, False),
        (judged("a.a", Kind.ANSWER, "b.b", "a.a"), False, True, False, True),
        (judged("a.a", Kind.SUGGEST, "b.b", "c.c", "a.a"), False, True, True, False),
        (judged("a.a", Kind.SUGGEST, "b.b", "c.c", "d.d", "a.a"), False, False, False, False),
        (judged("a.a", Kind.UNCLEAR, "a.a"), True, True, False, False),
        (judged("a.a", Kind.ELSEWHERE), False, False, False, False),
    ],
)
def test_what_counts_as_found(
    one: LeftOut, first: bool, near: bool, reached: bool, wrong: bool
) -> None:
    assert (one.first, one.near, one.reached, one.wrong) == (first, near, reached, wrong)


def test_the_worst_entry_comes_first() -> None:
    read = [
        judged("a.good", Kind.ANSWER, "a.good"),
        judged("a.bad", Kind.ANSWER, "a.good"),
        judged("a.bad", Kind.SUGGEST, "a.good", "a.bad"),
    ]
    shares = by_entry(read)
    assert shares == [
        Shares("a.bad", 2, near=0.5, reached=0.5, first=0.0, wrong=0.5),
        Shares("a.good", 1, near=1.0, reached=1.0, first=1.0, wrong=0.0),
    ]
    head, whole, *lines = table(read)
    assert "66.7" in whole
    assert [line.split()[-1] for line in lines] == ["a.bad", "a.good"]
    assert list(table([]))[1:] == ["  0.0    0.0    0.0    0.0      0  全部"]
