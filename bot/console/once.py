"""One rendered form acts once, however often its button is pressed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from bot.model import ActResult


class Once:
    """Remembers what the latest forms led to.

    A second press while the first is still running gets the same result, so that a parent never
    hears a reply twice and the browser shows the true outcome.
    """

    def __init__(self, keep: int = 500) -> None:
        self._keep = keep
        self._running: OrderedDict[bytes, asyncio.Task[ActResult]] = OrderedDict()

    async def do(self, work: Callable[[], Coroutine[Any, Any, ActResult]], *form: str) -> ActResult:
        """Return what became of the form; only work that succeeded is not done again.

        Raises what `work` raises.
        """
        key = sha256("\0".join(form).encode()).digest()
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(work())
            if len(self._running) > self._keep:
                self._running.popitem(last=False)
        try:
            result = await asyncio.shield(task)
        except Exception:
            self._running.pop(key, None)
            raise
        if result.error is not None:
            self._running.pop(key, None)
        return result
