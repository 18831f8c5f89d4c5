"""faq/schema.json is the schema of the code, and every file names its part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.faq.folder import FILES
from bot.faq.must import MUST
from bot.faq.schema_json import json_schema, modeline, rendered

FAQ = Path(__file__).parents[2] / "faq"


def test_the_file_equals_the_code() -> None:
    assert (FAQ / "schema.json").read_text("utf-8") == rendered(), (
        "改法：.venv/bin/python -m bot.faq.schema_json > faq/schema.json"
    )


@pytest.mark.parametrize("file", [*FILES, MUST])
def test_every_file_begins_with_its_modeline(file: str) -> None:
    path = FAQ / file
    if not path.exists():
        pytest.skip("not written yet")
    first = path.read_text("utf-8").partition("\n")[0]
    assert first == modeline(file)
    part = first.partition("#/")[2].split("/")
    assert json.loads((FAQ / "schema.json").read_text("utf-8"))[part[0]][part[1]]


def test_every_part_and_field_is_described_in_chinese() -> None:
    def beyond_ascii(described: dict[str, Any]) -> bool:
        return not described.get("description", "").isascii()

    for name, part in json_schema()["$defs"].items():
        assert beyond_ascii(part), name
        for field, about in part["properties"].items():
            if "description" in about:
                assert beyond_ascii(about), f"{name}.{field}"
