"""The real `run_bot.py` with a token: health, kill -9, and not a trace of the token anywhere."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from telegram_desk import AGE, TOKEN, BotApi, bot_api, told

from tests.channels import messenger_desk
from tests.channels.messenger_desk import health
from tests.desk import free_port


def process(
    api: BotApi, folder: Path, **more: str
) -> AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, str]]:
    """Lend the running desk and its address."""
    settings = {"BOT_TELEGRAM_TOKEN": TOKEN, "BOT_TELEGRAM_API_URL": api.url, **more}
    return messenger_desk.process(folder, **settings)


async def test_killed_and_started_again_every_parent_is_answered(tmp_path: Path) -> None:
    async with bot_api() as api:
        async with process(api, tmp_path) as (_, url):
            await health(url, "telegram", "polling")
            for user in range(7, 27):
                api.say(user, AGE)
            await told(api, 7)
        async with process(api, tmp_path) as (running, url):
            await health(url, "telegram", "polling")
            for user in range(7, 27):
                texts = await told(api, user)
                # killed between Telegram's yes and our note of it, one may come twice
                assert 1 <= len(texts) <= 2
            assert sum(len(api.to(user)) - 1 for user in range(7, 27)) <= 20
            running.terminate()
            assert await asyncio.wait_for(running.wait(), 15) == 0
    said = (tmp_path / "output").read_text("utf-8")
    assert "Traceback" not in said
    assert TOKEN.partition(":")[2] not in said
    for file in (tmp_path / "data").glob("desk.sqlite3*"):
        assert TOKEN.encode() not in file.read_bytes()


async def test_by_webhook_and_in_conflict(tmp_path: Path) -> None:
    async with bot_api() as api:
        more = {"BOT_TELEGRAM_WEBHOOK_SECRET": "s-1"}
        port = free_port()
        more |= {"BOT_PORT": str(port), "BOT_TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}"}
        async with process(api, tmp_path, **more) as (_, url):
            await health(url, "telegram", "webhook")
            assert await api.deliver(api.update(message=api.message(7, AGE))) == 200
            await told(api, 7)
        conflict = "Conflict: terminated by other getUpdates request"
        api.fail("getUpdates", times=5, status=409, description=conflict)
        async with process(api, tmp_path) as (_, url):
            await health(url, "telegram", "conflict")
    said = (tmp_path / "output").read_text("utf-8")
    assert "正被另一个程序使用" in said
    assert TOKEN.partition(":")[2] not in said
