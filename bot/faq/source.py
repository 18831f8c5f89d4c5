"""One file under faq/ → its model, with the place of everything in it and every problem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.faq.decode import decode
from bot.faq.problem import Level, Problem, in_order
from bot.faq.slips import mend
from bot.faq.wording import described, explain, resembling, syntax

__all__ = ["Problem", "Source", "read_source"]

M = TypeVar("M", bound=BaseModel)
M_co = TypeVar("M_co", bound=BaseModel, covariant=True)
Loc = tuple[int | str, ...]
"""Keys and 0-based list places from the top of a file, as pydantic gives them."""

_DEEPEST = 40
"""Levels of nesting; libyaml's composer overflows the C stack at some ten thousand."""
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Source(Generic[M_co]):
    """A file as read."""

    file: str
    model: M_co | None
    """None when the file is missing or does not fit its model."""
    root: yaml.Node | None
    problems: tuple[Problem, ...]

    def problem(
        self, loc: Loc, what: str, remedy: str, level: Level = "error", *, text_line: int = 0
    ) -> Problem:
        """Return a problem at that place; `text_line` counts lines within a `|` text."""
        line, column = self.place(loc)
        node = _find(self.root, loc)[-1]
        if line and isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            line, column = line + 1 + text_line, None
        return Problem(self.file, line, column, what, remedy, level)

    def place(self, loc: Loc) -> tuple[int | None, int | None]:
        """Return 1-based line and column of the deepest part of that place that exists."""
        node = _find(self.root, loc)[-1]
        if node is None:
            return None, None
        return node.start_mark.line + 1, node.start_mark.column + 1


def read_source(raw: bytes, file: str, model: type[M], *, loose: bool = False) -> Source[M]:
    """Return the file's model if it fits, and all problems at once; fails on no bytes at all.

    A file that is not ours may be as `loose` as YAML lets it: any scalar is text, lines may run
    on, and the entries may stand alone.
    """
    text, problems = decode(raw, file)
    text, slips = (text, []) if loose else mend(text, file)
    problems += slips
    try:
        root = _compose(text)
    except yaml.YAMLError as error:
        wrong = _syntax_problem(error, file)
        before = [slip.line or 0 for slip in slips if slip.level == "error"]
        if not before or min(before) > (wrong.line or 0):  # else it only follows from a slip
            problems.append(wrong)
        return Source(file, None, None, tuple(in_order(problems)))
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        empty = Problem(file, None, None, "文件是空的", "从备份或旧版本里恢复它的内容")
        return Source(file, None, None, tuple(in_order([*problems, empty])))
    if loose and isinstance(root, yaml.SequenceNode):
        root = _under("entries", root)
    data = _Builder(file, problems, loose).value(root)
    fitting: M | None = None
    try:
        fitting = model.model_validate(data)
    except ValidationError as invalid:
        shape: Source[M] = Source(file, None, root, ())
        problems += _explained(invalid, shape, model)
    return Source(file, fitting, root, tuple(in_order(problems)))


def _under(name: str, node: yaml.Node) -> yaml.Node:
    """Return a mapping with nothing but that node in it."""
    key = yaml.ScalarNode("tag:yaml.org,2002:str", name, node.start_mark, node.start_mark)
    return yaml.MappingNode("tag:yaml.org,2002:map", [(key, node)], node.start_mark, node.end_mark)


def _compose(text: str) -> yaml.Node | None:
    """Return the root node; refuses what could overflow the stack or make endless data."""
    depth, texts = 0, set()
    event: Any
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        mark: Any = event.start_mark
        if depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="too deep", problem_mark=mark)
        if isinstance(event, yaml.ScalarEvent) and event.anchor and event.value:
            texts.add(event.anchor)  # `&name "…"` and `*name` may repeat a text, nothing larger
        elif isinstance(event, yaml.NodeEvent) and event.anchor and event.anchor not in texts:
            raise yaml.MarkedYAMLError(problem="alias", problem_mark=mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem="a tag", problem_mark=mark)
    return yaml.CSafeLoader(text).get_single_node()


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    what, remedy = syntax(error)
    mark = getattr(error, "problem_mark", None)
    if "没有配对" in what and "缩进" not in what:
        mark = getattr(error, "context_mark", None) or mark
    if mark is None:
        return Problem(file, None, None, what, remedy)
    return Problem(file, mark.line + 1, mark.column + 1, what, remedy)


class _NotText:
    """Stands for a scalar that YAML does not read as text: fits no field but an integer's."""


