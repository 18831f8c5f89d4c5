"""What `ask --why` adds to the matcher's own reasons."""

from __future__ import annotations

from exam_outputs import AGE, output

from bot.exam.why import explained

TITLES = {AGE: "几岁上学", "aid.day": "走读补助"}


def test_the_best_and_the_runner_up_are_held_against_the_thresholds() -> None:
    sure = output("answer", AGE, enrollment__age=0.9, aid__day=0.25)
    lines = explained(sure, TITLES, (0.7, 0.2), ["〔规则：把握够了〕"])
    assert lines[1] == "结果：enrollment.age"
    assert "enrollment.age（几岁上学），把握 0.90，够直接答" in lines[2]
    assert "0.70 起直接答，0.20 起请家长挑" in lines[3]
    assert "aid.day（走读补助），把握 0.25，差 0.65" in lines[4]
    assert lines[-1] == "〔规则：把握够了〕"


def test_what_is_not_ranked_has_the_matchers_reasons_alone() -> None:
    lines = explained(output("crisis"), TITLES, (0.7, 0.2), ["〔按危险处理：走失〕"])
    assert lines[1:] == ["结果：危险", "〔按危险处理：走失〕"]


def test_one_candidate_has_no_runner_up() -> None:
    lines = explained(output("fallback", enrollment__age=0.1), TITLES, (0.7, 0.2), [])
    assert "不够请家长挑" in lines[2]
    assert lines[-1] == "第二：没有"
