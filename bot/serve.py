"""The server: web chat, staff pages, health, and what runs beside them."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot import build, live
from bot.channels.web.routes import web_routes
from bot.config import Settings
from bot.console.faq.pages import FaqPages
from bot.console.routes import console_routes
from bot.dialogue import Handler
from bot.editing.folder import FaqFolder
from bot.editing.history import History
from bot.editing.rehearsal import Rehearsal
from bot.editing.shelf import Shelf
from bot.editing.workshop import Workshop
from bot.engine import Desk, wall_clock
from bot.errors import BotError, ConfigError
from bot.learning.queue import LearningQueue
from bot.matching.understand import Understanding
from bot.outbox import Outbox, PushChannel
from bot.previews import previews
from bot.storage.accounts import Accounts, Role
from bot.storage.outbox import OutboxStore
from bot.storage.questions import past_questions
from bot.storage.reviews import Reviews
from bot.webhook import StaffWebhook

log = logging.getLogger(__name__)

FIRST_ACCOUNT = "管理员"
_TICK_EVERY_S = 60.0


class Messenger(PushChannel, Protocol):
    """A channel beside the web: takes messages in its own way, gets ours from the outbox."""

    @property
    def state(self) -> StrEnum:
        """How it is doing, as /healthz shows it."""
        ...

    def routes(self) -> Sequence[BaseRoute]:
        """Return the addresses that its platform calls."""
        ...

    async def run(self) -> None:
        """Work until cancelled; what goes wrong is waited for, never raised."""
        ...

    async def close(self) -> None:
        """Close the connections, when the outbox has stopped as well."""
        ...


class _Server(uvicorn.Server):
    """Ends open event streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)


def app(
    desk: Desk,
    accounts: Accounts,
    key: str,
    stopping: asyncio.Event,
    *,
    routes: Sequence[BaseRoute] = (),
    messengers: Mapping[str, Messenger] | None = None,
    faq: FaqPages | None = None,
) -> Starlette:
    """Return the web application on a running desk, with what messengers add to it."""

    async def healthz(_: Request) -> Response:
        try:
            await desk.store.ping()
        except BotError:
            return JSONResponse({"status": "store does not answer"}, status_code=503)
        channels = {"web": "on", **{n: m.state.value for n, m in (messengers or {}).items()}}
        return JSONResponse({"status": "ok", "faq": desk.mind.faq.version, "channels": channels})

    return Starlette(
        routes=[
            Route("/healthz", healthz, methods=["GET"]),
            *routes,
            *console_routes(desk, accounts, now=wall_clock, stopping=stopping, faq=faq),
            *web_routes(desk, secret_key=key, stopping=stopping, now=wall_clock),
        ]
    )


async def serve(settings: Settings, handlers: Sequence[Handler]) -> None:
    """Serve until told to stop; raises ConfigError on what makes a start impossible."""
    port = settings.port_number
    lock = build.lock_data(settings)
    try:
        listening = _listen(settings.host, port)
        with listening:
            mind = await asyncio.to_thread(build.understanding, settings, print)
            async with build.desk_on_disk(settings, mind, handlers) as desk:
                await _run(settings, desk, listening, port)
    finally:
        lock.release()


async def _run(settings: Settings, desk: Desk, listening: socket.socket, port: int) -> None:
    stopping = asyncio.Event()
    accounts = Accounts(desk.store)
    address = f"http://{settings.host}:{port}"
    key = build.secret_key(settings)
    url = settings.staff_webhook_url
    webhook = StaffWebhook(desk, url) if url else None
    messengers: dict[str, Messenger] = {}
    outbox = Outbox(OutboxStore(desk.store.database), messengers, wall_clock, desk.inbox_changed)
    for name, make in MESSENGERS.items():
        messenger = make(settings, desk, outbox, key)
        if messenger is not None:
            messengers[name] = messenger
    # The first sentence loads what understanding needs; no parent should wait for that.
    await asyncio.to_thread(desk.mind.read, "您好")
    # uvicorn raises the signal that ended it once more; by then all is to be closed in order.
    signal.signal(signal.SIGTERM, lambda *_: None)
    config = uvicorn.Config(
        app(
            desk,
            accounts,
            key,
            stopping,
            routes=[route for messenger in messengers.values() for route in messenger.routes()],
            messengers=messengers,
            faq=_faq_pages(settings, desk),
        ),
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, stopping)
    print(f"家长网页：{address}/\n工作人员：{address}/staff/")  # noqa: T201
    await _print_first_link(accounts, address)
    print(f"FAQ 版本 {desk.mind.faq.version}；按 Ctrl+C 停止")  # noqa: T201
    beside = [
        asyncio.create_task(_tick(desk, stopping)),
        asyncio.create_task(_watch(settings, desk, stopping)),
    ]
    if webhook is not None:
        beside.append(asyncio.create_task(webhook.run()))
    if messengers:
        beside += [
            asyncio.create_task(outbox.run()),
            asyncio.create_task(_send_what_is_said(desk, outbox)),
            *(asyncio.create_task(messenger.run()) for messenger in messengers.values()),
        ]
    try:
        await server.serve(sockets=[listening])
    finally:
        stopping.set()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        for messenger in messengers.values():
            await messenger.close()


