"""New values into YAML text, every other byte as it was: comments, quotes, hand-made layout. Pure.

The nodes of the parsed text say where a value stands; only its own characters are replaced. What
cannot be done that way (a list in braces with comments in it, a repeated `&text`) goes through
ruamel's round trip, which keeps comments but lays the file out anew. Either way the result is
parsed again and must say exactly what was meant.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import yaml

from bot.editing.layout import Loc, NotSpliced, dash_column, last_line, node_at, offset, shared
from bot.editing.notation import Value, field, in_brackets, scalar


def set_fields(text: str, at: Loc, values: Mapping[str, Value], order: Sequence[str] = ()) -> str:
    """Return the YAML text with these fields of the mapping at `at` changed.

    A new field goes behind the nearest one before it in `order`. Raises NotSpliced when the text
    cannot be made to say so.
    """
    wanted = _changed(_data(text), at, values)
    try:
        result = text
        for name, value in values.items():
            result = _set(result, at, name, value, order)
        if _data(result) == wanted:
            return result
    except NotSpliced:
        pass
    result = _round_trip(text, at, values)
    if _data(result) != wanted:
        raise NotSpliced(str(at))
    return result


def append(text: str, at: Loc, item: Mapping[str, Value]) -> str:
    """Return the YAML text with one mapping more at the end of the block list at `at`."""
    node = node_at(text, at)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        raise NotSpliced(str(at))
    lines = text.split("\n")
    dash = dash_column(lines, node.value[-1])
    end = last_line(lines, node, dash) + 1
    fields = [line for name, value in item.items() for line in field(name, value, dash + 2)]
    fields[0] = f"{' ' * dash}- {fields[0].lstrip()}"
    result = "\n".join([*lines[:end], *fields, *lines[end:]])
    data = _data(text)
    _inside(data, at).append({name: _plain(v) for name, v in item.items() if v is not None})
    if _normal(_data(result)) != _normal(data):
        raise NotSpliced(str(at))
    return result


# ------------------------------------------------------------------------------- in place


def _set(text: str, at: Loc, name: str, value: Value, order: Sequence[str]) -> str:
    mapping = node_at(text, at)
    if not isinstance(mapping, yaml.MappingNode):
        raise NotSpliced(str(at))
    if at and not mapping.value:
        return text if value is None else _fill(text, at, mapping, name, value)
    if mapping.flow_style or not mapping.value:
        raise NotSpliced(str(at))
    keys = {key.value: (key, node) for key, node in mapping.value}
    lines = text.split("\n")
    column = mapping.value[0][0].start_mark.column
    if name not in keys:
        if value is None:
            return text
        before = [n for n in order[: order.index(name)] if n in keys] if name in order else []
        node = keys[before[-1]][1] if before else mapping.value[-1][1]
        end = last_line(lines, node, column) + 1
        return "\n".join([*lines[:end], *field(name, value, column), *lines[end:]])
    key, node = keys[name]
    if value is None:
        begin, end = key.start_mark.line, last_line(lines, node, column)
        if lines[begin][: key.start_mark.column].strip():  # first field, behind the dash
            raise NotSpliced(name)
        if len(keys) == 1 and at:
            lines[begin - 1 : begin] = [_emptied(lines[begin - 1], at)]
        return "\n".join([*lines[:begin], *lines[end + 1 :]])
    if isinstance(value, tuple):
        return _set_list(text, lines, key, node, value)
    if not isinstance(node, yaml.ScalarNode):
        raise NotSpliced(name)
    return _replace(lines, node, value, column)


def _fill(text: str, at: Loc, empty: yaml.Node, name: str, value: Value) -> str:
    """Return the text with a first field, on a line of its own, in place of `{}`."""
    lines = text.split("\n")
    begin, end = empty.start_mark, empty.end_mark
    if begin.line != end.line or end.column - begin.column < 2:
        raise NotSpliced(str(at))
    line = lines[begin.line]
    behind = line[end.column :]
    column = len(line) - len(line.lstrip(" ")) + 2
    head = line[: begin.column].rstrip() + (f" {behind}".rstrip() if behind.strip() else "")
    lines[begin.line : begin.line + 1] = [head, *field(name, value, column)]
    return "\n".join(lines)


def _emptied(line: str, at: Loc) -> str:
    """Return the line above a mapping's only field as it is without the field."""
    name, colon, behind = line.partition(":")
    if name.strip() != at[-1] or (behind.strip() and not behind.lstrip().startswith("#")):
        raise NotSpliced(str(at))
    return f"{name}{colon} {{}}{behind}"


