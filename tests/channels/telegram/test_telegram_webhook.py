"""Telegram by webhook: the secret first, written down before it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from telegram_desk import AGE, BotApi, Running, bot_api, quiet, running, told, until

from bot.channels.telegram.webhook import SECRET_HEADER
from bot.errors import StorageError
from tests.serving import serving


@asynccontextmanager
async def by_webhook(api: BotApi, database: Path | None = None) -> AsyncIterator[Running]:
    """Lend a desk that is told; its address is only known once it serves."""
    routes: list[object] = []

    async def late(scope, receive, send):  # type: ignore[no-untyped-def]
        await Starlette(routes=routes)(scope, receive, send)  # type: ignore[arg-type]

    async with serving(late) as url, running(api.url, database, webhook=url) as desk:
        routes += desk.channel.routes()
        await until(lambda: desk.channel.state == "webhook")
        yield desk


async def test_an_update_is_delivered_and_answered() -> None:
    async with bot_api() as api, by_webhook(api) as desk:
        assert api.webhook_url.endswith("/telegram")
        assert api.called("setWebhook")[0].get("drop_pending_updates", "false") == "false"
        update = api.update(message=api.message(7, AGE))
        assert await api.deliver(update) == 200
        assert await api.deliver(update) == 200
        await quiet(api, 7, 1)
        assert not api.called("getUpdates")
        assert len(await desk.rows("SELECT * FROM inbox")) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", "sec-ret_2", "é"])
async def test_without_the_secret_nothing_is_read(secret: str | None) -> None:
    async with bot_api() as api, by_webhook(api) as desk:
        headers = {} if secret is None else {SECRET_HEADER: secret.encode("latin-1")}
        update = api.update(message=api.message(7, AGE))
        async with httpx.AsyncClient() as client:
            answer = await client.post(api.webhook_url, json=update, headers=headers)
        assert answer.status_code == 403
        assert await desk.rows("SELECT * FROM updates") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[", 400), (b"{}", 200), (b"[]", 200), (b"x" * 2_000_000, 413)],
)
async def test_odd_bodies(body: bytes, status: int) -> None:
    async with bot_api() as api, by_webhook(api):
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                api.webhook_url, content=body, headers={SECRET_HEADER: "sec-ret_1"}
            )
        assert answer.status_code == status
        assert await api.deliver(api.update(message=api.message(7, AGE))) == 200
        await told(api, 7)


async def test_what_cannot_be_written_down_is_not_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with bot_api() as api, by_webhook(api) as desk:

        async def full(*_: object) -> None:
            raise StorageError("磁盘已满")

        update = api.update(message=api.message(7, AGE))
        with monkeypatch.context() as patch:
            patch.setattr(desk.channel._memory, "write_down", full)
            assert await api.deliver(update) == 503
        assert await api.deliver(update) == 200
        await quiet(api, 7, 1)


async def test_many_at_once_keep_each_parents_order() -> None:
    async with bot_api() as api, by_webhook(api) as desk:
        updates = [
            api.update(message=api.message(user, f"第{n}句"))
            for n in range(5)
            for user in (7, 8, 9)
        ]
        for update in updates:
            assert await api.deliver(update) == 200
        for user in (7, 8, 9):
            await told(api, user, 5)
            words = await desk.rows(
                f"SELECT text FROM inbox WHERE session_key = 'telegram:{user}' ORDER BY id"  # noqa: S608
            )
            assert words == [(f"第{n}句",) for n in range(5)]


async def test_written_down_by_webhook_and_killed_it_is_answered_after_the_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_api() as api:
        async with by_webhook(api, tmp_path / "d.sqlite3") as desk:

            async def hang(*_: object) -> None:
                await asyncio.sleep(1000)

            monkeypatch.setattr(desk.desk, "handle", hang)
            assert await api.deliver(api.update(message=api.message(7, AGE))) == 200
            monkeypatch.undo()
        async with by_webhook(api, tmp_path / "d.sqlite3"):
            await quiet(api, 7, 1)


async def test_back_to_polling_takes_the_webhook_away() -> None:
    async with bot_api() as api:
        async with by_webhook(api):
            pass
        assert api.webhook_url
        async with running(api.url):
            api.say(7, AGE)
            await told(api, 7)
        assert api.webhook_url == ""