def _faq_pages(settings: Settings, desk: Desk) -> FaqPages:
    """Return what staff change the FAQ with."""
    cache = build.cache_folder(settings)
    workshop = Workshop(
        FaqFolder(settings.faq),
        History(settings.faq, settings.data / "journal"),
        Rehearsal(settings.faq, cache),
        Shelf(settings.data / "proposals"),
        cache,
        lambda: past_questions(desk.store.database),
        wall_clock,
    )
    learning = LearningQueue(Reviews(desk.store.database), lambda: desk.mind)
    return FaqPages(workshop, previews, learning)


def _telegram(settings: Settings, desk: Desk, outbox: Outbox, key: str) -> Messenger | None:
    """Return the Telegram channel, if a token is set; its library is loaded only then."""
    if not settings.telegram_token:
        return None
    from bot.channels.telegram.access import checked
    from bot.channels.telegram.api import Api
    from bot.channels.telegram.channel import Telegram

    access = checked(
        settings.telegram_token,
        settings.telegram_api_url,
        settings.telegram_webhook_url,
        settings.telegram_webhook_secret,
        key,
    )
    return Telegram(
        desk,
        Api(access.token, access.api_url),
        outbox,
        wall_clock,
        webhook_url=access.webhook_url,
        webhook_secret=access.webhook_secret,
    )


def _wechat(settings: Settings, desk: Desk, outbox: Outbox, _: str) -> Messenger | None:
    """Return the WeChat channel, if any of its settings is set."""
    named = {
        "BOT_WECHAT_AES_KEY": settings.wechat_aes_key,
        "BOT_WECHAT_AES_KEY_PREVIOUS": settings.wechat_aes_key_previous,
    }
    if not settings.wechat_token:
        if settings.wechat_app_id or settings.wechat_app_secret or any(named.values()):
            raise ConfigError(
                "要开微信渠道，先设 BOT_WECHAT_TOKEN：公众号后台“服务器配置”里您自己定的那个 Token"
            )
        return None
    if not settings.wechat_app_id and (settings.wechat_app_secret or any(named.values())):
        raise ConfigError("设了微信的密钥，还要设 BOT_WECHAT_APP_ID；在公众号后台可以看到")
    from bot.channels.wechat.api import Api
    from bot.channels.wechat.channel import WeChat
    from bot.channels.wechat.wire import Secrets, aes_key

    keys = tuple(aes_key(value, name) for name, value in named.items() if value)
    return WeChat(
        desk,
        Api(settings.wechat_app_id, settings.wechat_app_secret, settings.wechat_api_url),
        outbox,
        Secrets(settings.wechat_token, settings.wechat_app_id, keys),
        wall_clock,
    )


MESSENGERS: Mapping[str, Callable[[Settings, Desk, Outbox, str], Messenger | None]] = {
    "telegram": _telegram,
    "wechat": _wechat,
}
"""What a channel is called in sessions' keys → the channel, if its settings say so."""


async def _send_what_is_said(desk: Desk, outbox: Outbox) -> None:
    """Have the outbox look whenever the desk has said something."""
    with desk.subscribe_inbox() as changed:
        while True:
            await changed.wait()
            changed.clear()
            outbox.wake()


async def _print_first_link(accounts: Accounts, address: str) -> None:
    if await accounts.any_account():
        return
    await accounts.add(FIRST_ACCOUNT, Role.ADMIN)
    token = await accounts.create_link(FIRST_ACCOUNT, wall_clock())
    print(f"工作人员首次登录（只能用一次，一天内有效）：{address}/staff/sign-in#{token}")  # noqa: T201


async def _tick(desk: Desk, stopping: asyncio.Event) -> None:
    """Let time pass for the inquiries, once a minute."""
    while not stopping.is_set():
        try:
            await desk.tick()
            await desk.recover()
        except BotError:
            log.exception("the clock's round failed; the next one tries again")
        with suppress(TimeoutError):
            async with asyncio.timeout(_TICK_EVERY_S):
                await stopping.wait()


async def _watch(settings: Settings, desk: Desk, stopping: asyncio.Event) -> None:
    def replace_mind(mind: Understanding) -> None:
        desk.mind = mind

    try:
        await live.watch(
            settings.faq, build.cache_folder(settings), lambda: desk.mind, replace_mind, stopping
        )
    except Exception:
        log.exception("FAQ changes are no longer noticed; restart to serve them")


def _listen(host: str, port: int) -> socket.socket:
    """Return the listening socket, before anything slow is begun."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, so that asyncio turns Nagle's algorithm off: it costs 40 ms a response.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"{host} 的 {port} 端口用不了（{error.strerror}），多半是别的程序占着。"
            "请先关掉它，或者用 BOT_PORT 换一个端口，如 BOT_PORT=8081"
        ) from error
    return listening
