"""A small valid faq/ folder, and a way to break it."""

from __future__ import annotations

from pathlib import Path

import pytest
from faq_files import Break, write_faq


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A faq/ folder with nothing wrong, beside it docs/facts.md as in the project."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "facts.md").write_text("# 事实\n- E1 [law] 甲\n- W2 [national] 乙→12333\n", "utf-8")
    return write_faq(tmp_path)


@pytest.fixture
def breaks(folder: Path) -> Break:
    """Replace the first occurrence of a text in a file of the folder."""

    def replace(file: str, old: str, new: str) -> str:
        text = (folder / file).read_text("utf-8")
        assert old in text
        text = text.replace(old, new, 1)
        (folder / file).write_text(text, "utf-8")
        return text

    return replace
