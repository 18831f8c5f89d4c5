"""Why a question was taken so, in Chinese, for staff. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.evaluate import Output
from bot.exam.report import given


def explained(
    output: Output,
    titles: Mapping[str, str],
    thresholds: tuple[float, float],
    reasons: Sequence[str],
) -> list[str]:
    """Return what was decided, how sure, who came second, then the matcher's own reasons.

    `thresholds` are answer_at and ask_at, `reasons` what `Understanding.why` says.
    """
    answer_at, ask_at = thresholds
    lines = ["—— 为什么 ——", f"结果：{given(output)}"]
    ranked: list[dict[str, Any]] = list(output["candidates"])
    if ranked:
        first, *rest = ranked
        lines += [
            f"最像：{_named(first, titles)}，{_place(first, answer_at, ask_at)}",
            f"门槛：{answer_at:.2f} 起直接答，{ask_at:.2f} 起请家长挑",
        ]
        if rest:
            ahead = first["score"] - rest[0]["score"]
            lines.append(f"第二：{_named(rest[0], titles)}，差 {ahead:.2f}")
        else:
            lines.append("第二：没有")
    return [*lines, *reasons]


def _named(candidate: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    entry = candidate["entry"]
    return f"{entry}（{titles.get(entry, '')}），把握 {candidate['score']:.2f}"


def _place(candidate: Mapping[str, Any], answer_at: float, ask_at: float) -> str:
    if candidate["score"] >= answer_at:
        return "够直接答"
    return "只够请家长挑" if candidate["score"] >= ask_at else "不够请家长挑"
