"""Training is deterministic and kept by content; a kept model is as good as a new one."""

from __future__ import annotations

import logging
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_faq import PHRASES, small_faq

from bot.faq.value import Faq
from bot.matching.model import Model
from bot.matching.training import kept, lessons, trained
from bot.matching.wording import Wording

ASKED = ["初中怎么报名", "住校补多少钱", "校车超载", "今天天气好", "换驾照", "喂"]


def arrays(value: Any, path: str = "") -> dict[str, np.ndarray[Any, Any]]:
    """Return every array and number of a model by its path in it."""
    if isinstance(value, np.ndarray):
        return {path: value}
    if isinstance(value, int | float):
        return {path: np.array(value)}
    if not is_dataclass(value):
        return {}
    found: dict[str, np.ndarray[Any, Any]] = {}
    for part in fields(value):
        if part.compare:
            found |= arrays(getattr(value, part.name), f"{path}.{part.name}")
    return found


def assert_same(one: Model, other: Model) -> None:
    left, right = arrays(one), arrays(other)
    assert left.keys() == right.keys()
    assert len(left) > 10
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name], err_msg=name)
    assert one.utterances == other.utterances
    assert one.rank(ASKED) == other.rank(ASKED)


def test_training_twice_gives_the_same(faq: Faq, model: Model) -> None:
    assert_same(model, trained(faq, None))


def test_every_utterance_is_told_apart_by_its_class(faq: Faq, wording: Wording) -> None:
    utterances, labels = lessons(faq, wording)
    rows = labels.of_row
    assert labels.names[: labels.ours] == tuple(faq.entries)
    assert list(rows) == sorted(rows), "rows are grouped by class"
    assert len(utterances) == len(labels.alarm_of_row) > len(rows), "further rows teach danger"
    for name, entry in faq.entries.items():
        own = [u for u, r in zip(utterances, rows, strict=False) if labels.names[r] == name]
        said = {wording.plain(t) for t in entry.sayings}
        assert set(own) == said


def test_a_kept_model_is_used_again(faq: Faq, model: Model, tmp_path: Path) -> None:
    assert kept(faq, tmp_path) is None
    assert_same(model, trained(faq, tmp_path))
    [file] = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    assert_same(model, trained(faq, tmp_path))
    assert file.stat().st_mtime_ns == written
    found = kept(faq, tmp_path)
    assert found
    assert_same(model, found)


@pytest.mark.parametrize("keep", [0, 1, 1000])
def test_a_damaged_model_is_trained_again(
    faq: Faq, model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture, keep: int
) -> None:
    trained(faq, tmp_path)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:keep])
    with caplog.at_level(logging.WARNING):
        assert_same(model, trained(faq, tmp_path))
    assert file.name in caplog.text
    assert file.stat().st_size == len(whole)


def test_without_a_folder_nothing_is_kept(
    faq: Faq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trained(faq, None)
    assert list(tmp_path.iterdir()) == []


def test_other_words_make_another_model(faq: Faq, model: Model, tmp_path: Path) -> None:
    more = {**PHRASES, "safety.bus": [*PHRASES["safety.bus"], "校车晚点了问哪个"]}
    trained(faq, tmp_path)
    other = small_faq(more)
    assert kept(other, tmp_path) is None
    assert len(trained(other, tmp_path).utterances) == len(model.utterances) + 1
    assert kept(faq, tmp_path)
    assert kept(other, tmp_path)


def test_only_the_newest_models_stay(tmp_path: Path) -> None:
    """The folder does not grow with every word that staff save."""
    faqs = []
    for turn in range(5):
        added = [f"第{n}辆校车来得太晚" for n in "一二三四五"[: turn + 1]]
        faqs.append(small_faq({**PHRASES, "safety.bus": [*PHRASES["safety.bus"], *added]}))
        trained(faqs[-1], tmp_path)
        for age, file in enumerate(sorted(tmp_path.iterdir(), key=lambda p: -p.stat().st_mtime)):
            os.utime(file, ns=(10**18 - age * 10**9, 10**18 - age * 10**9))
    assert [kept(faq, tmp_path) is not None for faq in faqs] == [False, False, True, True, True]