@dataclass(slots=True)
class _Builder:
    """Turns nodes into what pydantic's strict mode takes: str, int, dict, tuple."""

    file: str
    problems: list[Problem]
    loose: bool = False

    def found(self, node: yaml.Node, what: str, remedy: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, what, remedy))

    def value(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.value(item) for item in node.value)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node)
        if self.loose:
            return node.value or None
        if not getattr(node, "style", None) and node.end_mark.line > node.start_mark.line:
            remedy = "要分行就在冒号后写 | 再换行；不分行就写在同一行；是下一项就和上一项对齐"
            self.found(node, "文字分了几行，会被连成一行", remedy)
        kind = node.tag.rpartition(":")[2]
        if kind in ("str", "value", "merge"):
            return node.value
        if kind == "null":
            return None
        if kind == "bool" and node.value in _BOOLEANS:
            return _BOOLEANS[node.value]
        if kind == "int" and _INTEGER.fullmatch(node.value):
            return int(node.value)
        return _NotText()

    def mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        seen: dict[str, int] = {}
        data: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.found(key, "名字的位置上写了列表或花括号", "整句两边加英文双引号")
                continue
            line = key.start_mark.line + 1
            if key.value in seen:
                self.found(
                    key,
                    f"“{key.value}”写了两次（第{seen[key.value]}行和第{line}行）",
                    "只留一处",
                )
            seen.setdefault(key.value, line)
            built = self.value(value)
            if built is not None:  # `related:` with nothing behind it is as good as not written
                data[key.value] = built
        return data


def _explained(invalid: ValidationError, source: Source[M], model: type[M]) -> list[Problem]:
    """Return pydantic's errors as problems, a misspelt name only once."""
    errors = invalid.errors(include_url=False)
    misspelt: set[Loc] = set()
    problems: list[Problem] = []
    for error in sorted(errors, key=lambda found: found["type"] == "missing"):
        loc: Loc = error["loc"]
        inside, name = loc[:-1], str(loc[-1]) if loc else ""
        known = list(described(model, inside).get("properties", {}))
        if error["type"] == "extra_forbidden":
            meant = resembling(name, known)
            if meant:
                misspelt.add((*inside, meant))
            remedy = f"是不是 {meant}？改过来" if meant else f"删掉；可写的有：{'、'.join(known)}"
            problems.append(_at_key(source, loc, f"不认识“{name}”这一项", remedy))
        elif error["type"] == "missing":
            if loc in misspelt:
                continue
            empty = _child(_find(source.root, inside)[-1], name) is not None
            what = f"{name} 还没有填" if empty else f"缺少 {name}"
            what = _whose(source, inside).removesuffix("的 ") + what
            about = described(model, loc).get("description")
            remedy = f"{'填上' if empty else '补上'} {name}" + (f"（{about}）" if about else "")
            problems.append(_at_key(source, loc, what, remedy))
        elif name == "[key]":
            what, remedy = explain(error, None, {})
            problems.append(_at_key(source, inside, f"名字“{inside[-1]}”{what}", remedy))
        else:
            path = _find(source.root, loc)
            what, remedy = explain(error, path[-1], described(model, loc))
            problems.append(source.problem(loc, f"{_whose(source, loc)}{what}", remedy))
    return problems


def _at_key(source: Source[M], loc: Loc, what: str, remedy: str) -> Problem:
    """Return a problem at a mapping's key, or at the mapping if it has no such key."""
    parent = _find(source.root, loc[:-1])[-1]
    key = _key(parent, loc[-1])
    mark = (key or parent or yaml.ScalarNode("", "")).start_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    return Problem(source.file, line, column, what, remedy)


def _whose(source: Source[M], loc: Loc) -> str:
    """Return words for a place: the entry it is in, the field, the item.

    An empty string is the top of the file.
    """
    words, node = "", source.root
    for part in loc:
        node = _child(node, part)
        name = next(iter(_scalars(node, "id")), None)
        if name is not None:
            words = f"{name} 的 "
        elif isinstance(part, int):
            words = f"{words.rstrip()} 第{part + 1}项"
        else:
            words += f"{part} "
    return words if words.endswith(" ") or not words else f"{words} "


def _find(root: yaml.Node | None, loc: Sequence[int | str]) -> list[yaml.Node | None]:
    """Return the nodes from the root towards a place, as far as they exist."""
    path: list[yaml.Node | None] = [root]
    for part in loc:
        child = _child(path[-1], part)
        if child is None:
            break
        path.append(child)
    return path


def _child(node: yaml.Node | None, part: int | str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((v for k, v in reversed(node.value) if getattr(k, "value", 0) == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _key(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    return next((key for key in reversed(keys) if key.value == part), None)


def _scalars(node: yaml.Node | None, name: str) -> list[str]:
    child = _child(node, name)
    return [child.value] if isinstance(child, yaml.ScalarNode) else []
