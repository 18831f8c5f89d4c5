"""What staff are told about a decision: phrases, words, rules, danger, cuts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.matching.explain import why
from bot.matching.understand import Understanding


def told_of(entry: str, lines: Sequence[str]) -> str:
    """Return the line of a candidate."""
    [line] = [each for each in lines if re.match(rf"  \d\.\d\d {re.escape(entry)}（", each)]
    return line


def test_a_phrase_of_the_faq(mind: Understanding) -> None:
    head, danger, best, *_ = why(mind, "几岁能上小学")
    assert "一字不差" in head
    assert "起直接答" in head
    assert "危险：" in danger
    assert best.strip().startswith("1.00 enrollment.age")
    assert "最像的说法：几岁能上小学（100 分像）" in best


def test_the_best_is_held_against_the_thresholds_and_the_runner_up_against_the_best(
    mind: Understanding,
) -> None:
    text = "娃儿多大能读小学嘛"
    lines = why(mind, text)
    assert f"门槛：{mind.model.answer_at:.2f} 起直接答" in lines[0]
    best, second, *_ = mind.read(text).candidates
    reached = "够直接答" if best.score >= mind.model.answer_at else "只够请家长挑"
    assert reached in told_of(best.entry, lines)
    assert f"比第一条差 {best.score - second.score:.2f}" in told_of(second.entry, lines)
    sure = why(mind, "几岁能上小学")
    assert "够直接答" in told_of("enrollment.age", sure)
    lost = why(mind, "甲乙丙丁戊己庚辛")
    assert any("不够请家长挑" in line for line in lost)


def test_words_that_speak_for_an_entry_and_how_the_message_was_read(mind: Understanding) -> None:
    lines = why(mind, "请问孩子住在学校里，国家一年给多少呀？")
    assert any("读作：孩子住在学校里国家一年给多少" in line for line in lines)
    best = told_of("aid.boarder", lines)
    assert "像它的词：" in best


def test_a_key_term_that_speaks_against_an_entry(mind: Understanding) -> None:
    lines = why(mind, "走读生家里困难，孩子一年能领钱吗")
    boarder = told_of("aid.boarder", lines)
    assert "关键词相反" in boarder


def test_what_is_not_ours(mind: Understanding) -> None:
    lines = why(mind, "驾照到期怎么换呢")
    assert "别的部门" in lines[0]
    assert "别的部门的事" in lines[-1]


def test_danger_with_what_decided_it(mind: Understanding) -> None:
    head, by = why(mind, "娃儿不见了")
    assert "走失" in head
    assert "一字不差" in by
    long = "今天天气好，我们去逛街，买了衣服，还给他买了一双鞋子和一个书包，结果娃走丢了，急死人了"
    head, by = why(mind, long)
    assert "走失" in head
    assert "走丢了" in by


def test_two_questions_are_told_with_their_parts(mind: Understanding) -> None:
    lines = why(mind, "几岁能上小学？校车超载打什么电话？")
    [told] = [line for line in lines if "两问" in line]
    assert "分成两问" in told
    assert "enrollment.age" in told
    assert "safety.bus" in told


def test_nothing_said(mind: Understanding) -> None:
    assert "没有字" in why(mind, "。。。")[0]
