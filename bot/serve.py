"""The server: web chat, staff pages, health, and what runs beside them."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

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
from bot.messengers import Messenger, messengers, send_what_is_said
from bot.outbox import Outbox
from bot.previews import previews
from bot.storage.accounts import Accounts, Role
from bot.storage.outbox import OutboxStore
from bot.storage.questions import past_questions
from bot.storage.reviews import Reviews
from bot.webhook import StaffWebhook

log = logging.getLogger(__name__)

FIRST_ACCOUNT = "管理员"
_TICK_EVERY_S = 60.0


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
    served: dict[str, Messenger] = {}
    outbox = Outbox(OutboxStore(desk.store.database), served, wall_clock, desk.inbox_changed)
    served |= messengers(settings, desk, outbox, key)
    # The first sentence loads what understanding needs; no parent should wait for that.
    await asyncio.to_thread(desk.mind.read, "您好")
    faq = _faq_pages(settings, desk)
    # uvicorn raises the signal that ended it once more; by then all is to be closed in order.
    signal.signal(signal.SIGTERM, lambda *_: None)
    config = uvicorn.Config(
        app(
            desk,
            accounts,
            key,
            stopping,
            routes=[route for messenger in served.values() for route in messenger.routes()],
            messengers=served,
            faq=faq,
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
        asyncio.create_task(_read_ahead(faq)),
    ]
    if webhook is not None:
        beside.append(asyncio.create_task(webhook.run()))
    if served:
        beside += [
            asyncio.create_task(outbox.run()),
            asyncio.create_task(send_what_is_said(desk, outbox)),
            *(asyncio.create_task(messenger.run()) for messenger in served.values()),
        ]
    try:
        await server.serve(sockets=[listening])
    finally:
        stopping.set()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        for messenger in served.values():
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


async def _read_ahead(pages: FaqPages) -> None:
    """Read and group what staff's first pages show: it takes seconds, and nobody waits yet."""
    # What is wrong is said by the page itself.
    with suppress(BotError):
        await pages.written()
        await pages.learning.groups()


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
