"""What a change does to the files, line by line, as staff read it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference."""

    kind: str
    """`gone`, `new`, `same` or `gap`."""
    text: str


def difference(texts: Mapping[str, tuple[bytes, bytes]]) -> dict[str, list[Line]]:
    """Return the changed lines of each file with two of their neighbours."""
    found = {}
    for file, (before, after) in texts.items():
        lines = unified_diff(_lines(before), _lines(after), lineterm="", n=2)
        found[file] = [_line(each) for each in lines if not each.startswith(("---", "+++"))]
    return found


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()


def _line(text: str) -> Line:
    if text.startswith("@@"):
        return Line("gap", "…")
    kind = {"-": "gone", "+": "new"}.get(text[:1], "same")
    return Line(kind, text[1:])
