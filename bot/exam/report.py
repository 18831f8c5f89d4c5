"""Judged questions summed up: figures, thresholds, confusions, how sure we were. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.evaluate import Label, Output, figures, judge
from bot.faq.schema import MEANINGS

Asked = tuple[Label, Output]
"""A labelled question, and the output line it got."""

NOBODY = "不归本台"
_SAID = {decision: meaning for meaning, decision in MEANINGS.items()}
_BY_SCORE = ("answer", "suggest", "fallback")
"""Decisions in which the threshold has a say; elsewhere, danger and commands are taken before."""
_STEPS = 20
_BINS = 10


@dataclass(frozen=True, slots=True)
class Point:
    """What parents would get if everything from this chance on were answered, in per cent."""

    answer_at: float
    right: float
    """Of the questions in scope."""
    wrong: float
    """Of the questions in scope."""
    oos: float
    """Of the questions out of scope: answered all the same."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """What was asked for, and what was given instead."""

    expected: str
    given: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions by the chance of their best entry, from `low` to a tenth more."""

    low: float
    right: int
    wrong: int
    oos: int


@dataclass(frozen=True, slots=True)
class Report:
    """One share of the exam."""

    figures: Mapping[str, float]
    curve: tuple[Point, ...]
    confusions: tuple[Confusion, ...]
    """The most frequent first; none of questions held out, which nobody is to mend the FAQ by."""
    histogram: tuple[Bin, ...]

    @classmethod
    def of(cls, asked: Sequence[Asked], *, held_out: bool = False) -> Report:
        return cls(
            figures(judge(label, output) for label, output in asked),
            tuple(curve(asked)),
            () if held_out else tuple(confusions(asked)),
            tuple(histogram(asked)),
        )


def curve(asked: Sequence[Asked]) -> list[Point]:
    """Return what each threshold, in steps of a twentieth, makes of questions asked singly.

    Those rightly taken for danger are right at every threshold.
    """
    saved = sum(
        output["decision"] == "crisis" and judge(label, output)[1].get("answered_right", False)
        for label, output in asked
    )
    ranked = list(_ranked(asked))
    inside = [(score, right) for score, right in ranked if right is not None]
    outside = [score for score, right in ranked if right is None]
    points = []
    for step in range(1, _STEPS):
        at = step / _STEPS
        points.append(
            Point(
                at,
                _percent(
                    saved + sum(score >= at and right for score, right in inside), len(inside)
                ),
                _percent(sum(score >= at and not right for score, right in inside), len(inside)),
                _percent(sum(score >= at for score in outside), len(outside)),
            )
        )
    return points


def histogram(asked: Iterable[Asked]) -> list[Bin]:
    """Return how often the best entry is right, in tenths of its chance."""
    counted: Counter[tuple[int, bool | None]] = Counter()
    for score, right in _ranked(asked):
        if score > 0:
            counted[min(int(score * _BINS), _BINS - 1), right] += 1
    return [
        Bin(n / _BINS, counted[n, True], counted[n, False], counted[n, None]) for n in range(_BINS)
    ]


def confusions(asked: Iterable[Asked]) -> list[Confusion]:
    """Return what was neither answered right nor offered, with the first question of each kind."""
    examples: dict[tuple[str, str], str] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for label, output in asked:
        kind, cases = judge(label, output)
        match kind:
            case "in":
                found = not cases["within_one_tap"]
            case "oos":
                found = cases["oos_answered"] or cases["false_crisis"]
            case "crisis":
                found = not cases["crisis_caught"]
            case _:
                found = not cases["multi_any"]
        if found:
            pair = expected(label), given(output)
            counted[pair] += 1
            examples.setdefault(pair, label["text"])
    return [Confusion(*pair, count, examples[pair]) for pair, count in counted.most_common()]


def expected(label: Label) -> str:
    """Return the label in the words of staff."""
    if label.get("ids"):
        return "、".join(label["ids"])
    if label["id"] is None:
        return NOBODY
    name = str(label["id"])
    return _SAID.get(name, name)


def given(output: Output) -> str:
    """Return what came in the words of staff: the entry answered, or the first one offered.

    >>> given({"decision": "suggest", "entries": [], "candidates": [{"entry": "aid.card"}]})
    '请家长挑（先列 aid.card）'
    """
    decision = str(output["decision"])
    if decision == "answer":
        return "、".join(output["entries"])
    said = _SAID.get(decision, decision)
    if decision == "suggest":
        return f"{said}（先列 {output['candidates'][0]['entry']}）"
    return said


def _ranked(asked: Iterable[Asked]) -> Iterable[tuple[float, bool | None]]:
    """Give chance and rightness (None: out of scope) of the best entry, 0 where none can answer."""
    for label, output in asked:
        if label["id"] == "crisis" or label.get("ids"):
            continue
        best: Mapping[str, Any] = next(iter(output["candidates"]), {"entry": None, "score": 0.0})
        score = float(best["score"]) if output["decision"] in _BY_SCORE else 0.0
        right = best["entry"] in {label["id"], *label.get("also", ())}
        yield score, None if label["id"] is None else right


def _percent(hits: int, cases: int) -> float:
    return round(100 * hits / cases, 1) if cases else 0.0
