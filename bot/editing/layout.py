"""Where things stand in YAML text: which lines are a value's own, where its dash is. Pure.

Lines and columns count from 0.
"""

from __future__ import annotations

from typing import Any

import yaml

Loc = tuple[int | str, ...]


class NotSpliced(ValueError):
    """The text is not laid out so that this can be changed in place."""


def node_at(text: str, at: Loc) -> yaml.Node:
    """Return what stands at that place; raises NotSpliced when nothing does."""
    node: Any = yaml.compose(text, yaml.CSafeLoader)
    for part in at:
        if isinstance(node, yaml.MappingNode):
            node = next((v for k, v in node.value if k.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else None
        if node is None:
            raise NotSpliced(f"nothing at {at}")
    found: yaml.Node = node
    return found


def offset(lines: list[str], mark: Any) -> int:
    """Return how many characters stand before a mark."""
    return sum(len(line) + 1 for line in lines[: mark.line]) + int(mark.column)


def last_line(lines: list[str], node: yaml.Node, column: int) -> int:
    """Return the last line with content of a node that belongs to what begins in `column`."""
    if isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">"):
        return int(node.end_mark.line)
    if isinstance(node, yaml.ScalarNode):
        last = line = node.start_mark.line
        for line in range(last + 1, len(lines)):
            content = lines[line].strip()
            if content and len(lines[line]) - len(lines[line].lstrip(" ")) <= column:
                break
            last = line if content else last
        return int(last)
    if getattr(node, "flow_style", False) or not node.value:
        return int(node.end_mark.line)
    child = node.value[-1]
    if isinstance(child, tuple):
        return last_line(lines, child[1], child[0].start_mark.column)
    return last_line(lines, child, dash_column(lines, child))


def dash_column(lines: list[str], item: yaml.Node) -> int:
    """Return where the dash before an item stands; raises NotSpliced when it is a line above."""
    before = lines[item.start_mark.line][: item.start_mark.column]
    found = before.rfind("-")
    if found < 0:
        raise NotSpliced("no dash before the item")
    return found


def shared(node: yaml.SequenceNode) -> list[bool]:
    """Return for each item whether it only repeats a text written earlier."""
    places = [(n.start_mark.line, n.start_mark.column) for n in node.value]
    begin = (node.start_mark.line, node.start_mark.column)
    return [each < begin or places.count(each) > 1 for each in places]
