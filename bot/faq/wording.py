"""What pydantic and YAML found, said in Chinese with a remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel
from rapidfuzz import process

from bot.faq.schema import MEANING, MEANINGS

PATTERNS: Mapping[str, str] = {
    r"^[a-z_]+\.[a-z0-9_]+$": "写成 大类.名字，只用小写英文字母、数字和下划线，"
    "如 enrollment.timeline",
    r"^[a-z][a-z0-9_]*$": "只用小写英文字母、数字和下划线，字母开头，如 enroll_phone",
    r"^\d{4}(-(0[1-9]|1[0-2]))?$": '写成 "2025" 或 "2026-01"，加英文引号',
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$": '写成 "2027-03-01"，月、日各两位，加英文引号',
    r"^([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$": '写成 "09:00-12:00"，加英文引号',
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"(至\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$": '写成 "2027-01-01" 或 '
    '"2027-02-05至2027-02-11"，加英文引号',
    MEANING: f"写条目编号，如 enrollment.timeline，或者：{'、'.join(MEANINGS)}",
}
"""Every pattern of the schema → how to write what it wants."""

Words = tuple[str, str]
"""What is wrong, and the remedy."""

_QUOTE = "两边加英文双引号"
_SPECIAL = ("以 *、&、! 或 ? 开头的内容没有加引号", f"多打的就删掉，要保留就整句{_QUOTE}")
_TAGS: Mapping[str, str] = {
    "int": "数字",
    "float": "数字",
    "timestamp": "日期",
    "bool": "“是/否”",
}
_SYNTAX: Sequence[tuple[str, Words]] = (
    ("alias", _SPECIAL),
    ("scanning an anchor", _SPECIAL),
    ("a tag", _SPECIAL),
    ("mapping keys are not allowed", _SPECIAL),
    ("tab character", ("缩进用了制表符（Tab）", "行首只用英文半角空格")),
    ("directive", ("行首多了一个 %", "删掉它")),
    ("unexpected ':'", ("方括号列表里多了英文冒号", "删掉它，或者改成全角：")),
    ("too deep", ("嵌套太深，多半是括号或减号打多了", "删掉多余的括号或减号")),
    ("cannot start any token", ("这里的符号不能放在内容开头", f"整句{_QUOTE}")),
    ("mapping values are not allowed", ("这里多了一个英文冒号，或者上一行没写完",
                                        f"句子里的冒号改成全角：，或者整句{_QUOTE}")),
    ("block sequence entries", ("减号前面还有别的内容", "列表的每一项另起一行，以“- ”开头")),
    ("unexpected end of stream", ("引号没有配对", "在这一句末尾补上同样的英文引号")),
    ("unknown escape", ("双引号里的反斜杠 \\ 有特殊含义", "删掉反斜杠，或者外面改用单引号")),
    ("',' or ']'", ("方括号没有配对，或者少了逗号", "写成 [甲, 乙]，用英文方括号和英文逗号")),
    ("',' or '}'", ("花括号没有配对，或者内容以 { 开头", f"以 {{ 开头的内容整句{_QUOTE}")),
    ("comment or line break", ("竖线 | 后面还有别的字", "竖线后面直接换行，文字写在下面各行")),
    ("expected '-' indicator", ("缩进没对齐，和上面接不上",
                                "和同级的名字左对齐；列表的下一项以“- ”开头")),
    ("expected key", ("从这里起读不下去：缩进没对齐，或者引号没有配对",
                      "和同级的名字左对齐；上面一行的引号要成对")),
    ("could not find expected ':'", ("这一行没有冒号，读不出是哪一项", "写成“名字: 内容”")),
    ("another document", ("文件里有第二条 --- 线", "删掉它，一个文件只写一份")),
    ("document start", ("缩进没对齐，或者开头多了内容", "最外层的名字都从第1列写起")),
    ("node content", ("这里的符号不能放在内容开头", f"整句{_QUOTE}")),
)  # fmt: skip


def syntax(error: yaml.YAMLError) -> Words:
    """Return what a YAML syntax error means; the English text is not shown."""
    said = f"{getattr(error, 'problem', None) or error} {getattr(error, 'context', None)}"
    return next(
        (words for part, words in _SYNTAX if part in said),
        ("从这里起 YAML 读不懂", "对照上下几行的写法：缩进、英文冒号加空格、成对的英文引号"),
    )


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def described(model: type[BaseModel], loc: Sequence[int | str]) -> Mapping[str, Any]:
    """Return the part of a model's JSON schema that a place in its data obeys, {} if none."""
    schema = _schema(model)
    found: dict[str, Any] = schema
    for part in loc:
        if isinstance(part, int):
            found = found.get("items", {})
        elif part in found.get("properties", {}):
            found = found["properties"][part]
        else:
            named: dict[str, Any] = found.get("patternProperties", {})
            found = found.get("additionalProperties") or next(iter(named.values()), {})
            found = found if isinstance(found, dict) else {}
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].rpartition("/")[2]] | {
                key: value for key, value in found.items() if key != "$ref"
            }
        if "anyOf" in found:  # something, or nothing
            something = next(part for part in found["anyOf"] if part.get("type") != "null")
            found = {**found, **something}
    return found


