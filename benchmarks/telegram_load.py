"""How long parents wait in Telegram when many write at once: through the real channel, the real
store on disk, and a Bot API server of ours on the loopback.

usage: telegram_load.py [--parents 200] [--messages 3] [--webhook] [--unpaced]

A reply counts from the moment Telegram has the parent's message until it has our answer. Telegram
takes about 30 messages a second from a bot, and the channel keeps to that; so N parents who write
in the same instant wait N / 30 seconds for the last one, whatever the desk does. `--unpaced`
leaves that limit out and shows what the desk itself takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "channels" / "telegram")]

from starlette.applications import Starlette  # noqa: E402
from telegram.ext import AIORateLimiter  # noqa: E402
from telegram_desk import bot_api, running, serving, until  # noqa: E402

QUESTIONS = ["几岁能上小学", "外地户口要什么材料", "孩子在学校受伤了谁负责", "补助怎么申请", "你好"]


def share(values: list[float], part: float) -> float:
    """Return the value that so large a share lies under, in milliseconds."""
    return round(1000 * sorted(values)[min(int(len(values) * part), len(values) - 1)], 1)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parents", type=int, default=200)
    parser.add_argument("--messages", type=int, default=3)
    parser.add_argument("--webhook", action="store_true")
    parser.add_argument("--unpaced", action="store_true")
    options = parser.parse_args()
    users = range(1000, 1000 + options.parents)
    waited: list[float] = []
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        api = await stack.enter_async_context(bot_api())
        arrived: dict[int, list[float]] = {}
        send = api._send

        def timed(given):  # type: ignore[no-untyped-def]
            message = send(given)
            arrived.setdefault(message["chat"]["id"], []).append(time.perf_counter())
            return message

        api._send = timed  # type: ignore[method-assign]
        routes: list[object] = []

        async def late(scope, receive, answer):  # type: ignore[no-untyped-def]
            await Starlette(routes=routes)(scope, receive, answer)  # type: ignore[arg-type]

        url = await stack.enter_async_context(serving(late)) if options.webhook else ""
        desk = await stack.enter_async_context(
            running(api.url, Path(folder) / "desk.sqlite3", webhook=url)
        )
        routes += desk.channel.routes()
        if options.unpaced:
            limiter = AIORateLimiter(overall_max_rate=0, group_max_rate=0)
            desk.channel._api._bot._rate_limiter = limiter
        await until(lambda: desk.channel.state in ("polling", "webhook"), 60)
        for n in range(options.messages):
            begun = {}
            updates = []
            for user in users:
                words = QUESTIONS[(user + n) % len(QUESTIONS)]
                updates.append((user, api.update(message=api.message(user, words))))
            for user, update in updates:
                begun[user] = time.perf_counter()
                if not options.webhook:
                    api.give(update)
            if options.webhook:
                await asyncio.gather(*(api.deliver(update) for _, update in updates))
            await until(lambda n=n: all(len(arrived.get(u, [])) > n for u in users), 300)
            waited += [arrived[user][n] - begun[user] for user in users]
        lost = sum(len(arrived[user]) != options.messages for user in users)
    figures = {
        "parents": options.parents,
        "replies": len(waited),
        "by": "webhook" if options.webhook else "polling",
        "paced": not options.unpaced,
        "ms_p50": share(waited, 0.5),
        "ms_p99": share(waited, 0.99),
        "ms_worst": share(waited, 1.0),
        "lost_or_doubled": lost,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
