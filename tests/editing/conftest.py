"""The small valid faq/ folder of tests/faq, in staff's hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.editing.folder import FaqFolder
from tests.faq.faq_files import write_faq


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_faq(tmp_path)


@pytest.fixture
def folder(path: Path) -> FaqFolder:
    return FaqFolder(path)
