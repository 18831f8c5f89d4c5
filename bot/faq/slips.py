"""Slips of the keyboard that Notepad, WPS and Chinese input methods leave in YAML.

YAML's own message for these names a later line or nothing at all, so they are looked for line by
line before parsing. Each is mended in the text handed on: the rest of the file is still checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.faq import schema
from bot.faq.problem import Level, Problem

_ODD = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_INDENT = re.compile(rf"[ \t\u200b{_ODD}]*")
_UNSEEN = re.compile("[\u00a0\u200b\u2060\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DASH = re.compile(rf"(?:-(?P<gap>[ \t{_ODD}]*)|(?P<odd>[－—–−•●·])[ \t{_ODD}]*)(?=\S)")
_KEY = re.compile(
    rf"(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t{_ODD}]*(?P<colon>[:：﹕∶])(?P<gap>[ \t{_ODD}]*)"
)
_ANY_KEY = re.compile(r"(?P<name>[^\s:#'\"\[\]{}][^:#]*?|(['\"]).*?\2)(?P<colon>:)(?P<gap>\s+|$)")
_WIDE_KEY = re.compile(
    rf"(?P<name>[^\s:：\"'#\[{{]{{1,16}})(?P<colon>[:：])(?P<gap>[{_ODD}]*)(?=\S)"
)
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(#.*)?$")
_WRAPPED = re.compile(r"[“”‘’＂＇]([^“”‘’＂＇\"']*)[“”‘’＂＇\"']")
_REPEATED = re.compile(r"""&[a-z]\w* +("[^"\\]+"|'[^']+')|\*[a-z]\w*""", re.ASCII)
"""A text marked to be repeated, or its repetition."""
_RIGHT_QUOTES = "“”‘’＂＇"
_NAMES = frozenset(
    name
    for part in vars(schema).values()
    if isinstance(part, type) and issubclass(part, schema.Part)
    for name in part.model_fields
)
_BLANKS = {
    "\t": "制表符（Tab）",
    "\u3000": "全角空格",
    "\u00a0": "不间断空格（从网页或 WPS 复制来的）",
}


class _After(Enum):
    """What the line before was, as far as the next one depends on it."""

    KEY = auto()
    BLOCK = auto()
    OTHER = auto()


