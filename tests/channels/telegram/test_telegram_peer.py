"""End to end against a Bot API server that others wrote (npm telegram-test-api); and aiogram, a
second client that others wrote, against it and against our own server.

`tests/peers/install.sh telegram` fetches both; without them these tests are skipped.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from telegram_desk import AGE, PEERS, TOKEN, Running, bot_api, key_of, running, until

from tests.serving import serving

PEER_TOKEN = "666:peer-Secret"
AIOGRAM = PEERS / ".venv" / "bin" / "python"
HOW = "run tests/peers/install.sh telegram"
needs_npm = pytest.mark.skipif(
    not (PEERS / "node_modules" / "telegram-test-api").is_dir() or not shutil.which("node"),
    reason=f"npm telegram-test-api is not installed: {HOW}",
)
needs_aiogram = pytest.mark.skipif(not AIOGRAM.exists(), reason=f"aiogram is not installed: {HOW}")


@dataclass
class Peer:
    """The npm server, from the parent's side."""

    url: str
    client: httpx.AsyncClient

    async def say(self, user: int, text: str, **more: Any) -> None:
        who = {"id": user, "is_bot": False, "first_name": "家长"}
        chat = {"id": user, "type": "private", "first_name": "家长"}
        message = {"botToken": PEER_TOKEN, "from": who, "chat": chat, "date": 1_780_000_000}
        answer = await self.client.post("/sendMessage", json={**message, "text": text, **more})
        answer.raise_for_status()

    async def tap(self, user: int, message: dict[str, Any], data: str) -> None:
        tap = {
            "botToken": PEER_TOKEN,
            "from": {"id": user, "is_bot": False, "first_name": "家长"},
            "message": message,
            "data": data,
        }
        (await self.client.post("/sendCallback", json=tap)).raise_for_status()

    async def sent(self, user: int, count: int) -> list[dict[str, Any]]:
        """Return what the bot sent to that parent, when it is that many messages."""
        for _ in range(1000):
            history = await self.client.post("/getUpdatesHistory", json={"token": PEER_TOKEN})
            found = [
                {"message_id": item["messageId"], **item["message"]}
                for item in history.json()["result"]
                if str(item.get("message", {}).get("chat_id")) == str(user)
            ]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"only {len(found)} of {count}")

    async def called(self) -> list[str]:
        return [call["method"] for call in (await self.client.get("/_log")).json()]


@asynccontextmanager
async def npm_peer() -> AsyncIterator[Peer]:
    """Lend the npm server with its shim."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        "node", str(PEERS / "server.cjs"), str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        assert (await asyncio.wait_for(process.stdout.readline(), 30)).strip() == b"ready"
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield Peer(f"http://127.0.0.1:{port}", client)
    finally:
        process.kill()
        await process.wait()


async def conversation(peer: Peer, desk: Running) -> None:
    """A parent from /start to the end of an inquiry, with a person in between."""
    start = [{"offset": 0, "length": 6, "type": "bot_command"}]
    await peer.say(7, "/start", entities=start)
    menu = (await peer.sent(7, 2))[1]
    await peer.tap(7, _as_sent(menu, 7), key_of(menu, "1. "))
    await peer.sent(7, 3)
    await peer.say(7, AGE)
    answer = (await peer.sent(7, 4))[3]
    assert "<i>依据：" in answer["text"]
    await peer.tap(7, _as_sent(answer, 7), key_of(answer, "转人工"))
    await peer.sent(7, 5)
    await peer.say(70, f"/bind {await desk.code('王老师')}")
    await peer.sent(70, 2)
    notice = (await peer.sent(70, 2))[1]
    await peer.tap(70, _as_sent(notice, 70), key_of(notice, "接手"))
    transcript = (await peer.sent(70, 4))[-1]
    assert AGE in transcript["text"]
    await peer.say(70, "马上给您回电话", reply_to_message=_as_sent(transcript, 70))
    said = await peer.sent(7, 7)
    assert "王老师：马上给您回电话" in said[6]["text"]


def _as_sent(message: dict[str, Any], chat: int) -> dict[str, Any]:
    """Return the message as Telegram would show it again."""
    return {
        "message_id": message["message_id"],
        "date": 1_780_000_000,
        "chat": {"id": chat, "type": "private", "first_name": "家长"},
        "from": {"id": 666, "is_bot": True, "first_name": "Desk"},
        "text": message["text"],
    }


@needs_npm
async def test_a_conversation_by_polling() -> None:
    async with npm_peer() as peer, running(peer.url, token=PEER_TOKEN) as desk:
        await conversation(peer, desk)
        called = await peer.called()
        for method in ("getMe", "setMyCommands", "getUpdates", "answerCallbackQuery"):
            assert method in called


@needs_npm
async def test_a_conversation_by_webhook() -> None:
    routes: list[Any] = []

    async def late(scope, receive, send):  # type: ignore[no-untyped-def]
        await Starlette(routes=routes)(scope, receive, send)

    async with (
        npm_peer() as peer,
        serving(late) as url,
        running(peer.url, token=PEER_TOKEN, webhook=f"{url}/telegram") as desk,
    ):
        routes += desk.channel.routes()
        await until(lambda: desk.channel.state == "webhook")
        await conversation(peer, desk)
        assert "getUpdates" not in await peer.called()


async def aiogram(url: str, token: str, mode: str) -> dict[str, Any]:
    """Return what aiogram made of that server."""
    process = await asyncio.create_subprocess_exec(
        str(AIOGRAM),
        str(PEERS / "aiogram_client.py"),
        url,
        token,
        mode,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return dict(json.loads(out))


USUAL = {
    "commands": "True",
    "button": "True",
    "typing": "True",
    "sent": [5, True, True],
    "edited": "改好了",
    "answered": "True",
    "webhook": "",
}


@needs_npm
@needs_aiogram
async def test_aiogram_reads_the_npm_server() -> None:
    async with npm_peer() as peer:
        await peer.say(5, "你好")
        said = await aiogram(peer.url, PEER_TOKEN, "plain")
    assert said.pop("me") == "desk_test_bot"
    assert [kind for _, kind in said.pop("updates")] == ["message"]
    assert said == USUAL


@needs_aiogram
async def test_aiogram_reads_our_server() -> None:
    async with bot_api() as api:
        first = api.say(5, "你好")
        api.tap(5, api.message(5, "菜单"), "c1.1")
        said = await aiogram(api.url, TOKEN, "plain")
    assert said.pop("me") == "desk_peer_bot"
    last = first["update_id"]
    assert said.pop("updates") == [[last, "message"], [last + 1, "callback_query"]]
    assert said == USUAL


@needs_aiogram
async def test_aiogram_understands_our_faults() -> None:
    """What our server does wrong on demand is what a strict client takes it for."""
    async with bot_api() as api:
        api.fail("sendMessage", status=429, retry_after=3, description="Too Many Requests: 3")
        api.fail("sendMessage", status=403, description="Forbidden: bot was blocked by the user")
        api.fail("sendMessage", status=400, description="Bad Request: can't parse entities")
        api.fail("sendMessage", status=500, description="Internal Server Error")
        api.fail("sendMessage", cut="before")
        api.fail("getUpdates", status=409, description="Conflict: terminated by other getUpdates")
        said = await aiogram(api.url, TOKEN, "faults")
    assert said == {
        "send0": "TelegramRetryAfter 3",
        "send1": "TelegramForbiddenError",
        "send2": "TelegramBadRequest",
        "send3": "TelegramServerError",
        "send4": "TelegramNetworkError",
        "send5": "第5条",
        "updates": "TelegramConflictError",
    }
