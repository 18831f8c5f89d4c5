"""What a report says of hand-made output lines."""

from __future__ import annotations

import io
import json

from exam_outputs import AGE, DAY, EVERY_PAIR, PAPERS, label, output
from rich.console import Console

from bot.exam import terminal
from bot.exam.report import Bin, Confusion, Point, Report, confusions, curve, histogram

ASKED = [
    (label("甲", AGE), output("answer", AGE, enrollment__age=0.92, aid__day=0.1)),
    (label("乙", AGE), output("suggest", aid__day=0.52, enrollment__age=0.4)),
    (label("丙", AGE), output("answer", DAY, aid__day=0.72)),
    (label("丁", AGE), output("answer", DAY, aid__day=0.71)),
    (label("戊", None), output("answer", AGE, enrollment__age=0.55)),
    (label("己", None), output("elsewhere", enrollment__age=0.8)),
    (label("庚", "crisis"), output("fallback", aid__day=0.6)),
    (label("辛", AGE, ids=[AGE, PAPERS]), output("answer", DAY, aid__day=0.99)),
]


def test_the_curve_trades_right_answers_for_wrong_ones() -> None:
    at = {point.answer_at: point for point in curve(ASKED)}
    assert at[0.5] == Point(0.5, right=25.0, wrong=75.0, oos=50.0)
    assert at[0.55] == Point(0.55, right=25.0, wrong=50.0, oos=50.0)
    assert at[0.6] == Point(0.6, right=25.0, wrong=50.0, oos=0.0)
    assert at[0.75] == Point(0.75, right=25.0, wrong=0.0, oos=0.0)
    assert at[0.95] == Point(0.95, right=0.0, wrong=0.0, oos=0.0)


def test_what_is_taken_before_the_threshold_never_counts_as_answered() -> None:
    """Another office's matter stays so however low the threshold: its own chance was higher."""
    asked = [(label("己", None), output("elsewhere", enrollment__age=0.99))]
    assert {point.oos for point in curve(asked)} == {0.0}


def test_what_is_rightly_taken_for_danger_is_right_at_every_threshold() -> None:
    asked = [(label("甲", AGE, crisis_ok=True), output("crisis"))]
    assert {point.right for point in curve(asked)} == {100.0}
    asked = [(label("甲", AGE), output("crisis"))]
    assert {point.right for point in curve(asked)} == {0.0}


def test_a_higher_threshold_never_answers_more() -> None:
    for name in ("right", "wrong", "oos"):
        shares = [getattr(point, name) for point in curve(EVERY_PAIR)]
        assert shares == sorted(shares, reverse=True)


def test_the_histogram_counts_each_question_once_by_its_best_entry() -> None:
    bins = {each.low: each for each in histogram(ASKED)}
    assert bins[0.9] == Bin(0.9, right=1, wrong=0, oos=0)
    assert bins[0.7] == Bin(0.7, right=0, wrong=2, oos=0)
    assert bins[0.5] == Bin(0.5, right=0, wrong=1, oos=1)
    assert sum(b.right + b.wrong + b.oos for b in bins.values()) == 5


def test_a_chance_of_one_has_a_bin() -> None:
    [*_, last] = histogram([(label("甲", AGE), output("answer", AGE, enrollment__age=1.0))])
    assert last.right == 1


def test_confusions_are_counted_and_shown_by_one_question() -> None:
    assert confusions(ASKED) == [
        Confusion(AGE, DAY, 2, "丙"),
        Confusion("不归本台", AGE, 1, "戊"),
        Confusion("危险", "没听懂", 1, "庚"),
        Confusion(f"{AGE}、{PAPERS}", DAY, 1, "辛"),
    ]


def test_an_exam_of_nothing_is_a_report_too() -> None:
    empty = Report.of([])
    assert empty.figures == {}
    assert empty.confusions == ()
    terminal.show({"file": empty}, 0.5, Console(file=io.StringIO()))


def test_people_and_machines_read_the_same_figures() -> None:
    shares = {"calibrating": Report.of(ASKED), "held_out": Report.of(ASKED[:2])}
    out = io.StringIO()
    terminal.show(shares, 0.62, Console(file=out, width=120))
    shown = out.getvalue()
    row = next(line for line in shown.splitlines() if "直接答对" in line)
    assert "25.0" in row
    assert "50.0" in row
    assert "0.60 ←" in shown
    assert "丙" in shown
    read = json.loads(json.dumps(terminal.as_json(shares, 0.62)))
    assert read["held_out"]["figures"]["answered_right"] == 50.0
    assert read["calibrating"]["confusions"][0] == {
        "expected": AGE,
        "given": DAY,
        "count": 2,
        "example": "丙",
    }


def test_questions_held_out_are_never_shown() -> None:
    """Whoever sees them would mend the FAQ by them."""
    held_out = Report.of(
        [(label("留着别看", AGE), output("answer", DAY, aid__day=0.9))], held_out=True
    )
    out = io.StringIO()
    terminal.show({"calibrating": Report.of(ASKED), "held_out": held_out}, 0.6, Console(file=out))
    assert "留着别看" not in out.getvalue()
    assert "留着别看" not in json.dumps(
        terminal.as_json({"held_out": held_out}, 0.6), ensure_ascii=False
    )
