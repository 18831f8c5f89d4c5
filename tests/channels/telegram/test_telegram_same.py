"""What is said in Telegram is decided as it is in `chat`: whole conversations, played through both.

The desk's own conversations must also come to what stands in them; the measured ones, where they
are, only to the same in both.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telegram_desk import ROOT, Clock, bot_api, open_talk, running, until

pytest.register_assert_rewrite("telegram_talk")
from telegram_talk import SameTalk, TelegramTalk  # noqa: E402
from test_conversations import SCRIPTS as OWN  # noqa: E402
from test_conversations import Play  # noqa: E402

SHARED = ROOT.parent / "shared" / "conversations-dev.jsonl"


def measured() -> dict[str, list[dict[str, Any]]]:
    """Return name → input lines."""
    if not SHARED.exists():
        return {}
    scripts = [json.loads(line) for line in SHARED.read_text("utf-8").splitlines() if line.strip()]
    return {script["name"]: [turn["in"] for turn in script["turns"]] for script in scripts}


def _sendable(turns: list[dict[str, Any]]) -> bool:
    """Return whether Telegram would carry it all: no empty message, no button before /start."""
    return "pick" not in turns[0] and all(
        str(turn["parent"]).strip() for turn in turns if "parent" in turn
    )


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[SameTalk]:
    """Lend a line that speaks to a desk by Telegram and to another one by `chat`."""
    async with (
        bot_api() as api,
        running(api.url, folder / "telegram.sqlite3", clock=Clock()) as desk,
        open_talk(folder / "chat.sqlite3") as chat,
    ):
        await until(lambda: desk.channel.state == "polling")
        yield SameTalk(TelegramTalk(api, desk), chat)


@pytest.mark.parametrize("name", [name for name, turns in OWN.items() if _sendable(turns)])
async def test_the_desks_own_conversations(name: str, tmp_path: Path) -> None:
    async with both(tmp_path) as talk:
        play = Play(talk)  # type: ignore[arg-type]
        for turn in OWN[name]:
            await play.turn(turn)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/conversations-dev.jsonl is not here")
@pytest.mark.parametrize("name", measured())
async def test_the_measured_conversations(name: str, tmp_path: Path) -> None:
    async with both(tmp_path) as talk:
        for given in measured()[name]:
            await talk.line(**given)
