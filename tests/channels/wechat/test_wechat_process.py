"""The real `run_bot.py` with a WeChat account: health, kill -9, the menu, wrong settings."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
from wechat_desk import (
    AES_KEY,
    AGE,
    APP_ID,
    APP_SECRET,
    OLD_KEY,
    ROOT,
    TOKEN,
    WeChatApi,
    document,
    event,
    message,
    query,
    said,
    wechat_api,
)

from tests.channels import messenger_desk
from tests.channels.messenger_desk import health
from tests.desk import environment, free_port

SETTINGS = {
    "BOT_WECHAT_APP_ID": APP_ID,
    "BOT_WECHAT_APP_SECRET": APP_SECRET,
    "BOT_WECHAT_TOKEN": TOKEN,
    "BOT_WECHAT_AES_KEY": AES_KEY,
    "BOT_WECHAT_AES_KEY_PREVIOUS": OLD_KEY,
}


async def run(*command: str, folder: Path, **settings: str) -> tuple[int | None, str]:
    """Run one of the commands to its end; return its exit code and what it said."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "run_bot.py"),
        *command,
        cwd=folder,
        env=environment(folder / "data", **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(running.communicate(), 60)
    return running.returncode, output.decode()


def process(
    api: WeChatApi, folder: Path
) -> AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, str]]:
    """Lend the running desk and its address."""
    return messenger_desk.process(folder, **SETTINGS, BOT_WECHAT_API_URL=api.url)


async def tell(client: httpx.AsyncClient, url: str, fields: dict[str, object]) -> str:
    response = await client.post(
        f"{url}/wechat", params=query(), content=document(**fields), timeout=30
    )
    assert response.status_code == 200
    return said(response)


async def test_killed_and_started_again_every_try_gets_the_same_reply(tmp_path: Path) -> None:
    asked = [message(f"o{n}", Content=AGE) for n in range(10)]
    async with wechat_api() as api, httpx.AsyncClient(trust_env=False) as client:
        async with process(api, tmp_path) as (_, url):
            await health(url, "wechat", "on")
            assert "九龙坡家长咨询台" in await tell(client, url, event("o1", "subscribe"))
            before = [await tell(client, url, fields) for fields in asked[:5]]
            # The other five are under way when the power goes.
            cut = [asyncio.create_task(tell(client, url, fields)) for fields in asked[5:]]
            await asyncio.sleep(0.05)
        await asyncio.gather(*cut, return_exceptions=True)
        async with process(api, tmp_path) as (running, url):
            await health(url, "wechat", "on")
            after = [await tell(client, url, fields) for fields in asked]
            assert after[:5] == before
            assert all("满6周岁" in answer for answer in after)
            running.terminate()
            assert await asyncio.wait_for(running.wait(), 20) == 0
        assert api.sent == []
    output = (tmp_path / "output").read_text("utf-8")
    assert "Traceback" not in output
    for secret in (TOKEN, APP_SECRET, AES_KEY, OLD_KEY, api.token):
        assert secret not in output
        for file in (tmp_path / "data").glob("desk.sqlite3*"):
            assert secret.encode() not in file.read_bytes()


async def test_the_menu_is_made_by_a_command(tmp_path: Path) -> None:
    async with wechat_api() as api:
        settings = SETTINGS | {"BOT_WECHAT_API_URL": api.url}
        code, output = await run("wechat", "menu", folder=tmp_path, **settings)
        assert (code, "菜单已更新：3 个按钮" in output) == (0, True), output
        assert len(api.menus) == 1
        wrong = settings | {"BOT_WECHAT_APP_SECRET": "wrong"}
        code, output = await run("wechat", "menu", folder=tmp_path, **wrong)
        assert code == 1
        assert "BOT_WECHAT_APP_SECRET 不对" in output
        assert "Traceback" not in output
        code, output = await run("wechat", "menu", folder=tmp_path)
        assert code == 1
        assert "BOT_WECHAT_APP_ID" in output


async def test_wrong_settings_stop_the_start_and_name_the_variable(tmp_path: Path) -> None:
    port = str(free_port())
    for name, value in (
        ("BOT_WECHAT_AES_KEY", "short"),
        ("BOT_WECHAT_AES_KEY_PREVIOUS", "x" * 44),
        ("BOT_WECHAT_APP_ID", ""),
        ("BOT_WECHAT_TOKEN", ""),
    ):
        settings = SETTINGS | {"BOT_PORT": port, name: value}
        code, output = await run(folder=tmp_path, **settings)
        assert code == 1, output
        assert name in output
        assert "Traceback" not in output