def resembling(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that was probably meant.

    >>> resembling("anser", ["question", "answer"])
    'answer'
    """
    bare = name.strip(" “”‘’\"'").lower().replace("-", "_")
    best = process.extractOne(bare, known, score_cutoff=60)
    return best[0] if best else None


def explain(error: Mapping[str, Any], node: yaml.Node | None, schema: Mapping[str, Any]) -> Words:
    """Return what one pydantic error means; `node` and `schema` are those of its place."""
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "string_type":
            return _not_text(node)
        case "tuple_type":
            return _not_a_list(node)
        case "dict_type" | "model_type" | "model_attributes_type":
            wide = isinstance(node, yaml.ScalarNode) and "：" in node.value
            hint = "冒号改成英文冒号加一个空格：" if wide else ""
            return "这里要分行写“名字: 内容”", f"{hint}每行一个“名字: 内容”，比上一行多缩进两格"
        case "int_type" | "int_parsing" | "int_from_float":
            return "这里要一个整数", "只写数字，不加引号，不带单位，如 3"
        case "bool_type" | "bool_parsing":
            return "这里只能写 true 或 false", "写 true（是）或 false（否），小写，不加引号"
        case "greater_than_equal" | "less_than_equal":
            return "这个数不在范围里", f"填 {schema['minimum']} 到 {schema['maximum']} 之间的数"
        case "string_pattern_mismatch":
            return "写法不对", PATTERNS.get(context["pattern"], "照别处同样的项目写")
        case "string_too_short":
            return "是空的", "填上内容"
        case "string_too_long":
            actual, most = len(str(error["input"]).strip()), context["max_length"]
            return f"有{actual}个字，最多{most}个字", f"至少删去{actual - most}个字"
        case "too_short":
            actual, least = context["actual_length"], context["min_length"]
            return f"只有{actual}项，至少要{least}项", f"再补{least - actual}项"
        case "too_long":
            actual, most = context["actual_length"], context["max_length"]
            return f"有{actual}项，最多{most}项", f"删去{actual - most}项"
        case "literal_error" | "enum":
            allowed = schema.get("enum", [])
            meant = resembling(str(error["input"]), allowed)
            guess = f"是不是 {meant}？" if meant else ""
            return f"“{error['input']}”不在可选的几个里", f"{guess}可选：{'、'.join(allowed)}"
        case _:
            return "不合要求", schema.get("description") or "照别处同样的项目写"


def _not_text(node: yaml.Node | None) -> Words:
    match node:
        case yaml.MappingNode():
            return "句子里有英文冒号，被读成了“名字: 内容”", f"冒号改成全角：，或者整句{_QUOTE}"
        case yaml.SequenceNode():
            return "这里要一句话，却写成了列表", "写成一句话；以 [ 开头的句子两边加英文双引号"
        case yaml.ScalarNode(tag=tag, value=value):
            kind = tag.rpartition(":")[2]
            if kind == "null":
                return "这一项是空的", "填上内容，或者删掉这一行"
            if kind in _TAGS:
                return f"{value} 没有加引号，被读成了{_TAGS[kind]}", f'请加引号："{value}"'
    return "要写成一句话", f"整句{_QUOTE}"


def _not_a_list(node: yaml.Node | None) -> Words:
    what = "这里要一个列表"
    if isinstance(node, yaml.ScalarNode) and node.value[:1] in ("［", "【"):
        return what, "方括号改成英文的 [ ]，各项之间用英文逗号加空格"
    return what, "每一项另起一行，以“- ”（英文减号加空格）开头"
