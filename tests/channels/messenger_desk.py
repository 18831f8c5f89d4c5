"""What the Telegram and WeChat tests share: a clock, the loops beside a channel, the process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from bot.engine import Desk
from bot.messengers import Messenger, send_what_is_said
from bot.model import CHONGQING
from bot.outbox import Outbox
from tests.desk import ROOT, environment, free_port

AGE = "几岁能上小学"


class Clock:
    """Real time, but for what a test adds or fixes."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return (self.fixed or datetime.now(CHONGQING)) + self.ahead


def begin(desk: Desk, outbox: Outbox, channel: Messenger) -> list[asyncio.Task[None]]:
    """Start what runs beside a messenger's channel."""
    return [
        asyncio.create_task(outbox.run()),
        asyncio.create_task(send_what_is_said(desk, outbox)),
        asyncio.create_task(channel.run()),
    ]


async def end(tasks: list[asyncio.Task[None]], channel: Messenger) -> None:
    """Stop it as the server does."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await channel.close()


@asynccontextmanager
async def process(
    folder: Path, **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Lend the real `run_bot.py` and its address; killed at the end, as by a power cut."""
    settings = {"BOT_PORT": str(free_port()), "PYTHONUNBUFFERED": "1", **settings}
    with (folder / "output").open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "run_bot.py"),
            cwd=folder,
            env=environment(folder / "data", **settings),
            stdout=output,
            stderr=output,
        )
    try:
        yield running, f"http://127.0.0.1:{settings['BOT_PORT']}"
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def health(url: str, channel: str, wanted: str) -> None:
    """Return when /healthz says so of the channel."""
    said = ""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for _ in range(600):
            try:
                said = (await client.get(f"{url}/healthz")).json()["channels"][channel]
                if said == wanted:
                    return
            except httpx.TransportError:
                said = "not up"
            await asyncio.sleep(0.1)
    raise AssertionError(said)