def _set_list(
    text: str, lines: list[str], key: yaml.Node, node: yaml.Node, value: tuple[str, ...]
) -> str:
    if not isinstance(node, yaml.SequenceNode):
        raise NotSpliced("a list was expected")
    if node.flow_style:
        begin, end = offset(lines, node.start_mark), offset(lines, node.end_mark)
        if "#" in text[begin:end] or (any(node.value) and any(shared(node))):
            raise NotSpliced("comments inside")
        return f"{text[:begin]}{in_brackets(value)}{text[end:]}"
    if not value:
        begin, last = key.start_mark.line, last_line(lines, node, key.start_mark.column)
        return "\n".join(
            [*lines[:begin], f"{lines[begin].partition(':')[0]}: []", *lines[last + 1 :]]
        )
    old = [item.value if isinstance(item, yaml.ScalarNode) else None for item in node.value]
    if None in old or any(shared(node)):
        raise NotSpliced("items that are no plain text")
    dash = dash_column(lines, node.value[0])
    result = list(lines)
    changes = SequenceMatcher(None, old, list(value), autojunk=False).get_opcodes()
    for kind, i1, i2, j1, j2 in reversed(changes):
        if kind == "equal":
            continue
        paired = min(i2 - i1, j2 - j1)
        items = node.value
        begin = (
            last_line(lines, items[i1 + paired - 1], dash) + 1
            if i1 + paired
            else items[0].start_mark.line
        )
        fresh = [
            line
            for item in value[j1 + paired : j2]
            for line in f"{' ' * dash}- {scalar(item, dash)}".split("\n")
        ]
        gone = {
            line
            for item in items[i1 + paired : i2]
            for line in range(item.start_mark.line, last_line(lines, item, dash) + 1)
        }
        for line in sorted(gone, reverse=True):
            del result[line]
        result[begin:begin] = fresh
        for item, new in reversed(list(zip(items[i1 : i1 + paired], value[j1:j2], strict=False))):
            result = _replace(result, item, new, dash).split("\n")
    return "\n".join(result)


def _replace(lines: list[str], node: yaml.ScalarNode, value: str | bool | int, column: int) -> str:
    """Return the text with one scalar replaced; what stands behind it on its line stays."""
    text = "\n".join(lines)
    begin = offset(lines, node.start_mark)
    if node.style in ("|", ">"):
        first, last = node.start_mark.line, last_line(lines, node, column)
        if node.style == ">" or not isinstance(value, str):
            raise NotSpliced("folded text")
        head = lines[first]
        body = scalar(value, column, block=True).split("\n")[1:]
        return "\n".join([*lines[:first], head, *body, *lines[last + 1 :]])
    end = offset(lines, node.end_mark)
    written = scalar(value, column)
    behind = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    if "\n" in written and behind.strip():
        written = "|" + behind + written[1:]  # a comment may stand behind the |
        end += len(behind)
    if node.style in ("'", '"') and isinstance(value, str) and "\n" not in value:
        written = json.dumps(value, ensure_ascii=False)
    if begin and text[begin - 1] == ":":
        written = " " + written
    return text[:begin] + written + text[end:]


# ------------------------------------------------------------------------------- meaning


def _data(text: str) -> Any:
    return yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - texts alone, nothing is built


def _inside(data: Any, at: Loc) -> Any:
    for part in at:
        data = data[part]
    return data


def _plain(value: Value) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _normal(data: Any) -> Any:
    """Return the data with texts as the loader takes them: no white space around."""
    if isinstance(data, dict):
        return {key: _normal(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_normal(value) for value in data]
    return "\n".join(line.rstrip() for line in data.strip().split("\n"))


class _Same:
    """Compares equal to data that means the same."""

    def __init__(self, data: Any) -> None:
        self._data = _normal(data)

    def __eq__(self, other: object) -> bool:
        return bool(_normal(other) == self._data)

    __hash__ = None  # type: ignore[assignment]


def _changed(data: Any, at: Loc, values: Mapping[str, Value]) -> _Same:
    mapping = _inside(data, at)
    for name, value in values.items():
        if value is None:
            mapping.pop(name, None)
        else:
            mapping[name] = _plain(value)
    return _Same(data)


def _round_trip(text: str, at: Loc, values: Mapping[str, Value]) -> str:
    """Return the text changed by ruamel: comments and quotes kept, layout its own."""
    from ruamel.yaml import YAML

    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = 4096
    editor.indent(mapping=2, sequence=4, offset=2)
    data = editor.load(text)
    mapping = _inside(data, at)
    for name, value in values.items():
        if value is None:
            mapping.pop(name, None)
        else:
            mapping[name] = list(value) if isinstance(value, tuple) else value
    out = io.StringIO()
    editor.dump(data, out)
    return out.getvalue()
