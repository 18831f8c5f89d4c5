"""What the console needs from the rest of the desk, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from bot.model import Act, ActResult, Inquiry, Move
from bot.storage.records import HistoryItem, QueueItem


class Desk(Protocol):
    """The engine as staff see it."""

    async def queue(self, show: str) -> Sequence[QueueItem]:
        """Return all unresolved inquiries and those resolved lately, in any order."""
        ...

    async def inquiry(self, number: str) -> Inquiry | None: ...

    async def transcript(self, number: str) -> Sequence[HistoryItem]:
        """Return what was said in the inquiry, oldest first."""
        ...

    async def moves(self, number: str) -> Sequence[Move]:
        """Return the inquiry's history, oldest first."""
        ...

    async def act(self, who: str, number: str, act: Act, text: str = "") -> ActResult:
        """Do it and return what became of it; refused, nothing changes and `error` says why."""
        ...

    def entry_title(self, entry_id: str | None) -> str | None: ...

    def subscribe_inbox(self) -> AbstractContextManager[asyncio.Event]:
        """Return an event that is set whenever an inquiry changes; the reader clears it."""
        ...


class Accounts(Protocol):
    """Who may come in."""

    async def use_link(self, token: str, now: datetime) -> str | None:
        """Return the secret of a new session; None when the link is unknown, used or expired."""
        ...

    async def session_name(self, secret: str, now: datetime) -> str | None: ...

    async def end_session(self, secret: str) -> None: ...
