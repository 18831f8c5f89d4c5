"""faq/tests/*.jsonl: the FAQ's own exam, questions with the entries that rightly answer them."""

from __future__ import annotations

import json
from pathlib import Path

from bot.faq.problem import Problem
from bot.faq.value import Labelled

EXAM_FOLDER = "tests"


def read_exam(folder: Path) -> tuple[tuple[Labelled, ...], list[Problem]]:
    """Return all exam lines under the FAQ folder, and what is wrong with the others."""
    found: list[Labelled] = []
    problems: list[Problem] = []
    for path in sorted((folder / EXAM_FOLDER).glob("*.jsonl")):
        name = f"{EXAM_FOLDER}/{path.name}"
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if not line.strip():
                continue
            try:
                label = json.loads(line)
                found.append(Labelled(str(label["text"]), {"id": None, **label}))
            except (ValueError, KeyError, TypeError):
                problems.append(
                    Problem(
                        name,
                        number,
                        None,
                        "这一行不是考题",
                        '写成 {"text": "问题", "id": "条目编号"}，一行一题',
                        "warning",
                    )
                )
    return tuple(found), problems
