"""The figures of `eval`: by hand, and line by line those of score.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from exam_outputs import AGE, DAY, EVERY_PAIR, LABELS, OUTPUTS, PAPERS, label, output

from bot.evaluate import FIGURES, figures, judge

SCORE = Path(__file__).resolve().parents[3] / "shared" / "score.py"

DESK = """
import json, sys
outputs = json.load(open(sys.argv[1], encoding="utf-8"))
for line in sys.stdin:
    n = json.loads(line)["n"]
    print(json.dumps({**outputs[n], "n": n}), flush=True)
"""
"""Stands in for the desk: gives the output lines made by hand."""


def test_figures_counted_by_hand() -> None:
    asked = [
        (label("甲", AGE), output("answer", AGE, enrollment__age=0.9)),
        (label("乙", AGE), output("answer", DAY, AGE, aid__day=0.9, enrollment__age=0.8)),
        (label("丙", AGE), output("suggest", aid__day=0.5, enrollment__age=0.4)),
        (label("丁", AGE), output("fallback", enrollment__age=0.1)),
        (label("戊", None), output("answer", AGE, enrollment__age=0.6)),
        (label("己", None), output("elsewhere")),
        (label("庚", "crisis"), output("crisis")),
        (label("辛", AGE, ids=[AGE, PAPERS]), output("answer", AGE, enrollment__age=0.9)),
    ]
    assert figures(judge(*each) for each in asked) == {
        "answered_right": 25.0,
        "within_one_tap": 50.0,
        "top1": 50.0,
        "answered_wrong": 25.0,
        "answered_extra": 0.0,
        "gave_up": 25.0,
        "oos_answered": 50.0,
        "oos_suggested": 0.0,
        "oos_other": 0.0,
        "crisis_caught": 100.0,
        "false_crisis": 0.0,
        "multi_all": 0.0,
        "multi_any": 100.0,
        "multi_extra": 0.0,
        "n_in": 4,
        "n_oos": 2,
        "n_crisis": 1,
        "n_multi": 1,
    }


def test_every_figure_has_a_case_of_either_kind() -> None:
    """So that agreeing on these pairs means something."""
    cases = [judge(*each)[1] for each in EVERY_PAIR]
    for name in FIGURES:
        assert {case[name] for case in cases if name in case} == {True, False}, name


@pytest.mark.skipif(not SCORE.exists(), reason="score.py is not beside this folder")
def test_score_py_says_the_same_of_every_label_with_every_output(tmp_path: Path) -> None:
    assert len(EVERY_PAIR) == len(LABELS) * len(OUTPUTS)
    questions, outputs, desk = (tmp_path / n for n in ("questions.jsonl", "outputs", "desk.py"))
    rows = [{**asked, "pair": f"{n:03}"} for n, (asked, _) in enumerate(EVERY_PAIR)]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    outputs.write_text(json.dumps([out for _, out in EVERY_PAIR]), "utf-8")
    desk.write_text(DESK, "utf-8")
    done = subprocess.run(
        [sys.executable, SCORE, questions, "--by", "pair", "--", sys.executable, desk, outputs],
        capture_output=True,
        text=True,
        check=True,
    )
    whole, *each = done.stdout.splitlines()
    theirs = {k: v for k, v in json.loads(whole).items() if k[:3] != "ms_" and k != "start_s"}
    assert theirs == figures(judge(*pair) for pair in EVERY_PAIR)
    assert len(each) == len(EVERY_PAIR)
    for line, pair in zip(each, EVERY_PAIR, strict=True):
        assert json.loads(line.partition(" ")[2]) == figures([judge(*pair)]), pair
