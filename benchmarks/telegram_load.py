"""How long parents wait in Telegram when many write in the same instant, and how long a plain echo
takes in the same run.

usage: telegram_load.py [--parents 200] [--messages 3]

The desk is the real one: channel, outbox, store on disk; the Bot API is a server of ours on the
loopback, in the same process. The echo is the same library on the same server, without a desk: it
sends every text back. A reply counts from the moment Telegram has the parent's message until it has
the answer. One line of JSON each: by polling and by webhook; `paced` keeps to the 30 messages a
second that Telegram takes from a bot, so that of N parents the last one waits N / 30 seconds
whatever the desk does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "channels" / "telegram")]

from starlette.applications import Starlette  # noqa: E402
from telegram.ext import AIORateLimiter  # noqa: E402
from telegram_desk import TOKEN, BotApi, bot_api, running, until  # noqa: E402

from bot.channels.telegram.api import Api  # noqa: E402
from bot.channels.telegram.polling import poll  # noqa: E402
from bot.channels.telegram.text import Span  # noqa: E402
from bot.channels.telegram.webhook import webhook_routes  # noqa: E402
from tests.serving import serving  # noqa: E402

QUESTIONS = ["几岁能上小学", "外地户口要什么材料", "孩子在学校受伤了谁负责", "补助怎么申请", "你好"]
_SECRET = "sec-ret_1"  # noqa: S105


@asynccontextmanager
async def the_desk(
    api: BotApi, folder: Path, url: str, routes: list[Any], *, paced: bool
) -> AsyncIterator[None]:
    """Lend the desk at work."""
    async with running(api.url, folder / "desk.sqlite3", webhook=url) as desk:
        routes += desk.channel.routes()
        if not paced:
            desk.channel._api._bot._rate_limiter = _no_limit()
        await until(lambda: desk.channel.state in ("polling", "webhook"), 60)
        yield


@asynccontextmanager
async def an_echo(api: BotApi, url: str, routes: list[Any]) -> AsyncIterator[None]:
    """Lend a bot that sends every text back."""
    bot = Api(TOKEN, api.url)
    bot._bot._rate_limiter = _no_limit()
    await bot.start()
    sending: set[asyncio.Task[Any]] = set()

    async def take(updates: list[Any]) -> None:
        for update in updates:
            message = update["message"]
            call = bot.send(message["chat"]["id"], [Span(message["text"])])
            sending.add(asyncio.create_task(call))

    polling = asyncio.create_task(asyncio.sleep(0))
    if url:
        routes += webhook_routes(take, _SECRET)
        await bot.set_webhook(f"{url}/telegram", _SECRET)
    else:
        polling = asyncio.create_task(poll(bot, take, lambda _: None))
    try:
        yield
    finally:
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling
        await asyncio.gather(*sending)
        await bot.close()


def _no_limit() -> AIORateLimiter:
    return AIORateLimiter(overall_max_rate=0, group_max_rate=0)


async def waited(
    who: str, by: str, parents: int, messages: int, *, paced: bool = False
) -> list[float]:
    """Return the seconds that each parent waited for each reply."""
    users = range(1000, 1000 + parents)
    arrived: dict[int, list[float]] = {user: [] for user in users}
    found: list[float] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        api = await stack.enter_async_context(bot_api())
        send = api._send

        def timed(given: dict[str, Any]) -> dict[str, Any]:
            message = send(given)
            arrived[message["chat"]["id"]].append(time.perf_counter())
            return message

        api._send = timed  # type: ignore[method-assign]
        routes: list[Any] = []

        async def late(scope: Any, receive: Any, answer: Any) -> None:
            await Starlette(routes=routes)(scope, receive, answer)

        url = await stack.enter_async_context(serving(late)) if by == "webhook" else ""
        bot = an_echo(api, url, routes)
        if who == "desk":
            bot = the_desk(api, folder, url, routes, paced=paced)
        await stack.enter_async_context(bot)
        for n in range(messages):
            updates = {
                user: api.update(message=api.message(user, QUESTIONS[(user + n) % len(QUESTIONS)]))
                for user in users
            }
            begun = time.perf_counter()
            if by == "webhook":
                await asyncio.gather(*(api.deliver(update) for update in updates.values()))
            else:
                for update in updates.values():
                    api.give(update)
            await until(lambda n=n: all(len(times) > n for times in arrived.values()), 300)
            found += [times[n] - begun for times in arrived.values()]
        await asyncio.sleep(0.5)
    wrong = [user for user, times in arrived.items() if len(times) != messages]
    if wrong:
        raise SystemExit(f"lost or doubled for {wrong}")
    return found


def share(values: list[float], part: float) -> float:
    """Return the value that so large a share lies under, in milliseconds."""
    return round(1000 * sorted(values)[min(int(len(values) * part), len(values) - 1)], 1)


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parents", type=int, default=200)
    parser.add_argument("--messages", type=int, default=3)
    options = parser.parse_args()
    size = options.parents, options.messages
    for by in ("polling", "webhook"):
        echo = share(await waited("echo", by, *size), 0.99)
        for paced in (False, True):
            times = await waited("desk", by, *size, paced=paced)
            p99 = share(times, 0.99)
            figures = {
                **{"by": by, "paced": paced, "parents": size[0], "replies": len(times)},
                **{"ms_p50": share(times, 0.5), "ms_p99": p99, "ms_worst": share(times, 1.0)},
                **{"ms_p99_echo": echo, "p99_to_echo": round(p99 / echo, 1)},
            }
            print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
