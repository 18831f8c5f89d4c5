"""What `eval` and `check --exam` print."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bot.dialogue import Handler
from bot.exam import overmatch, sitting, terminal
from bot.exam.report import Asked, Report
from bot.matching.understand import Understanding

Say = Callable[[str], None]


def evaluate_own(
    mind: Understanding,
    handlers: Sequence[Handler],
    echo: Say,
    *,
    list_misses: bool = False,
    as_json: bool = False,
) -> None:
    """Print the FAQ's own exam, both shares; misses and confusions are the calibrating one's."""
    shares = asyncio.run(sitting.ask_own(mind, handlers))
    reports = _reports(shares)
    if as_json:
        echo(json.dumps(terminal.as_json(reports, mind.model.answer_at), ensure_ascii=False))
        return
    terminal.show(reports, mind.model.answer_at, Console())
    if list_misses:
        _list(shares.calibrating, echo)


def evaluate_file(
    mind: Understanding,
    handlers: Sequence[Handler],
    file: Path,
    echo: Say,
    *,
    list_misses: bool = False,
    report: bool = False,
    as_json: bool = False,
) -> None:
    """Print the figures of a file as one JSON line, then what else was asked for."""
    asked = asyncio.run(sitting.ask_labelled(mind, handlers, sitting.read_labels(file)))
    echo(json.dumps(sitting.scored(asked), ensure_ascii=False))
    if list_misses:
        _list(asked, echo)
    if not report:
        return
    reports = {"file": Report.of(asked)}
    if as_json:
        echo(json.dumps(terminal.as_json(reports, mind.model.answer_at), ensure_ascii=False))
    else:
        terminal.show(reports, mind.model.answer_at, Console())


def examine(mind: Understanding, handlers: Sequence[Handler], folder: Path, echo: Say) -> int:
    """Print the exam's figures, must.yaml and the overmatch test; return the number of errors."""
    terminal.show_figures(_reports(asyncio.run(sitting.ask_own(mind, handlers))), Console())
    broken = asyncio.run(sitting.check_must(mind, handlers, folder))
    asked, stolen = asyncio.run(sitting.check_overmatch(mind, handlers, folder))
    problems = [*broken, *stolen]
    for problem in problems:
        echo(problem.announced)
    echo(
        f"抢答：每条抽最像别条的 {overmatch.EACH} 句，共 {asked} 句，"
        f"原样问一次、改一处再问一次；{len(stolen)} 句被别处接走"
    )
    wrong = sum(problem.level == "error" for problem in problems)
    echo(f"考试：{wrong} 处错误，{len(problems) - wrong} 处提醒")
    return wrong


def _reports(shares: sitting.Shares) -> dict[str, Report]:
    return {
        "calibrating": Report.of(shares.calibrating),
        "held_out": Report.of(shares.held_out, held_out=True),
    }


def _list(asked: Sequence[Asked], echo: Say) -> None:
    for line in sitting.misses(asked):
        echo(line)
