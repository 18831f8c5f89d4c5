"""faq/tests/*.jsonl: the FAQ's own exam, questions with the entries that rightly answer them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.faq.problem import Problem

EXAM_FOLDER = "tests"
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """One exam line."""

    text: str
    label: Mapping[str, Any]
    """The line as written: id, also, ids, crisis_ok, persona …"""

    @property
    def right(self) -> frozenset[str]:
        """Entries that answer it; none when it is nobody's here, or danger."""
        named = {self.label["id"], *self.label.get("also", ()), *self.label.get("ids", ())}
        return frozenset(named - {None, "crisis"})

    @property
    def danger(self) -> bool:
        return bool(self.label["id"] == "crisis")

    @property
    def single(self) -> bool:
        return not self.label.get("ids")

    @property
    def held_out(self) -> bool:
        """Whether it is only ever reported: a third of all lines, chosen by a hash of the text."""
        return hashlib.sha256(self.text.encode()).digest()[0] % _PARTS == 0


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
