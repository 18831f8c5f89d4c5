"""A value as it is written in faq/: bare where it is read as itself, else quoted. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

import yaml

from bot.faq.schema import WEEKDAYS

Value = str | bool | int | tuple[str, ...] | None
"""None takes the field away."""

_NUMBERS = frozenset("0123456789-.: ")
"""What consists of these alone is put in quotes: dates, months, telephone numbers."""
_IN_ONE_LINE = ("facts", "related", *WEEKDAYS, "holidays", "workdays")
_IN_BLOCKS = ("answer", "reply")


def scalar(value: str | bool | int, indent: int, *, block: bool = False) -> str:
    """Return a value as it is written behind `name: `; `indent` is the name's column.

    >>> scalar("住校", 4), scalar("2025", 4), scalar("甲: 乙", 4), scalar(False, 4), scalar(7, 4)
    ('住校', '"2025"', '"甲: 乙"', 'false', '7')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if block or "\n" in value:
        pad = " " * (indent + 2)
        body = [f"{pad}{line.rstrip()}".rstrip() for line in value.strip("\n").split("\n")]
        return "\n".join(["|", *body])
    return value if _reads_as_itself(value) else json.dumps(value, ensure_ascii=False)


def field(name: str, value: Value, column: int) -> list[str]:
    """Return the lines of a field whose name stands in `column`; none for None and no items."""
    pad = " " * column
    if value is None:
        return []
    if isinstance(value, tuple):
        if name in _IN_ONE_LINE:
            return [f"{pad}{name}: {in_brackets(value)}"]
        items = (f"{pad}  - {scalar(item, column + 2)}" for item in value)
        return [f"{pad}{name}:", *"\n".join(items).split("\n")] if value else []
    return f"{pad}{name}: {scalar(value, column, block=name in _IN_BLOCKS)}".split("\n")


def in_brackets(items: Iterable[str]) -> str:
    """Return a list in one line.

    >>> in_brackets(["W2", "1, 2"])
    '[W2, "1, 2"]'
    """
    return f"[{', '.join(map(_in_list, items))}]"


def _in_list(item: str) -> str:
    safe = _reads_as_itself(item) and not set(item) & set(",[]{}\"'")
    return item if safe else json.dumps(item, ensure_ascii=False)


def _reads_as_itself(text: str) -> bool:
    """Return whether the bare text, behind a name and in a list, is read as this text."""
    if not text or text != text.strip() or "\n" in text or not set(text) - _NUMBERS:
        return False
    try:
        node = yaml.compose(f"- {text}\n- k: {text}\n", yaml.CSafeLoader)
    except yaml.YAMLError:
        return False
    if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
        return False
    item, mapping = node.value
    if not isinstance(mapping, yaml.MappingNode) or len(mapping.value) != 1:
        return False
    return all(
        isinstance(each, yaml.ScalarNode)
        and each.tag == "tag:yaml.org,2002:str"
        and each.value == text
        and not each.style
        for each in (item, mapping.value[0][1])
    )
