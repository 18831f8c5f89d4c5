"""Parents' words brought to ours, and one message cut into its questions."""

from __future__ import annotations

import pytest

from bot.matching.wording import MOST_QUESTIONS, Wording


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("啷个生请", "怎么申请"),
        ("要啥子材料", "要什么材料"),  # the longest rewrite, not 什么子
        ("娃儿要好多錢", "孩子要多少钱"),
        ("请问老师，怎么报名嘛谢谢", "怎么报名"),
        ("老师打人", "打人"),
        ("找老师打听", "找老师打听"),  # empty words count at the ends only
        ("您好", "您好"),  # nothing else was said
        ("？？", ""),
    ],
)
def test_plain(wording: Wording, typed: str, plain: str) -> None:
    assert wording.plain(typed) == plain


def test_plain_words_stay_plain(wording: Wording) -> None:
    for text in ("啷个给娃儿报名嘛", "请问要好多钱", "老师您好谢谢"):
        assert wording.plain(wording.plain(text)) == wording.plain(text)


@pytest.mark.parametrize(
    ("said", "meant", "conflict"),
    [
        ("读初中怎么报", "小学报名", True),
        ("小升初怎么报", "一年级怎么报", True),
        ("初一怎么报", "初中报名", False),  # two words for one thing
        ("小学和初中怎么报", "小学报名", False),  # both named
        ("怎么报", "小学报名", False),  # none named
        ("小学报名", "怎么报", False),  # the entry is about both
        ("走读的补助", "寄宿补助", True),
        ("初中走读的补助", "初中寄宿补助", True),  # one group agrees, the other does not
    ],
)
def test_key_terms_that_must_agree(wording: Wording, said: str, meant: str, conflict: bool) -> None:
    assert wording.conflicts(said, wording.terms(meant)) is conflict


def test_earlier_words_take_over_the_key_term_said_now(wording: Wording) -> None:
    assert wording.agreeing("小学报名要什么", "初中呢") == "初中报名要什么"
    assert wording.agreeing("小学报名要什么", "要好久") == "小学报名要什么"
    assert wording.agreeing("小学报名要什么", "小学和初中呢") == "小学报名要什么"


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("几岁能上小学？要什么材料？", ["几岁能上小学?", "要什么材料?"]),
        ("几岁能上小学另外要什么材料", ["几岁能上小学", "另外要什么材料"]),
        (
            "我们是外地的，几岁能上小学，还有要什么材料",
            ["我们是外地的几岁能上小学", "还有要什么材料"],
        ),
        ("几岁能上小学，要什么材料，很急", ["几岁能上小学", "要什么材料很急"]),
    ],
)
def test_several_questions(wording: Wording, typed: str, parts: list[str]) -> None:
    assert wording.questions(typed) == parts


@pytest.mark.parametrize(
    "typed",
    ["几岁能上小学？", "孩子在学校摔了，我很急。", "几岁能上小学？几岁能上小学？", "", "？？？"],
)
def test_no_more_than_one_question(wording: Wording, typed: str) -> None:
    assert wording.questions(typed) == []


def test_no_more_questions_than_can_be_answered(wording: Wording) -> None:
    typed = "".join(f"第{n}件怎么办？" for n in range(30))
    assert len(wording.questions(typed)) == MOST_QUESTIONS


@pytest.mark.parametrize("typed", ["那要什么材料", "双胞胎呢？", "如果是外地的"])
def test_follow_ups(wording: Wording, typed: str) -> None:
    assert wording.follows(typed)


def test_what_follows_nothing(wording: Wording) -> None:
    assert not wording.follows("几岁能上小学")
