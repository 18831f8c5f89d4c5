"""The exam in the terminal, and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.exam.report import Bin, Confusion, Point, Report

_NAMES = {"calibrating": "校准用的三分之二", "held_out": "只报数的三分之一", "file": "这份考题"}
_MOST = 20
_BAR = 30
_LABELS = {
    "n_in": "本台的题",
    "answered_right": "　直接答对",
    "within_one_tap": "　答对，或选项里有",
    "top1": "　排第一的就对",
    "answered_wrong": "　答错",
    "answered_extra": "　多答了不该答的",
    "gave_up": "　没答也没给选项",
    "n_oos": "不归本台的题",
    "oos_answered": "　却答了",
    "oos_suggested": "　却给了选项",
    "oos_other": "　别的处理",
    "n_crisis": "危险的题",
    "crisis_caught": "　认出来",
    "false_crisis": "不危险却报了危险",
    "n_multi": "一次问几件的题",
    "multi_all": "　全答到",
    "multi_any": "　至少答到一件",
    "multi_extra": "　多答了不该答的",
}


def show_figures(shares: Mapping[str, Report], console: Console) -> None:
    """Print the figures, a column for each share."""
    table = Table(title="得分（每一类题里的百分比）", title_justify="left")
    table.add_column("")
    for name in shares:
        table.add_column(_NAMES[name], justify="right")
    for name, label in _LABELS.items():
        cells = [share.figures.get(name) for share in shares.values()]
        if any(cell is not None for cell in cells):
            table.add_row(label, *("—" if cell is None else str(cell) for cell in cells))
    console.print(table)


def show(shares: Mapping[str, Report], answer_at: float, console: Console) -> None:
    """Print everything."""
    show_figures(shares, console)
    for name, share in shares.items():
        console.print(f"\n{_NAMES[name]}：门槛定在哪里，会怎样（百分比；现在是 {answer_at:.2f}）")
        console.print(_curve(share.curve, answer_at))
    for name, share in shares.items():
        console.print(f"\n{_NAMES[name]}：有几分把握时，排第一的对不对（题数）")
        console.print(_histogram(share.histogram))
    for name, share in shares.items():
        if share.confusions:
            console.print(f"\n{_NAMES[name]}：最常弄混的")
            console.print(_confusions(share.confusions))


def as_json(shares: Mapping[str, Report], answer_at: float) -> dict[str, Any]:
    """Return the same for machines."""
    return {"answer_at": answer_at, **{name: asdict(share) for name, share in shares.items()}}


def _curve(curve: Sequence[Point], answer_at: float) -> Table:
    found = Table("门槛", "本台的题答对", "本台的题答错", "不归本台却答了")
    for point in curve:
        here = " ←" if point.answer_at <= answer_at < point.answer_at + 0.05 else ""
        figures = (point.right, point.wrong, point.oos)
        found.add_row(f"{point.answer_at:.2f}{here}", *(f"{figure:.1f}" for figure in figures))
    return found


def _histogram(histogram: Sequence[Bin]) -> Table:
    found = Table("把握", "对", "错", "不归本台", "")
    most = max((each.right + each.wrong + each.oos for each in histogram), default=0) or 1
    for each in histogram:
        counts = (each.right, each.wrong, each.oos)
        bar = "".join(
            mark * round(_BAR * count / most) for mark, count in zip("█▒░", counts, strict=True)
        )
        found.add_row(f"{each.low:.1f}–{each.low + 0.1:.1f}", *map(str, counts), bar)
    return found


def _confusions(confusions: Sequence[Confusion]) -> Table:
    found = Table(show_lines=True)
    found.add_column("应为 → 却是", overflow="fold")
    found.add_column("次", justify="right")
    found.add_column("如", overflow="fold")
    for each in confusions[:_MOST]:
        found.add_row(f"{each.expected}\n→ {each.given}", str(each.count), each.example)
    return found
