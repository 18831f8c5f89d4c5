"""Asking the desk: labelled questions, the staff's own lines, the FAQ's own phrases."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import build
from bot.dialogue import Handler
from bot.errors import BotError
from bot.evaluate import Label, figures, judge, missed
from bot.exam import must, overmatch
from bot.exam.report import Asked
from bot.faq.folder import read_folder
from bot.faq.must import read_must
from bot.faq.problem import Problem
from bot.jsonl import ask_lines
from bot.matching.understand import Understanding


@dataclass(frozen=True, slots=True)
class Shares:
    """The FAQ's own exam, asked."""

    calibrating: list[Asked]
    """Two thirds, which thresholds may be computed from."""
    held_out: list[Asked]
    """One third, only ever reported."""


async def ask(
    mind: Understanding, handlers: Sequence[Handler], texts: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the output lines of `ask --jsonl`, one for each text."""
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    out = io.StringIO()
    async with build.throw_away_desk(mind, handlers) as desk:
        await ask_lines(desk, io.StringIO(lines), out, time.perf_counter)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def read_labels(file: Path) -> list[Label]:
    """Return the labelled questions of a file; raises BotError when it cannot be read."""
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
        labels: list[Label] = [{"id": None, **json.loads(line)} for line in lines]
        return [{**label, "text": str(label["text"])} for label in labels]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BotError(f"{file} 读不了：{error}") from error


async def ask_labelled(
    mind: Understanding, handlers: Sequence[Handler], labels: Sequence[Label]
) -> list[Asked]:
    """Return the questions with what each of them got."""
    outputs = await ask(mind, handlers, [label["text"] for label in labels])
    return list(zip(labels, outputs, strict=True))


async def ask_own(mind: Understanding, handlers: Sequence[Handler]) -> Shares:
    """Return the FAQ's own exam, asked and parted."""
    lines = mind.faq.exam
    asked = await ask_labelled(
        mind, handlers, [{**line.label, "text": line.text} for line in lines]
    )
    shares: dict[bool, list[Asked]] = {True: [], False: []}
    for line, each in zip(lines, asked, strict=True):
        shares[line.held_out].append(each)
    return Shares(shares[False], shares[True])


async def check_must(
    mind: Understanding, handlers: Sequence[Handler], folder: Path
) -> list[Problem]:
    """Return which lines of tests/must.yaml are not kept."""
    source = read_must(folder, mind.faq)
    if source.model is None:
        return list(source.problems)
    outputs = await ask(mind, handlers, must.texts(source.model))
    return list(must.failures(source, source.model, outputs))


async def check_overmatch(
    mind: Understanding, handlers: Sequence[Handler], folder: Path
) -> tuple[int, list[Problem]]:
    """Return how many of the entries' phrases were asked, and which something else answers."""
    published = [p for p in read_folder(folder).entry_phrases() if p.owner in mind.faq.entries]
    phrases = overmatch.sample(published)
    texts = [said.text for said in phrases]
    outputs = await ask(mind, handlers, [*texts, *map(overmatch.varied, texts)])
    own, changed = outputs[: len(texts)], outputs[len(texts) :]
    return len(phrases), list(overmatch.stolen(phrases, own, changed))


def scored(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the figures, and how long an answer took."""
    result: dict[str, Any] = figures(judge(label, output) for label, output in asked)
    took = sorted(output["took_ms"] for _, output in asked)
    if took:
        result["ms_p50"] = took[len(took) // 2]
        result["ms_p99"] = took[int(len(took) * 0.99)]
    return result


def misses(asked: Iterable[Asked]) -> list[str]:
    """Return what is worth looking at, a line each."""
    return [
        f"{label['text']} | 应为 {label.get('ids') or label['id']} | "
        f"{output['decision']} {output['entries']} "
        f"{[(c['entry'], round(c['score'], 2)) for c in output['candidates'][:3]]}"
        for label, output in asked
        if missed(judge(label, output)[1])
    ]
