"""Folding, squeezing and cutting of what parents type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import clauses, fold, squeeze

TYPED = st.text(alphabet="孩子报名上学校，。？！；： \n…ＡＢ１２ab12()《》😩🙏'", max_size=80)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("隨遷子女", "随迁子女"),
        ("ＡＢＣ１２３", "abc123"),
        ("Baoming", "baoming"),
        ("報名？", "报名?"),
        ("①②", "12"),
        ("", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("typed", "squeezed"),
    [
        ("怎麼 報名？！😩", "怎么报名"),
        ("户口_在_外地", "户口在外地"),
        ("1 年 级", "1年级"),
        ("。。。？？", ""),
        ("😩🙏", ""),
        ("   \n\t", ""),
        ("", ""),
    ],
)
def test_squeeze(typed: str, squeezed: str) -> None:
    assert squeeze(typed) == squeezed


def test_clauses_end_at_marks_spaces_and_lines() -> None:
    assert clauses("我是外地的，怎么报名？要啥；急\n在线等…谢谢") == [
        "我是外地的",
        "怎么报名",
        "要啥",
        "急",
        "在线等",
        "谢谢",
    ]
    assert clauses("。。。 ？？") == []
    assert clauses("") == []


def test_clauses_can_keep_what_shows_a_question() -> None:
    assert clauses("怎么报名？？要啥", keep_ends=True) == ["怎么报名?", "要啥"]


def test_four_thousand_characters() -> None:
    long = "孩子差几天满六岁，能不能报名？" * 260
    assert len(squeeze(long)) == 13 * 260
    assert len(clauses(long)) == 2 * 260


@given(TYPED)
def test_squeezed_text_stays_as_it_is(typed: str) -> None:
    assert squeeze(squeeze(typed)) == squeeze(typed)


@given(TYPED)
def test_clauses_lose_nothing_but_marks(typed: str) -> None:
    for keep in (False, True):
        assert squeeze("".join(clauses(typed, keep_ends=keep))) == squeeze(typed)
