"""Labelled questions and output lines as `ask --jsonl` writes them, made by hand."""

from __future__ import annotations

import itertools
from typing import Any

from bot.exam.report import Asked

AGE, PAPERS, DAY = "enrollment.age", "enrollment.papers", "aid.day"


def label(text: str, entry: str | None, **more: Any) -> dict[str, Any]:
    return {"text": text, "id": entry, **more}


def output(decision: str, *entries: str, **scores: float) -> dict[str, Any]:
    """Return a line with that decision; `scores` are candidates, `__` standing for the dot."""
    candidates = [{"entry": n.replace("__", "."), "score": s} for n, s in scores.items()]
    return {
        "decision": decision,
        "entry": entries[0] if entries else None,
        "entries": list(entries),
        "candidates": candidates,
        "took_ms": 1.0,
    }


LABELS = (
    label("几岁", AGE),
    label("几岁，或者要啥", AGE, also=[PAPERS]),
    label("六岁没满就打人", AGE, crisis_ok=True),
    label("红烧肉", None),
    label("红烧肉，勉强算", None, also=[PAPERS]),
    label("不想活了", "crisis"),
    label("几岁，要啥", AGE, ids=[AGE, PAPERS]),
    label("几岁，要啥，还有刀", AGE, ids=[AGE, PAPERS], crisis_ok=True),
)
OUTPUTS = (
    output("answer", AGE, enrollment__age=0.9, aid__day=0.2),
    output("answer", PAPERS, enrollment__papers=0.7, enrollment__age=0.6),
    output("answer", AGE, PAPERS, enrollment__age=0.8, enrollment__papers=0.8),
    output("answer", PAPERS, AGE, DAY, enrollment__papers=0.9, enrollment__age=0.8, aid__day=0.7),
    output("answer", DAY, aid__day=0.95),
    output("suggest", enrollment__papers=0.5, enrollment__age=0.4),
    output("suggest", aid__day=0.5, enrollment__papers=0.4),
    output("elsewhere", enrollment__age=0.3),
    output("fallback", enrollment__age=0.1),
    output("fallback"),
    output("crisis"),
    output("crisis", AGE),
    output("small_talk"),
    output("handoff"),
    output("command"),
)
EVERY_PAIR: list[Asked] = list(itertools.product(LABELS, OUTPUTS))
