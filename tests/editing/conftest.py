"""The small valid faq/ folder of tests/faq, in staff's hands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "faq"))

from faq_files import OTHERS, topic_file

from bot.editing.folder import FaqFolder
from bot.faq.folder import TOPICS
from bot.faq.schema_json import modeline


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A faq/ folder with nothing wrong."""
    faq = tmp_path / "faq"
    faq.mkdir()
    for topic, mark in zip(TOPICS, ("入学", "安全", "资助", "特教", "通用"), strict=True):
        (faq / f"{topic}.yaml").write_text(topic_file(topic, mark), "utf-8")
    for file, text in OTHERS.items():
        (faq / file).write_text(f"{modeline(file)}\n{text}", "utf-8")
    return faq


@pytest.fixture
def folder(path: Path) -> FaqFolder:
    return FaqFolder(path)
