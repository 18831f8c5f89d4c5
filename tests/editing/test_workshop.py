"""What the workshop does beside the desk: one look at the exam at a time, the newest."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.editing.folder import FaqFolder
from bot.editing.history import History
from bot.editing.rehearsal import Rehearsal
from bot.editing.shelf import Shelf
from bot.editing.workshop import Workshop

SLOW_AT_FIRST = """
import pathlib, sys, time
marker = pathlib.Path(sys.argv[1])
if not marker.exists():
    marker.touch()
    time.sleep(600)
print('{"questions": [], "before": []}')
"""


async def test_an_exam_of_an_older_version_does_not_hold_the_newer_up(
    folder: FaqFolder, tmp_path: Path
) -> None:
    marker = tmp_path / "began"

    async def nothing() -> list[str]:
        return []

    workshop = Workshop(
        folder,
        History(folder.path, tmp_path / "journal"),
        Rehearsal(folder.path, tmp_path, [sys.executable, "-c", SLOW_AT_FIRST, str(marker)]),
        Shelf(tmp_path / "proposals"),
        tmp_path,
        nothing,
        lambda: datetime.now(UTC),
    )
    assert workshop.examined("one") is None
    while not marker.exists():
        await asyncio.sleep(0.02)
    async with asyncio.timeout(60):
        while workshop.examined("two") is None:
            await asyncio.sleep(0.02)
    assert workshop.examined("two") == []
