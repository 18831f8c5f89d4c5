"""Places in the order of everything said: messages, replies, staff words, deliveries, notes."""

from __future__ import annotations

from bot.errors import StorageError
from bot.storage.sqlite import Work

_NEXT = "UPDATE counters SET value = value + 1 WHERE name = 'place' RETURNING value"


async def next_place(work: Work) -> int:
    """Return a place after all others, in the transaction that fills it."""
    row = await work.row(_NEXT)
    if row is None:
        raise StorageError("数据库里缺少计数器；请用最近的备份替换")
    return int(row["value"])
