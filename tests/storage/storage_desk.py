"""What a storage test says in one line: a message, its handling, an inquiry."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.inquiry import move, open_inquiry
from bot.model import (
    Choice,
    ChoiceKind,
    Decision,
    Delivery,
    Inquiry,
    Media,
    Message,
    Reply,
    Status,
    Turn,
)
from bot.storage.store import Store

ROOT = Path(__file__).parents[2]
NOW = datetime.fromisoformat("2026-05-20T10:00:00+08:00")
WEEK = timedelta(days=7)
OFFERED = (
    Choice("寄宿生补助", ChoiceKind.ENTRY, "aid.boarder_subsidy"),
    Choice("都不是", ChoiceKind.COMMAND, "none"),
)


def message(
    text: str = "",
    message_id: str = "m1",
    *,
    user: str = "p1",
    at: datetime = NOW,
    pick: int | None = None,
    media: Media | None = None,
) -> Message:
    return Message("memory", user, message_id, text, at, pick, media)


async def handle(
    store: Store,
    said: Message,
    *replies: Reply,
    decision: Decision = Decision.ANSWER,
    about: str | None = None,
    new: bool = False,
) -> Turn:
    """Write the message down and finish it, in a new inquiry or about a known one."""
    assert await store.write_down(said) is None
    async with store.transaction() as transaction:
        session = await transaction.session(said.session_key, said.received_at - WEEK)
        inquiry, moves = await transaction.inquiry(about or ""), []
        if new:
            [number] = await transaction.peek_numbers(1)
            inquiry, opened = open_inquiry(
                number, said.session_key, said.received_at, why="新的事项"
            )
            moves = [opened]
            session = replace(
                session, current=number, inquiries=(*session.inquiries, inquiry), greeted=True
            )
        session = replace(session, choices=replies[-1].choices if replies else ())
        turn = Turn(said, decision, replies, (), 0.0, (), inquiry)
        await transaction.finish(turn, session, moves)
    return turn


async def raise_inquiry(
    store: Store,
    *path: Status,
    user: str = "p1",
    at: datetime = NOW,
    urgent: bool = False,
    owner: str = "王老师",
    words: str = "学校不给转学",
) -> Inquiry:
    """Open an inquiry by a message of that parent and lead it through these statuses."""
    unique = f"{user}-{len(await store.queue(limit=10_000))}"
    turn = await handle(store, message(words, unique, user=user, at=at), Reply("好的"), new=True)
    assert turn.inquiry is not None
    inquiry = replace(turn.inquiry, urgent=urgent)
    for status in path:
        inquiry, made = move(inquiry, status, at, who=owner, why="测试", owner=owner)
        async with store.transaction() as transaction:
            await transaction.save_inquiry(inquiry, [made])
    async with store.transaction() as transaction:
        await transaction.save_inquiry(inquiry, [])
    return inquiry


def delivery(inquiry: Inquiry, text: str, choices: Sequence[Choice] = ()) -> Delivery:
    return Delivery(0, inquiry.session_key, inquiry.number, text, NOW, tuple(choices))


def run_here(code: str, *arguments: object) -> tuple[list[str], dict[str, str]]:
    """Return command and environment that run this code in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"}
    return [sys.executable, "-c", code, *map(str, arguments)], environment
