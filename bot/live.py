"""A saved FAQ is live in seconds; a broken one leaves the old one serving and says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from watchfiles import awatch

from bot.errors import FaqError
from bot.faq import load
from bot.matching.training import trained
from bot.matching.understand import Understanding

log = logging.getLogger(__name__)

_DEBOUNCE_MS = 300


async def watch(
    folder: Path,
    cache: Path,
    mind: Callable[[], Understanding],
    replace_mind: Callable[[Understanding], None],
    stop: asyncio.Event,
    say: Callable[[str], None] = print,
) -> None:
    """Serve every good state of the folder until `stop` is set.

    New words count at once, under the old model; the retrained one follows when it is ready.
    """
    # Learning takes its time; the next save must not wait for it.
    learning: set[asyncio.Task[None]] = set()
    async for _ in awatch(folder, debounce=_DEBOUNCE_MS, step=50, stop_event=stop):
        task = asyncio.create_task(take_over(folder, cache, mind, replace_mind, say))
        learning.add(task)
        task.add_done_callback(learning.discard)
    await asyncio.gather(*learning)


async def take_over(
    folder: Path,
    cache: Path,
    mind: Callable[[], Understanding],
    replace_mind: Callable[[Understanding], None],
    say: Callable[[str], None],
) -> None:
    """Load what the folder holds now, if it is fit to serve."""
    try:
        faq = await asyncio.to_thread(load, folder)
    except FaqError as error:
        say(f"FAQ 有错，先用原来的那一版：\n{error}")
        return
    old = mind()
    if faq.version == old.faq.version:
        return
    replace_mind(Understanding.of(faq, old.model))
    say(f"FAQ 已更新到 {faq.version}，新的字句已生效，正在重新学习说法……")
    try:
        model = await asyncio.to_thread(trained, faq, cache)
    except Exception:
        log.exception("training failed; the earlier model goes on serving")
        say("重新学习没有成功，先用原来学会的；请把日志交给技术人员")
        return
    if mind().faq.version == faq.version:
        replace_mind(Understanding.of(faq, model))
        say(f"FAQ {faq.version} 的说法已学会")