@dataclass(slots=True)
class _Scan:
    file: str
    lines: list[str]
    problems: list[Problem] = field(default_factory=list)
    number: int = 0
    """0-based number of the line being looked at."""
    after: _After = _After.OTHER
    key_name: str = ""
    key_column: int = 0
    """Column of the last key: its siblings stand there too."""
    block: int | None = None
    """Column of the key whose `|` text we are inside, if any."""
    block_indent: int | None = None
    """Indentation of that text, once its first line was seen."""
    quote: str | None = None
    """The quote that a scalar over several lines waits for."""
    indents: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Blanks wrongly used as indentation: lines and columns, 0-based."""

    def found(self, column: int, what: str, remedy: str, level: Level = "error") -> None:
        self.problems.append(Problem(self.file, self.number + 1, column + 1, what, remedy, level))

    def mend(self) -> None:
        for number, line in enumerate(self.lines):
            self.number = number
            self.lines[number] = self.line(line)
        for blank, places in self.indents.items():
            self.number, column = places[0]
            lines = len({number for number, _ in places})
            self.found(
                column,
                f"行首的缩进用了{_BLANKS.get(blank, '特殊空格')}"
                + (f"，这个文件里共{lines}行" if lines > 1 else ""),
                "行首只用英文半角空格，每深一层两个；编辑器里可设“用空格代替 Tab”",
            )

    def line(self, line: str) -> str:
        """Return the line as it was meant."""
        indent = _INDENT.match(line)
        space = indent[0] if indent else ""
        body = line[len(space) :].rstrip(" \t")
        if not body:
            return ""
        plain = len(space) - len(space.lstrip(" "))
        if self.block is not None and (text := self.block_line(line, space, body, plain)):
            return text
        if self.quote:
            if self.quote in body:
                self.quote = None
            return line
        if plain < len(space):
            space = self.indentation(space, plain)
        if body.startswith("＃"):
            self.found(len(space), "注释的井号是全角的＃", "改成英文的 #，后面空一格")
            return f"{space}# {body[1:]}"
        if body.startswith(("#", "---", "...", "%YAML")):
            return space + body
        if self.after is _After.BLOCK and not _ANY_KEY.match(body) and not _looks_like_item(body):
            self.found(len(space), "这一行缩进不够，掉到了上面那段文字外面", "和上面那段文字对齐")
            self.block, self.after = self.key_column, _After.KEY
            return " " * (self.block_indent or self.key_column + 2) + body
        return self.structure(space, body)

    def block_line(self, line: str, space: str, body: str, plain: int) -> str | None:
        """Return a line of the `|` text we are inside, or None: that text has ended."""
        block = self.block or 0
        if body.startswith("#") and plain < (self.block_indent or 0):
            return line
        if plain > block if self.block_indent is None else plain >= self.block_indent:
            self.block_indent = plain if self.block_indent is None else self.block_indent
            self.unseen(line, len(space))
            return line
        if plain < len(space):
            width = len(self.indentation(space, plain))
        elif self.block_indent and block < plain:
            self.found(plain, "这一行比同一段文字的其他行缩进少", "和上面那一行对齐")
            width = plain
        else:
            width = 0
        if width > block or (plain < len(space) and not _looks_like_item(body)):
            self.block_indent = self.block_indent or block + 2
            return " " * self.block_indent + body
        self.block, self.after = None, _After.BLOCK
        return None

    def indentation(self, space: str, plain: int) -> str:
        """Note blanks that YAML does not take as indentation; return what was meant."""
        self.indents.setdefault(space[plain], []).append((self.number, plain))
        return "".join("  " if char in "\t\u3000" else " " for char in space if char != "\u200b")

    def structure(self, space: str, body: str) -> str:
        """Return a line outside of longer text: dashes, a key, a value."""
        done, dashed = space, False
        while dash := _DASH.match(body):
            dashed, at = True, len(done)
            if dash["odd"]:
                self.found(at, f"列表符号用了“{dash['odd']}”", "改成英文减号加一个空格：“- ”")
            elif not dash["gap"]:
                self.found(at, "减号后面少了空格", "列表的每一项写成“- 内容”，减号后空一格")
            elif dash["gap"].strip(" \t"):
                self.found(at + 1, "减号后面不是普通空格", "删掉，改用一个英文半角空格")
            gap = dash["gap"] if dash["gap"] and not dash["gap"].strip(" \t") else " "
            done, body = f"{done}-{gap}", body[dash.end() :]
        column = len(done)
        if key := self.key(body, column, dashed):
            self.key_name, self.key_column, self.after = key[0], column, _After.KEY
            done, body = f"{done}{key[0]}:{key[1]}", key[2]
        else:
            self.after = _After.OTHER
            column = done.rindex("-") if dashed else column
        if body in ("｜", "︱", "丨"):
            self.found(len(done), f"竖线“{body}”是全角的", "改成英文的 |")
            body = "|"
        if _BLOCK.match(body):
            self.block, self.block_indent = column, None
            return done + body
        return done + self.value(body, len(done))

    def key(self, body: str, column: int, dashed: bool) -> tuple[str, str, str] | None:
        """Return a key, the blanks after its colon and its value, or None; mended."""
        found = _KEY.match(body)
        if not found or not _is_key(found, dashed):
            found = _ANY_KEY.match(body)
            if found and dashed and not found["name"].isascii():
                return None  # a sentence with a colon in a list: `value` says so
        if not found and not dashed and self.after is _After.KEY:
            sibling = column == self.key_column or self.key_name == "rewrite"
            found = _WIDE_KEY.match(body) if sibling else None
        if not found:
            return None
        name, value = found["name"], body[found.end("gap") :]
        at, gap = column + found.start("colon"), found["gap"]
        if found["colon"] != ":":
            self.found(at, f"“{name}”后面的冒号是全角的", f"改成英文冒号加一个空格：“{name}: ”")
        elif value and not gap:
            self.found(at, f"“{name}:”后面少了空格", f"冒号后空一格：“{name}: ”")
        elif gap.strip(" \t"):
            self.found(at + 1, f"“{name}:”后面不是普通空格", "删掉，改用一个英文半角空格")
        good = gap and not gap.strip(" \t") and found["colon"] == ":"
        return name, gap if good or not value else " ", value

    def value(self, value: str, column: int) -> str:
        """Return what stands after a key or a dash, quoted as it was meant."""
        self.unseen(value, 0, column)
        if value[:1] in ('"', "'"):
            return self.quoted(value, column)
        if _WRAPPED.fullmatch(value):
            self.found(
                column,
                f"{value} 两边的引号不是英文引号",
                f'改成 "{value[1:-1]}"；要是想让家长看到引号，就在外面再加一层英文引号',
            )
            return _single(value[1:-1])
        if _REPEATED.fullmatch(value):
            return value
        if value.startswith("{{") or value[:1] in ("@", "`", "%", "*", "&", "!"):
            start = "{{" if value.startswith("{{") else value[0]
            self.found(column, f"以“{start}”开头的内容没有加引号", "整句两边加英文双引号")
            return _single(value)
        if value.startswith("[") and "，" in re.sub(r"([\"']).*?\1", "", value):
            self.found(
                column + value.index("，"), "方括号列表里用了全角逗号", "改成英文逗号加一个空格"
            )
            return value.replace("，", ", ")
        if value[:1] in ("", "[", "{", "#"):
            return value
        text = re.split(r"\s#", value)[0]
        if colon := re.search(r":(\s|$)", text):
            self.found(
                column + colon.start(),
                "句子里有英文冒号，YAML 会把前面当成名字",
                "改成全角：，或者整句两边加英文双引号",
            )
            return _single(value)
        if value[len(text) + 2 :].strip("# ") and value[len(text) + 2] not in " #":
            self.found(
                column + len(text) + 1,
                "空格加 # 后面的字会被当成注释丢掉",
                "要保留这些字，就整句两边加英文双引号",
                "warning",
            )
        return value

    def quoted(self, value: str, column: int) -> str:
        mark = value[0]
        whole = re.match(r'"(?:[^"\\]|\\.)*"' if mark == '"' else r"'(?:[^']|'')*'", value)
        if whole:
            rest = value[whole.end() :].strip()
            if not rest or rest.startswith(("#", ":")):
                return value
            self.found(
                column + whole.end(), "引号只包住了半句", "引号要包住整句；句子里的引号改成“”"
            )
            return _single(value)
        inner = value[1:-1]
        if value[-1] in _RIGHT_QUOTES and inner.count("“") == inner.count("”"):
            self.found(
                column + len(value) - 1, f"右边的引号“{value[-1]}”不是英文引号", f"改成 {mark}"
            )
            return _single(inner)
        following = next((text for text in self.lines[self.number + 1 :] if text.strip()), "")
        if not following or _looks_like_item(following.strip()):
            self.found(column, f"引号 {mark} 没有配对", f"在这一句末尾补上 {mark}")
            return _single(value[1:])
        self.quote = mark
        return value

    def unseen(self, text: str, start: int, column: int = 0) -> None:
        if found := _UNSEEN.search(text, start):
            self.found(
                column + found.start(),
                f"有{_BLANKS.get(found[0], '看不见的字符')}（U+{ord(found[0]):04X}）",
                "删掉它，需要空格就打一个英文半角空格",
                "warning",
            )


def mend(text: str, file: str) -> tuple[str, list[Problem]]:
    """Return the text with every known slip mended, and the slips; lines keep their numbers."""
    scan = _Scan(file, text.split("\n"))
    scan.mend()
    return "\n".join(scan.lines), scan.problems


def _is_key(found: re.Match[str], dashed: bool) -> bool:
    """Say whether a word and a colon are a key, not the beginning of a sentence."""
    name, rest = found["name"], found.string[found.end() :]
    if found["colon"] == ":" and (not rest or (found["gap"] and not found["gap"].strip(" \t"))):
        return True
    return name in _NAMES or (not dashed and name == name.lower() and not rest.startswith("//"))


def _looks_like_item(body: str) -> bool:
    key = _KEY.match(body)
    return bool(_DASH.match(body)) or bool(key and _is_key(key, dashed=False))


def _single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
