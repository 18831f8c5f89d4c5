"""Labelled questions judged: the figures that say how well parents are understood. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

FIGURES = (
    "answered_right",
    "within_one_tap",
    "top1",
    "answered_wrong",
    "answered_extra",
    "gave_up",
    "oos_answered",
    "oos_suggested",
    "oos_other",
    "crisis_caught",
    "false_crisis",
    "multi_all",
    "multi_any",
    "multi_extra",
)
_MISSES = frozenset(
    {
        "answered_wrong",
        "answered_extra",
        "gave_up",
        "oos_answered",
        "oos_other",
        "false_crisis",
        "multi_extra",
    }
)
_HITS = frozenset({"answered_right", "crisis_caught", "multi_all"})

Label = Mapping[str, Any]
Output = Mapping[str, Any]


def judge(label: Label, output: Output) -> tuple[str, dict[str, bool]]:
    """Return the kind of question and, for each figure that counts it, whether it is a case."""
    decision, entries = output["decision"], list(output["entries"])
    offered = [c["entry"] for c in output["candidates"]]
    good = {label["id"], *label.get("also", ())}
    if label["id"] == "crisis":
        return "crisis", {"crisis_caught": decision == "crisis"}
    alarm_fits = bool(label.get("crisis_ok"))
    alarm = decision == "crisis"
    false_crisis = alarm and not alarm_fits
    if label["id"] is None:
        answered = decision == "answer" and entries[0] not in good
        usual = ("answer", "suggest", "elsewhere", "fallback", "small_talk")
        return "oos", {
            "oos_answered": answered,
            "oos_suggested": decision == "suggest",
            "oos_other": decision not in usual,
            "false_crisis": false_crisis,
        }
    if label.get("ids"):
        wanted = set(label["ids"])
        said = set(entries) if decision == "answer" else set()
        saved = alarm and alarm_fits
        return "multi", {
            "multi_all": saved or wanted <= said,
            "multi_any": saved or bool(wanted & said),
            "multi_extra": bool(said - wanted),
            "false_crisis": false_crisis,
        }
    first_good = bool(entries) and entries[0] in good
    right = (decision == "answer" and first_good) or (alarm and alarm_fits)
    return "in", {
        "answered_right": right,
        "within_one_tap": right or (decision == "suggest" and bool(good & set(offered[:3]))),
        "top1": right or (bool(offered) and offered[0] in good),
        "answered_wrong": decision == "answer" and not first_good,
        "answered_extra": decision == "answer" and bool(set(entries[1:]) - good),
        "gave_up": decision not in ("answer", "suggest", "crisis"),
        "false_crisis": false_crisis,
    }


def figures(judged: Iterable[tuple[str, Mapping[str, bool]]]) -> dict[str, float]:
    """Return each figure in per cent of the questions of its kind, and how many there were."""
    counted: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for kind, cases in judged:
        counted[f"n_{kind}"] += 1
        for name, hit in cases.items():
            counted[name] += 1
            hits[name] += hit
    rates = {n: round(100 * hits[n] / counted[n], 1) for n in FIGURES if counted[n]}
    return rates | {n: c for n, c in counted.items() if n.startswith("n_")}


def missed(cases: Mapping[str, bool]) -> bool:
    """Return whether a question is worth looking at."""
    return any((hit and n in _MISSES) or (not hit and n in _HITS) for n, hit in cases.items())
