"""What stands without a phrase: the closed form against really training without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.faq.value import Faq
from bot.matching.learning import Lesson, learn
from bot.matching.report import by_entry, left_out, table
from bot.matching.training import examples, lesson, lessons, sounds
from bot.matching.wording import Wording


@pytest.fixture(scope="module")
def learned(faq: Faq) -> Lesson:
    return lesson(faq)


@pytest.mark.parametrize("row", [0, 13, 30, 61])
def test_the_closed_form_agrees_with_training_without_the_row(
    faq: Faq, learned: Lesson, row: int
) -> None:
    wording = Wording.of(faq.lexicon)
    utterances, labels = lessons(faq, wording)
    rest = [text for at, text in enumerate(utterances) if at != row]
    fewer = replace(
        labels,
        of_row=np.delete(labels.of_row, row),
        alarm_of_row=np.delete(labels.alarm_of_row, row),
        undecided=np.delete(labels.undecided, row),
    )
    trained = learn(rest, fewer, sounds(), examples(faq, wording, labels)).model
    really = trained.hearing.hear([utterances[row]]).scores[0]
    closed = learned.left_out.scores[row]
    # The vocabulary of the one has the row's grams, that of the other has not.
    assert np.abs(really - closed).max() < 0.1
    assert np.corrcoef(really, closed)[0, 1] > 0.95


def test_every_utterance_of_every_entry_is_listed_worst_entry_first(
    faq: Faq, learned: Lesson
) -> None:
    read = left_out(faq, learned)
    labels = learned.model.hearing.labels
    assert len(read) == int((labels.of_row < labels.ours).sum())
    shares = by_entry(read)
    assert [s.near for s in shares] == sorted(s.near for s in shares)
    assert {s.name for s in shares} == set(labels.names[: labels.ours])
    assert sum(s.utterances for s in shares) == len(read)
    assert len(list(table(read))) == 2 + len(shares)


def test_left_out_is_harder_than_learned(faq: Faq, learned: Lesson) -> None:
    read = left_out(faq, learned)
    model = learned.model
    known = model.rank([one.utterance for one in read])
    best = [max(chances, key=lambda n: chances[n]) for chances in known]
    right = sum(name == one.entry for name, one in zip(best, read, strict=True))
    assert right > sum(one.first for one in read)
