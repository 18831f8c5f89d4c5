"""Taking one change back out of a text that went on changing. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

_Hunk = tuple[int, int, list[str]]
"""Lines [begin, end) of the common ancestor, and what stands there instead."""


def merged(ancestor: str, ours: str, theirs: str) -> str | None:
    """Return the ancestor with both sides' changes, None where they touch each other.

    >>> merged("甲\\n乙\\n丙\\n丁\\n", "甲\\n乙\\n丙\\n丁2\\n", "甲1\\n乙\\n丙\\n丁\\n")
    '甲1\\n乙\\n丙\\n丁2\\n'
    >>> merged("甲\\n", "乙\\n", "丙\\n") is None
    True
    """
    base = ancestor.split("\n")
    mine, other = _hunks(base, ours.split("\n")), _hunks(base, theirs.split("\n"))
    for begin, end, lines in mine:
        for start, stop, instead in other:
            apart = end < start or stop < begin
            if not apart and (begin, end, lines) != (start, stop, instead):
                return None
    result = list(base)
    both = {(begin, end): lines for begin, end, lines in [*mine, *other]}
    for (begin, end), lines in sorted(both.items(), reverse=True):
        result[begin:end] = lines
    return "\n".join(result)


def _hunks(before: list[str], after: list[str]) -> list[_Hunk]:
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(i1, i2, after[j1:j2]) for kind, i1, i2, j1, j2 in codes if kind != "equal"]
