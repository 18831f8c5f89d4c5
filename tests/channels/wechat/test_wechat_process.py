"""The real `run_bot.py` with a WeChat account: health, kill -9, the menu, wrong settings."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from desk import environment
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

SETTINGS = {
    "BOT_WECHAT_APP_ID": APP_ID,
    "BOT_WECHAT_APP_SECRET": APP_SECRET,
    "BOT_WECHAT_TOKEN": TOKEN,
    "BOT_WECHAT_AES_KEY": AES_KEY,
    "BOT_WECHAT_AES_KEY_PREVIOUS": OLD_KEY,
    "PYTHONUNBUFFERED": "1",
}


async def run(*command: str, folder: Path, **settings: str) -> tuple[int | None, str]:
    """Run one of the commands to its end; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "run_bot.py"),
        *command,
        cwd=folder,
        env=environment(folder / "data", **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


@asynccontextmanager
async def desk_process(
    api: WeChatApi, folder: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Lend the running desk and its address; killed at the end, as by a power cut."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    settings = SETTINGS | {"BOT_WECHAT_API_URL": api.url, "BOT_PORT": port}
    with (folder / "output").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "run_bot.py"),
            cwd=folder,
            env=environment(folder / "data", **settings),
            stdout=output,
            stderr=output,
        )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def health(client: httpx.AsyncClient, url: str, wanted: str) -> None:
    """Return when /healthz says so of WeChat."""
    found = "not up"
    for _ in range(600):
        try:
            found = (await client.get(f"{url}/healthz")).json()["channels"]["wechat"]
            if found == wanted:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError(found)


async def tell(client: httpx.AsyncClient, url: str, fields: dict[str, object]) -> str:
    response = await client.post(
        f"{url}/wechat", params=query(), content=document(**fields), timeout=30
    )
    assert response.status_code == 200
    return said(response)


async def test_killed_and_started_again_every_try_gets_the_same_reply(tmp_path: Path) -> None:
    asked = [message(f"o{n}", Content=AGE) for n in range(10)]
    async with wechat_api() as api, httpx.AsyncClient(trust_env=False) as client:
        async with desk_process(api, tmp_path) as (_, url):
            await health(client, url, "on")
            assert "九龙坡家长咨询台" in await tell(client, url, event("o1", "subscribe"))
            before = [await tell(client, url, fields) for fields in asked[:5]]
            # The other five are under way when the power goes.
            cut = [asyncio.create_task(tell(client, url, fields)) for fields in asked[5:]]
            await asyncio.sleep(0.05)
        await asyncio.gather(*cut, return_exceptions=True)
        async with desk_process(api, tmp_path) as (process, url):
            await health(client, url, "on")
            after = [await tell(client, url, fields) for fields in asked]
            assert after[:5] == before
            assert all("满6周岁" in answer for answer in after)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 20) == 0
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
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
