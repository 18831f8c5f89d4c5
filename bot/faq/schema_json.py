"""One JSON schema for all of faq/, which gives completion and checks in editors.

Each YAML file names its part of it in its first line, as in
`# yaml-language-server: $schema=./schema.json#/$defs/TopicFile`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.faq.folder import FILES
from bot.faq.must import MUST
from bot.faq.schema import MustFile
from bot.faq.wording import PATTERNS

_ABOUT = {
    "TopicFile": "一个大类的全部条目",
    "Entry": "一条问答：家长怎么问，怎么答",
    "ElsewhereFile": "归别的部门办的事，和不必答的话",
    "Matter": "一件归别的部门办的事",
    "OffTopic": "一类不必答的话",
    "DangerFile": "什么是危险，什么只是听着吓人，该说什么",
    "DangerKind": "一类危险",
    "MessagesFile": "机器人自己说的每一句话",
    "LexiconFile": "家长的用词怎样对应到我们的用词",
    "LocalFile": "本区自己的电话、日期、网址",
    "LocalValue": "一个占位符",
    "HoursFile": "天数和值守时间",
    "MenuFile": "微信公众号底部的菜单",
    "MenuButton": "底部的一个按钮",
    "MenuItem": "点开后的一个按钮",
    "MustFile": "同事自己加的考题：一定要答对的，绝不能答错的，知道还答不对的",
    "MustLine": "一句话，和该由哪一条答",
    "MustNotLine": "一句话，和绝不能拿来答它的条目",
    "KnownFailure": "一句现在还答不对的话",
}


def json_schema() -> dict[str, Any]:
    """Return the schema; files and their parts stand under $defs."""
    models: list[type[BaseModel]] = list(dict.fromkeys([*FILES.values(), MustFile]))
    _, schema = models_json_schema([(model, "validation") for model in models])
    for name, part in schema["$defs"].items():
        part["description"] = _ABOUT[name]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "description": "faq/ 里各文件的写法；由 python -m bot.faq.schema_json 生成，不要手改",
        **{key: value for key, value in _plain(schema).items() if key != "title"},
    }


def modeline(file: str) -> str:
    """Return the first line of a file, by which editors find its schema.

    >>> modeline("aid.yaml")
    '# yaml-language-server: $schema=./schema.json#/$defs/TopicFile'
    >>> modeline("tests/must.yaml")
    '# yaml-language-server: $schema=../schema.json#/$defs/MustFile'
    """
    model = MustFile if file == MUST else FILES[file]
    up = "../" * file.count("/") or "./"
    return f"# yaml-language-server: $schema={up}schema.json#/$defs/{model.__name__}"


def rendered() -> str:
    """Return the text of faq/schema.json."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _plain(part: Any) -> Any:
    """Return the schema without pydantic's English titles, with Chinese words for patterns."""
    if isinstance(part, list):
        return [_plain(item) for item in part]
    if not isinstance(part, dict):
        return part
    plain = {
        key: {name: _plain(field) for name, field in value.items()}
        if key in ("properties", "$defs")
        else _plain(value)
        for key, value in part.items()
        if key != "title"
    }
    if "patternProperties" in plain:  # pydantic refuses other names too, but does not say so
        plain["additionalProperties"] = False
    if "pattern" in plain:
        plain["patternErrorMessage"] = PATTERNS[part["pattern"]]
    return plain


if __name__ == "__main__":
    import sys

    sys.stdout.write(rendered())
